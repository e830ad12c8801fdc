/**
 * Deliveries are posted while `tektite up --redis` is killed with SIGKILL and started again, at random moments.
 * Afterwards every delivery that got a 202 must be exactly one finished PipelineRun, and every step must have left
 * exactly one line. Prints its ledger; exits 1 when it does not balance.
 *
 *   node test/scenarios/kill-nine/run.js [--deliveries 200] [--kills 5] [--seed N] [--no-redis]
 */
import { spawn } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { admitManifests } from '../../../dist/src/admission/admit.js'
import { apiVersionOf, KINDS } from '../../../dist/src/resources/kinds.js'
import { seededRandom } from '../../helpers/random.js'

const HERE = dirname(fileURLToPath(import.meta.url))
const ROOT = join(HERE, '../../..')
const { values: flags } = parseArgs({
  options: {
    deliveries: { type: 'string', default: '200' },
    kills: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    'no-redis': { type: 'boolean', default: false },
  },
})
const DELIVERIES = Number(flags.deliveries)
const KILLS = Number(flags.kills)
/** Everything together; a run that is not through by then has lost something. */
const DEADLINE_MS = 240_000
const random = seededRandom(Number(flags.seed))

const folder = mkdtempSync(join(tmpdir(), 'tektite-kill-nine-'))
const ledgerFile = join(folder, 'ledger')
const started = Date.now()
const children = []
let failure
let text
try {
  await main()
} catch (error) {
  failure = error
  console.error(readTail(join(folder, 'up.log')))
} finally {
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
}
if (failure) {
  console.error(failure)
  process.exit(1)
}

async function main() {
  writeFileSync(ledgerFile, '')
  const redisUrl = flags['no-redis'] ? undefined : (process.env.REDIS_URL ?? (await startRedis()))
  const hooksPort = await freePort()
  const hook = `http://127.0.0.1:${hooksPort}/hooks/default/ledger`
  let engine = await startEngine(hooksPort, redisUrl)
  await applyManifests(engine)

  // Posting and killing go on side by side; a sender that got no answer sends the same delivery again, as one does.
  let posted = 0
  const sent = new Map()
  const ids = Array.from({ length: DELIVERIES }, () => randomUUID())
  const queue = [...ids]
  const senders = Array.from({ length: 8 }, async () => {
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      sent.set(id, await post(hook, id))
      posted += 1
    }
  })
  const moments = Array.from({ length: KILLS }, () => Math.floor(random() * DELIVERIES)).sort((a, b) => a - b)
  const kills = []
  for (const moment of moments) {
    await until(() => posted >= moment, 'deliveries to be posted')
    await pause(random() * 250)
    kills.push({ at: Date.now() - started, posted })
    engine.child.kill('SIGKILL')
    await engine.exited
    engine = await startEngine(hooksPort, redisUrl)
  }
  await Promise.all(senders)
  const acknowledgedAt = Date.now() - started

  const runs = await until(async () => {
    const items = await list(engine, 'PipelineRun')
    const done = items.filter(run => ['True', 'False'].includes(conditionOf(run)?.status))
    const byDelivery = new Set(done.map(deliveryOf))
    return items.length === done.length && ids.every(id => byDelivery.has(id)) ? items : undefined
  }, 'every delivery to become a finished run')
  report({ ids, sent, runs, kills, acknowledgedAt, redisUrl })
  engine.child.kill('SIGTERM')
  await engine.exited
}

function report({ ids, sent, runs, kills, acknowledgedAt, redisUrl }) {
  const lines = readFileSync(ledgerFile, 'utf8')
    .split('\n')
    .filter(line => line !== '')
  const counts = new Map()
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1)
  const runsOf = new Map(ids.map(id => [id, runs.filter(run => deliveryOf(run) === id)]))
  const expected = ids.flatMap(id =>
    (runsOf.get(id) ?? []).flatMap(run =>
      ['first', 'second'].flatMap(task => ['one', 'two'].map(step => `${id} ${run.metadata.name}-${task} ${step}`)),
    ),
  )
  const problems = [
    ...ids.filter(id => runsOf.get(id).length === 0).map(id => `lost: delivery ${id} has no run`),
    ...ids
      .filter(id => runsOf.get(id).length > 1)
      .map(id => `doubled: delivery ${id} has ${runsOf.get(id).map(run => run.metadata.name)}`),
    ...runs
      .filter(run => conditionOf(run)?.status !== 'True')
      .map(run => `failed: ${run.metadata.name}: ${conditionOf(run)?.message}`),
    ...runs.filter(run => !ids.includes(deliveryOf(run))).map(run => `unasked: ${run.metadata.name}`),
    ...[...counts].filter(([, count]) => count > 1).map(([line, count]) => `step done ${count} times: ${line}`),
    ...expected.filter(line => !counts.has(line)).map(line => `step not done: ${line}`),
    ...[...counts.keys()].filter(line => !expected.includes(line)).map(line => `line of no run: ${line}`),
  ]
  const tries = [...sent.values()]
  console.log(`
ledger of ${flags['no-redis'] ? 'tektite up' : `tektite up --redis ${redisUrl}`}, seed ${flags.seed}
  deliveries           ${ids.length}, all acknowledged with 202 after ${(acknowledgedAt / 1000).toFixed(1)} s
  sent more than once  ${tries.filter(count => count > 1).length} (${tries.reduce((sum, count) => sum + count, 0)} requests in all)
  kill -9              ${kills.length}: ${kills.map(kill => `${(kill.at / 1000).toFixed(1)} s (${kill.posted} in)`).join(', ')}
  runs                 ${runs.length}, succeeded ${runs.filter(run => conditionOf(run)?.status === 'True').length}
  step lines           ${lines.length}, expected ${expected.length}, distinct ${counts.size}
  took                 ${((Date.now() - started) / 1000).toFixed(1)} s
  problems             ${problems.length === 0 ? 'none' : `\n    ${problems.slice(0, 40).join('\n    ')}`}`)
  if (problems.length > 0) throw new Error(`${problems.length} problems`)
}

