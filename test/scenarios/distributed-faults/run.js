/**
 * The distributed engine under faults. Redis, the embedded API, workers, listeners and a simulated kubelet are processes
 * of their own, with a network between them that cuts, delays, forgets answers and goes half-open. Signed deliveries
 * become PipelineRuns while workers, listeners, Redis and the API are killed with SIGKILL, or frozen past their locks. In
 * the end the invariants I1 to I11 (checks/) are checked on ledgers that the system has no part in: of the sender, of the kubelet, of
 * two watchers of the API, of a client that tests each of its writes.
 *
 *   node test/scenarios/distributed-faults/run.js [--deliveries 2000] [--kills 100] [--seed N] [--workers 3]
 *     [--listeners 2] [--fsync always|everysec] [--keep] [--untimed]
 *
 * Exits 1 when an invariant does not hold, 2 when the round was too slow to mean anything. `--keep` leaves the ledgers
 * where they are; `--untimed` prints what came too late or too slowly, and does not fail for it: for a machine that is busy with
 * other things.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seededRandom } from '../../helpers/random.js'
import { gatherCast } from './cast.js'
import { RECOVERY_MS } from './checks/time.js'
import { createApiClient, startProbing } from './clients.js'
import { createSender, planDeliveries } from './deliveries.js'
import { planFaults } from './fault-plan.js'
import { createQueueView } from './held-runs.js'
import { forkHelper, freePort, pause } from './processes.js'
import { readRecords, readSteps } from './records.js'
import { reportOf } from './report.js'
import { SHAPES } from './shapes.js'
import { bringStorm } from './storm.js'

const { values: flags } = parseArgs({
  options: {
    deliveries: { type: 'string', default: '2000' },
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    workers: { type: 'string', default: '3' },
    listeners: { type: 'string', default: '2' },
    fsync: { type: 'string', default: 'always' },
    recovery: { type: 'string', default: String(RECOVERY_MS) },
    keep: { type: 'boolean', default: false },
    untimed: { type: 'boolean', default: false },
  },
})
const DELIVERIES = Number(flags.deliveries)
const SEED = Number(flags.seed)
/** Of the deliveries, those that are sent when all faults are over: what is slow then has no excuse. */
const CALM_SHARE = 0.1
/** How far senders are ahead of the runs that have ended, at most: a backlog hides who stands still. */
const AHEAD = 40
const SENDERS = 16
/** Without any run that ends. */
const PATIENCE_MS = 120_000
const KINDS = ['PipelineRun', 'TaskRun', 'Pod', 'ConfigMap']

const folder = mkdtempSync(join(tmpdir(), 'tektite-distributed-faults-'))
const file = name => join(folder, name)
const begunAt = Date.now()
const helpers = []
let roles = {}
let posted = 0
let endedRuns = 0
let progressedAt = Date.now()

console.log(`seed ${SEED}: ${DELIVERIES} deliveries, ${flags.kills} faults; ledgers in ${folder}`)
try {
  const records = await play()
  const { text, violations, exitCode } = reportOf(records, { seed: SEED, untimed: flags.untimed })
  const { faults, kills, cancels, calmFrom } = records
  writeFileSync(file('round'), JSON.stringify({ faults, kills, cancels, calmFrom, violations }))
  console.log(text)
  process.exitCode = exitCode
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  for (const each of Object.values(roles).flat()) await each.kill()
  for (const each of helpers) await each.end()
  if (flags.keep || process.exitCode === 1) console.log(`the ledgers and logs are in ${folder}`)
  else rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
}

