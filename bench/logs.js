/**
 * Logs: what one step can write through the shim, with and without Secrets that are hidden; how fast that is followed over
 * HTTP, and how long a line takes to a follower. `npm run build && node bench/logs.js` (`--small`: a tenth of it).
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { milliseconds, ROOT, report, summary, withFolder } from './measure.js'

const isSmall = process.argv.includes('--small')
const BYTES = (isSmall ? 10 : 100) * 1024 * 1024
const LINES = isSmall ? 20 : 200
const WIDE = 8

async function withEngine(folder, work) {
  const data = join(folder, 'data')
  const args = [join(ROOT, 'bin/tektite.js'), 'up', '--data', data, '--port', '0', '--hooks-port', '0']
  const engine = spawn(process.execPath, args, { stdio: 'ignore', env: { ...process.env, REDIS_URL: '' } })
  const ended = new Promise(resolve => engine.once('exit', resolve))
  const addresses = join(data, 'addresses.json')
  while (!existsSync(addresses)) await delay(20)
  await delay(200)
  const { api } = JSON.parse(readFileSync(addresses, 'utf8'))
  const headers = { authorization: `Bearer ${readFileSync(join(data, 'token'), 'utf8').trim()}` }
  const call = async (method, path, body) => {
    const response = await fetch(api + path, {
      method,
      headers: { ...headers, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
    return response.json()
  }
  try {
    return await work({ call, follow: async path => (await fetch(api + path, { headers })).body })
  } finally {
    engine.kill('SIGTERM')
    await ended
  }
}

let serial = 0

/** A TaskRun of one step, which waits for the file `go`. */
async function startStep({ call }, script, isMasked) {
  serial += 1
  const name = `bench-${serial}`
  const envFrom = isMasked ? [{ secretRef: { name: 'hidden' } }] : []
  const steps = [{ name: 'say', image: 'busybox', script, envFrom }]
  const run = await call('POST', '/apis/tekton.dev/v1/namespaces/default/taskruns', {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { name },
    spec: { taskSpec: { steps } },
  })
  const path = `/apis/tekton.dev/v1/namespaces/default/taskruns/${name}`
  while (!(await call('GET', path)).status?.steps?.[0]?.running) await delay(20)
  return `/apis/tektite.dev/v1alpha1/namespaces/default/runs/${run.metadata.uid}/logs?follow=true&step=say`
}

/** MB/s of so many steps at once, each followed to its end. */
async function throughput(engine, folder, count, isMasked) {
  const go = join(folder, `go-${serial}`)
  const line = 'compiling src/main.ts: ok in 12 ms, 34 files, see https://example.com/x'
  const each = Math.floor(BYTES / count)
  const script = `while [ ! -e ${go} ]; do sleep 0.02; done; yes '${line}' | head -c ${each}`
  const paths = await Promise.all(Array.from({ length: count }, () => startStep(engine, script, isMasked)))
  const bodies = await Promise.all(paths.map(path => engine.follow(path)))
  writeFileSync(go, '')
  const begun = performance.now()
  let bytes = 0
  const read = async body => {
    for await (const piece of body) bytes += piece.length
  }
  await Promise.all(bodies.map(read))
  if (bytes !== each * count) throw new Error(`${bytes} bytes came of ${each * count}`)
  return bytes / 1000 / (performance.now() - begun)
}

/** Milliseconds from a line's writing, by the clock that it names, to the follower. */
async function latency(engine, isMasked) {
  const script = `i=0; while [ $i -lt ${LINES} ]; do i=$((i+1)); date +%s%N; sleep 0.01; done`
  const samples = []
  let rest = ''
  for await (const piece of await engine.follow(await startStep(engine, script, isMasked))) {
    const now = performance.timeOrigin + performance.now()
    const lines = (rest + Buffer.from(piece).toString()).split('\n')
    rest = lines.pop()
    for (const line of lines) samples.push(now - Number(line) / 1e6)
  }
  // What was written before anybody followed came at once.
  return summary(samples.slice(Math.floor(samples.length / 4)))
}

await withFolder(folder =>
  withEngine(folder, async engine => {
    const stringData = {
      token: 'ghp_Zk3vT9qLw2Xr7Bn5',
      url: 'postgres://me:s3cr3tPass@db/x',
      words: 'correct horse battery',
    }
    const metadata = { name: 'hidden' }
    await engine.call('POST', '/api/v1/namespaces/default/secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      stringData,
    })
    const results = []
    for (const isMasked of [false, true]) {
      const how = isMasked ? 'three Secrets hidden' : 'no Secrets'
      for (const count of [1, WIDE]) {
        const rates = []
        for (let round = 0; round < 3; round += 1) rates.push(await throughput(engine, folder, count, isMasked))
        const { p50, min, max } = summary(rates)
        const what = `${count === 1 ? 'one step' : `${count} steps`}, ${how}`
        results.push({
          what,
          figure: `${p50.toFixed(0)} MB/s (${min.toFixed(0)} to ${max.toFixed(0)})`,
          samples: rates,
        })
      }
      results.push({ what: `a line to its follower, ${how}`, figure: milliseconds(await latency(engine, isMasked)) })
    }
    report('logs', results)
  }),
)