/** Sends until acknowledged; resolves to how often it had to. */
async function post(hook, id) {
  const body = payload()
  const signature = `sha256=${createHmac('sha256', 'kill-nine').update(body).digest('hex')}`
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'pull_request',
    'x-github-delivery': id,
    'x-hub-signature-256': signature,
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await fetch(hook, { method: 'POST', body, headers, signal: AbortSignal.timeout(10_000) })
      await response.arrayBuffer()
      if (response.status === 202) return attempt
      if (response.status !== 503 && response.status !== 404)
        throw new Error(`delivery ${id} was answered ${response.status}`)
    } catch (error) {
      if (error.message?.startsWith('delivery ')) throw error
    }
    overdue('a 202')
    await pause(20 + random() * 60)
  }
}

function payload() {
  const events = createRequire(import.meta.url)('@octokit/webhooks-examples')
  text ??= JSON.stringify(
    events.find(event => event.name === 'pull_request').examples.find(each => each.action === 'opened'),
  )
  return text
}

async function startEngine(hooksPort, redisUrl) {
  const data = join(folder, 'data')
  const log = openSync(join(folder, 'up.log'), 'a')
  const args = [
    'up',
    '--data',
    data,
    '--port',
    '0',
    '--hooks-port',
    String(hooksPort),
    ...(redisUrl ? ['--redis', redisUrl] : []),
  ]
  const child = spawn(process.execPath, [join(ROOT, 'bin/tektite.js'), ...args], { stdio: ['ignore', log, log] })
  children.push(child)
  const exited = new Promise(resolve => child.once('exit', resolve))
  const addresses = await until(() => {
    if (child.exitCode !== null) throw new Error(`tektite up ended with ${child.exitCode}`)
    try {
      const found = JSON.parse(readFileSync(join(data, 'addresses.json'), 'utf8'))
      return found.pid === child.pid ? found : undefined
    } catch {
      // Not written yet, or half of it: look again.
      return undefined
    }
  }, 'tektite up')
  return { child, exited, api: addresses.api, token: readFileSync(join(data, 'token'), 'utf8').trim() }
}

async function applyManifests(engine) {
  const text = readFileSync(join(HERE, 'manifests.yaml'), 'utf8').replaceAll('LEDGER_FILE', ledgerFile)
  const admitted = admitManifests([{ file: 'manifests.yaml', text }])
  if (admitted.is === 'refused') throw new Error(JSON.stringify(admitted.problems))
  for (const object of admitted.objects) await call(engine, 'POST', urlOf(object.kind, 'default'), object)
}

async function list(engine, kind) {
  return (await call(engine, 'GET', urlOf(kind, 'default'))).items
}

async function call(engine, method, path, body) {
  const response = await fetch(engine.api + path, {
    method,
    headers: { authorization: `Bearer ${engine.token}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  const answer = await response.json()
  if (!response.ok) throw new Error(`${method} ${path}: ${answer.message}`)
  return answer
}

function urlOf(kind, namespace) {
  const version = apiVersionOf(kind)
  return `${version.includes('/') ? '/apis/' : '/api/'}${version}/namespaces/${namespace}/${KINDS[kind].plural}`
}

function deliveryOf(run) {
  return run.spec.params.find(param => param.name === 'delivery')?.value
}

function conditionOf(run) {
  return run.status?.conditions?.find(condition => condition.type === 'Succeeded')
}

async function startRedis() {
  const port = await freePort()
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--appendonly',
    'yes',
    '--appendfsync',
    'everysec',
  ]
  const child = spawn('redis-server', args, { stdio: 'ignore' })
  children.push(child)
  await new Promise((resolve, reject) => {
    child.once('error', error =>
      reject(new Error(`redis-server cannot be started (${error.message}); install it or set REDIS_URL`)),
    )
    child.once('spawn', resolve)
  })
  return `redis://127.0.0.1:${port}`
}

function freePort() {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

async function until(look, what) {
  for (;;) {
    const found = await look()
    if (found) return found
    overdue(what)
    await pause(30)
  }
}

function overdue(what) {
  if (Date.now() - started > DEADLINE_MS) throw new Error(`waited too long for ${what}`)
}

function pause(ms) {
  return new Promise(resolve => setTimeout(resolve, ms))
}

function readTail(file) {
  try {
    return readFileSync(file, 'utf8').slice(-4000)
  } catch {
    // No log was written: then there is nothing to show.
    return ''
  }
}