async function play() {
  const ports = { api: await freePort(), redis: await freePort() }
  const disturbances = []
  const network = helper('network.mjs', { ...ports, seed: SEED + 1 })
  network.on(({ fault }) => fault && disturbances.push(fault))
  const proxied = await network.saying('ports')
  const [workers, listeners] = [Number(flags.workers), Number(flags.listeners)]
  const cast = await gatherCast({ folder, ports, proxied, workers, listeners, fsync: flags.fsync })
  roles = cast.roles
  const api = `http://127.0.0.1:${ports.api}`
  const client = createApiClient(api, cast.token)
  await client.apply(join(import.meta.dirname, 'manifests.yaml'))
  const watchers = await startWatchers({ api, token: cast.token })
  const cancelling = cancelSlowRuns(watchers[0], client)
  await Promise.all([...roles.kubelet, ...roles.worker, ...roles.listener].map(each => each.start()))
  const probing = startProbing(client)
  const queue = createQueueView(ports.redis)

  const random = seededRandom(SEED)
  const sender = createSender({ hooks: cast.hooks, file: file('requests'), random })
  const planned = planDeliveries(DELIVERIES, seededRandom(SEED + 2))
  const stormy = planned.slice(0, Math.floor(DELIVERIES * (1 - CALM_SHARE)))
  const when = share => until(() => posted >= share * stormy.length, 'deliveries to be posted')
  network.send({ disturb: true })
  const storm = bringStorm(planFaults(Number(flags.kills), random), roles, when, queue)
  await Promise.all([postAll(stormy, sender), storm.over])
  network.send({ disturb: false })
  await pause(Number(flags.recovery))

  const calmFrom = Date.now()
  const poison = Array.from({ length: Math.ceil(DELIVERIES / 100) }, (_, index) => poisonRun(index))
  await Promise.all([queue.plantJunk(), ...poison.map(client.create)])
  await postAll(planned.slice(stormy.length), sender)
  // What never ends is for the checks to name.
  await until(() => endedRuns >= DELIVERIES + poison.length, 'every run to end').catch(console.error)
  const lastEndAt = Date.now()
  const depths = await drained(queue)
  const drainedAt = Date.now()
  const probes = await probing.stop()
  const cancels = await cancelling.done()
  const final = await finalState(client, watchers)
  queue.close()
  sender.close()
  const all = Object.values(roles).flat()
  const selfEnded = all.filter(({ ends }) => ends.length > 0).map(({ name, ends }) => `${name} (${ends})`)
  const codes = {}
  for (const each of [...roles.worker, ...roles.listener, ...roles.api]) codes[each.name] = await each.stop()
  return {
    requests: readRecords(file('requests')),
    steps: readSteps(file('steps')),
    events: readRecords(file('events-1')),
    secondEvents: readRecords(file('events-2')),
    final,
    probes,
    cancels,
    faults: [...storm.faults, ...disturbances],
    kills: storm.kills,
    workers,
    shapes: SHAPES,
    begunAt,
    calmFrom,
    depths,
    lastEndAt,
    drainedAt,
    selfEnded,
    codes,
  }
}

function helper(name, options) {
  const made = forkHelper(name, options)
  helpers.push(made)
  return made
}

async function startWatchers(options) {
  const watchers = [
    helper('watcher.mjs', { ...options, file: file('events-1') }),
    helper('watcher.mjs', { ...options, file: file('events-2'), cutSeed: SEED + 3 }),
  ]
  watchers[0].on(({ ended }) => {
    if (ended === undefined) return
    endedRuns = ended
    progressedAt = Date.now()
  })
  await Promise.all(watchers.map(watcher => watcher.saying('ready')))
  return watchers
}

/** Two of three runs that can be cancelled are, at a moment of their lives that the seed chooses. */
function cancelSlowRuns(watcher, client) {
  const chance = seededRandom(SEED + 4)
  const asked = []
  watcher.on(({ run }) => {
    if (run?.pipeline !== 'slow' || chance() > 2 / 3) return
    asked.push(pause(chance() * 4_000).then(() => client.cancel(run.name)))
  })
  return {
    async done() {
      const answers = await Promise.all(asked)
      return answers.filter(({ refused, succeeded }) => !refused && succeeded !== 'True' && succeeded !== 'False')
    },
  }
}

async function postAll(deliveries, sender) {
  const left = [...deliveries]
  const one = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      await until(() => posted - endedRuns < AHEAD, 'runs to end before more are sent')
      await sender.send(next)
      posted += 1
      progressedAt = Date.now()
    }
  }
  await Promise.all(Array.from({ length: SENDERS }, one))
}

/** Fails by itself, and must bother nobody else. */
function poisonRun(index) {
  const metadata = { name: `poison-${index}` }
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata,
    spec: { pipelineRef: { name: 'there-is-none' } },
  }
}

async function drained(queue) {
  for (const deadline = Date.now() + 15_000; ; ) {
    const depths = await queue.depths().catch(() => ({ unknown: 1 }))
    if (Object.values(depths).every(depth => depth === 0) || Date.now() > deadline) return depths
    await pause(50)
  }
}

/** Everything there is; the watchers have heard of it too. */
async function finalState(client, watchers) {
  const lists = await Promise.all(KINDS.map(kind => client.list(kind)))
  const heard = watchers.map(watcher => watcher.saying('reached'))
  const versions = lists.map(({ version }, at) => [KINDS[at], version])
  for (const watcher of watchers) watcher.send({ until: Object.fromEntries(versions) })
  await Promise.all(heard)
  return lists.flatMap(({ records }) => records)
}

async function until(holds, what) {
  while (!holds()) {
    if (Date.now() - progressedAt > PATIENCE_MS) {
      throw new Error(`nothing went on for ${PATIENCE_MS} ms while waiting for ${what}: ${endedRuns} runs have ended`)
    }
    await pause(10)
  }
}
