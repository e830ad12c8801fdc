/**
 * A worker process that holds 200 runs is killed with SIGKILL: how long until each of them is called elsewhere. The runs
 * that it was called for stand in a file of its own, those that others were called for here: each once.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { SILENT } from '../dist/src/lib/log.js'
import { openBullmqQueue } from '../dist/src/queue/bullmq.js'
import { milliseconds, ROOT, report, summary, withFolder } from './measure.js'

const HELD = 200
const ROUNDS = 3
const OTHERS = 2

const delays = await withFolder(async folder => {
  const port = await freePort()
  const storage = ['--dir', folder, '--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec']
  const redis = spawn('redis-server', ['--port', `${port}`, '--bind', '127.0.0.1', ...storage], { stdio: 'ignore' })
  try {
    const found = []
    for (let round = 0; round <= ROUNDS; round += 1) {
      const one = await killHolder(`redis://127.0.0.1:${port}`, `round-${round}`, join(folder, `calls-${round}`))
      // The first is a warm-up.
      if (round > 0) found.push(...one)
    }
    return found
  } finally {
    redis.kill('SIGKILL')
    await once(redis, 'exit')
  }
})

const late = delays.filter(ms => ms > 2_000).length
report('takeover', [
  {
    what: `kill -9 of a worker with ${HELD} runs`,
    figure: milliseconds(summary(delays)),
    compare: 'goal 2000 ms; BullMQ as it comes 30 s',
  },
  { what: '  of them after more than 2 s', figure: `${late} of ${delays.length}` },
])

/** @returns ms from the kill to the call elsewhere, of each run */
async function killHolder(redisUrl, prefix, file) {
  const runs = Array.from({ length: HELD }, (_, index) => `TaskRun/bench/${index}`)
  const holder = spawn(process.execPath, [
    join(ROOT, 'test/queue/fixtures/queue-worker.mjs'),
    redisUrl,
    prefix,
    file,
    // A machine that is busy lets locks run out: what is taken a second time needs a hand of its own.
    `${2 * HELD}`,
  ])
  const queue = await open(redisUrl, prefix)
  await Promise.all(runs.map(run => queue.wake(run)))
  await until(() => new Set(callsIn(file)).size === HELD)
  const calls = []
  const others = await Promise.all(Array.from({ length: OTHERS }, () => open(redisUrl, prefix)))
  const workers = others.map(other =>
    other.work(
      async run => {
        calls.push({ run, at: performance.now() })
        return { kind: 'settled' }
      },
      { concurrency: 32 },
    ),
  )
  holder.kill('SIGKILL')
  const killedAt = performance.now()
  await until(() => calls.length >= HELD)
  const again = new Set(calls.map(({ run }) => run))
  if (again.size !== HELD || calls.length !== HELD) throw new Error(`${calls.length} calls of ${again.size} runs`)
  for (const worker of workers) await worker.close()
  for (const each of [queue, ...others]) await each.close()
  return calls.map(({ at }) => at - killedAt)
}

function open(redisUrl, prefix) {
  return openBullmqQueue({ redisUrl, prefix, log: SILENT })
}

function callsIn(file) {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean)
  } catch {
    return []
  }
}

async function until(holds) {
  while (!holds()) await new Promise(resolve => setTimeout(resolve, 2))
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}
