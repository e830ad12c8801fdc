/**
 * A listener is killed with SIGKILL between two steps of a delivery's way (received, stored, acknowledged, dispatching,
 * creating, created, dispatched, done), started again, and killed at another: `--kills` lives, each ended at a point and a
 * pass that the seed chooses. Senders send again until they get a 202, as git hosts' redelivery does. In the end each
 * acknowledged delivery must have made exactly what each trigger's template says, once. Exits 1 when it has not.
 *
 *   node test/scenarios/delivery-way/run.js [--kills 200] [--seed N] [--redis URL]
 */
import { fork } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { admitManifests } from '../../../dist/src/admission/admit.js'
import { seededRandom } from '../../helpers/random.js'

const POINTS = ['received', 'stored', 'acknowledged', 'dispatching', 'creating', 'created', 'dispatched', 'done']
/** How often a point may be passed in one life before it ends there. */
const MAX_PASS = { creating: 10, created: 10 }
const SENDERS = 3
const TRIGGERS = ['first', 'second']
const INDEXES = ['0', '1']
/** Without anything that goes on: a life that ends, a delivery that is acknowledged. */
const PATIENCE_MS = 120_000

const { values: flags } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    redis: { type: 'string' },
  },
})
const KILLS = Number(flags.kills)
const random = seededRandom(Number(flags.seed))
const started = Date.now()
let progressed = started
const data = mkdtempSync(join(tmpdir(), 'tektite-delivery-way-'))

/** Delivery id → the event id it was acknowledged with. */
const acknowledged = new Map()
let requests = 0
let stopping = false
let hook
let child

try {
  const first = await startListener(undefined)
  await ask({ manifests: readManifests() })
  await stop(first)
  const senders = Array.from({ length: SENDERS }, send)
  const lives = []
  for (let life = 0; life < KILLS; life += 1) {
    const point = POINTS[Math.floor(random() * POINTS.length)]
    const plan = { point, pass: 1 + Math.floor(random() * (MAX_PASS[point] ?? 4)) }
    const { ended } = await startListener(plan)
    const signal = await ended
    if (signal !== 'SIGKILL') throw new Error(`the listener ended by itself (${signal}) instead of at ${point}`)
    lives.push(point)
    progressed = Date.now()
  }
  const last = await startListener(undefined)
  stopping = true
  await Promise.all(senders)
  report(lives, await ask({ ids: [...acknowledged.keys()] }))
  await stop(last)
} finally {
  child?.kill('SIGKILL')
  rmSync(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
}

function report(lives, { objects: made, undone }) {
  const wanted = [...acknowledged.keys()].flatMap(id =>
    TRIGGERS.flatMap(trigger => INDEXES.map(index => `${id} ${trigger} ${index}`)),
  )
  const counts = new Map()
  for (const { data: content } of made) {
    const key = `${content.delivery} ${content.trigger} ${content.index}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const wrongEvent = made.filter(
    ({ data: content, metadata }) =>
      acknowledged.get(content.delivery) !== metadata.labels['triggers.tekton.dev/triggers-eventid'],
  )
  const problems = [
    ...undone.map(({ id, state }) => `${state === undefined ? 'forgotten' : state.is}: ${id} ${state?.reason ?? ''}`),
    ...wanted.filter(key => !counts.has(key)).map(key => `not made: ${key}`),
    ...[...counts].filter(([, count]) => count > 1).map(([key, count]) => `made ${count} times: ${key}`),
    ...[...counts.keys()].filter(key => !wanted.includes(key)).map(key => `nobody's: ${key}`),
    ...wrongEvent.map(({ metadata }) => `${metadata.name} has another event id than was acknowledged`),
  ]
  const tally = POINTS.map(point => `${point} ${lives.filter(each => each === point).length}`).join(', ')
  console.log(`
the way of deliveries through ${flags.redis ? 'an inbox in Redis' : 'an LMDB inbox'}, seed ${flags.seed}
  kill -9       ${lives.length}: ${tally}
  deliveries    ${acknowledged.size} acknowledged, ${requests} requests
  objects       ${made.length}, expected ${wanted.length}
  took          ${((Date.now() - started) / 1000).toFixed(1)} s
  problems      ${problems.length === 0 ? 'none' : `\n    ${problems.slice(0, 40).join('\n    ')}`}`)
  if (problems.length > 0) process.exitCode = 1
}

/** One sender: one delivery after the other, each until it is acknowledged. */
async function send() {
  while (!stopping) {
    const id = randomUUID()
    acknowledged.set(id, await post(id))
    progressed = Date.now()
  }
}

async function post(id) {
  const body = JSON.stringify({ id })
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': id,
    'x-hub-signature-256': `sha256=${createHmac('sha256', 'way').update(body).digest('hex')}`,
  }
  for (;;) {
    requests += 1
    try {
      const response = await fetch(hook, { method: 'POST', body, headers, signal: AbortSignal.timeout(10_000) })
      const answer = await response.json()
      if (response.status === 202) return answer.eventID
      if (response.status !== 503) throw new Error(`delivery ${id} was answered ${response.status}`)
    } catch (error) {
      // No listener, or one that died before it had answered: exactly then a sender sends again.
      if (error.message?.startsWith('delivery ')) throw error
    }
    overdue('a 202')
    await pause(5)
  }
}

/** Resolves once it listens, or has died before, to a promise of how it ends. */
async function startListener(kill) {
  const port = hook === undefined ? 0 : Number(new URL(hook).port)
  const options = JSON.stringify({ data, port, redisUrl: flags.redis, kill })
  child = fork(join(import.meta.dirname, 'listener.mjs'), [options])
  const ended = new Promise(resolve => child.once('exit', (code, signal) => resolve(signal ?? code)))
  const listening = new Promise(resolve => child.once('message', resolve))
  // It may die before it says so: what an earlier life left is dispatched at once.
  const first = await Promise.race([listening, ended])
  if (first?.port) hook = `http://127.0.0.1:${first.port}/hooks/default/way`
  return { ended }
}

/** Resolves to the ConfigMaps that there are once the listener has done it. */
function ask(message) {
  const answer = new Promise((resolve, reject) => {
    child.once('message', resolve)
    setTimeout(() => reject(new Error(`the listener was not done with ${Object.keys(message)}`)), PATIENCE_MS).unref()
  })
  child.send(message)
  return answer
}

async function stop({ ended }) {
  child.kill('SIGTERM')
  const code = await ended
  if (code !== 0) throw new Error(`the listener ended with ${code} on SIGTERM`)
}

function readManifests() {
  const text = readFileSync(join(import.meta.dirname, 'manifests.yaml'), 'utf8')
  const admitted = admitManifests([{ file: 'manifests.yaml', text }])
  if (admitted.is === 'refused') throw new Error(JSON.stringify(admitted.problems))
  return admitted.objects
}

function overdue(what) {
  if (Date.now() - progressed > PATIENCE_MS) throw new Error(`waited too long for ${what}`)
}

function pause(ms) {
  return new Promise(resolve => setTimeout(resolve, ms))
}
