/**
 * Two tickers on one store and one inbox, killed between any two steps, restarted, and clocks that jump by up to an hour:
 * each slot that a ticker could have fired inside the deadline makes exactly one run.
 */
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { createScheduleDispatcher } from '../../listeners/dispatch-schedule.js'
import { startTicker } from '../../listeners/schedule.js'
import { type Cluster, ClusterError } from '../../src/cluster/cluster.js'
import { openEmbeddedCluster } from '../../src/cluster/embedded/store.js'
import type { Dispatcher, Inbox } from '../../src/inbox/inbox.js'
import { openLmdbInbox } from '../../src/inbox/lmdb.js'
import { SILENT } from '../../src/lib/log.js'
import { readTiming } from '../../src/schedule/read-schedule.js'
import { nextSlots } from '../../src/schedule/slots.js'
import { createMemoryDatabase } from '../helpers/memory-database.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { createVirtualTime, type VirtualTime } from './virtual-time.js'
import { applyTo } from './world.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** More than all that a plan can lose. */
const DEADLINE = 24 * HOUR

type Step =
  | { readonly do: 'elapse'; readonly minutes: number }
  | { readonly do: 'set clock'; readonly minutes: number }
  /** The process dies before or after the nth of the calls that leave a trace; the other goes on. */
  | { readonly do: 'kill'; readonly who: 0 | 1; readonly call: number; readonly before: boolean }
  | { readonly do: 'start'; readonly who: 0 | 1 }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('elapse' as const), minutes: fc.integer({ min: 1, max: 50 }) }),
  fc.record({ do: fc.constant('set clock' as const), minutes: fc.integer({ min: -60, max: 60 }) }),
  fc.record({
    do: fc.constant('kill' as const),
    who: fc.constantFrom(0 as const, 1 as const),
    call: fc.integer({ min: 0, max: 6 }),
    before: fc.boolean(),
  }),
  fc.record({ do: fc.constant('start' as const), who: fc.constantFrom(0 as const, 1 as const) }),
)

const TEXTS = ['*/15 * * * *', '7,37 * * * *', '0 * * * *', '5 0-23/2 * * *']

const template = `
apiVersion: triggers.tekton.dev/v1beta1
kind: TriggerTemplate
metadata: { name: build, namespace: ci }
spec:
  resourcetemplates:
    - { apiVersion: tekton.dev/v1, kind: PipelineRun, metadata: { generateName: nightly- }, spec: { pipelineRef: { name: build } } }
`
const schedule = (text: string) => `
apiVersion: tektite.dev/v1alpha1
kind: Schedule
metadata: { name: nightly, namespace: ci }
spec:
  schedule: "${text}"
  timeZone: Europe/Berlin
  startingDeadlineSeconds: ${DEADLINE / 1000}
  template: { ref: build }
`

/** What a process does to the world, until it dies: from then on nothing it does arrives. */
function mortal(time: VirtualTime) {
  let left = Number.POSITIVE_INFINITY
  let diesBefore = false
  let isDead = false
  const died = () => new ClusterError('Unavailable', 'this process was killed')
  async function call<T>(work: () => Promise<T>): Promise<T> {
    if (isDead) throw died()
    const isLast = left-- <= 0
    if (isLast) isDead = true
    if (isLast && diesBefore) throw died()
    const done = await time.during(work())
    if (isLast) throw died()
    return done
  }
  return {
    call,
    isDead: () => isDead,
    killAt(calls: number, before: boolean) {
      left = calls
      diesBefore = before
    },
    over: (cluster: Cluster): Cluster => ({
      ...cluster,
      create: (kind, object) => call(() => cluster.create(kind, object)),
      replaceStatus: (kind, object) => call(() => cluster.replaceStatus(kind, object)),
    }),
  }
}

test('each slot inside the deadline makes one run, whatever dies and however clocks jump', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...TEXTS), fc.array(step, { minLength: 4, maxLength: 14 }), simulate),
    { numRuns: 30, endOnFailure: true },
  )
}, 120_000)

async function simulate(text: string, steps: readonly Step[]): Promise<void> {
  const cluster = openEmbeddedCluster({ database: createMemoryDatabase() })
  const dir = temporaryDirectory('inbox')
  const open: (() => Promise<void>)[] = [() => cluster.close()]
  const closeAll = async () => {
    for (const close of open.splice(0).reverse()) await close()
  }
  onTestFinished(closeAll)
  await cluster.create('Namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ci', namespace: '' } })
  await applyTo(cluster, template, schedule(text))
  const stored = await cluster.get('Schedule', { namespace: 'ci', name: 'nightly' })
  const made = Date.parse(stored!.metadata.creationTimestamp)

  const underway = new Set<string>()
  const dispatched = new Set<string>()
  const time = createVirtualTime(made, () => underway.size > 0)
  let furthest = made
  let inbox: Inbox = openLmdbInbox({ dir, log: SILENT })
  const processes: { readonly life: ReturnType<typeof mortal>; close(): Promise<void> }[] = []

  /** The first process also dispatches: with it the inbox goes down and comes back. */
  async function start(who: 0 | 1): Promise<void> {
    const life = mortal(time)
    const over = life.over(cluster)
    if (who === 0) {
      const dispatch = createScheduleDispatcher({ cluster: over, admission: () => ({}), log: SILENT, now: time.now })
      const counting: Dispatcher = async record => {
        try {
          const verdicts = await dispatch(record)
          dispatched.add(record.delivery.id)
          return verdicts
        } finally {
          // Of one that died it is not known when it is tried again: nobody waits for it.
          underway.delete(record.delivery.id)
        }
      }
      const options = { dir, log: SILENT, pauses: { firstMs: 1, maxMs: 1 } }
      await inbox.close()
      inbox = openLmdbInbox(options)
      const opened = inbox
      const dispatching = opened.dispatch(counting, { concurrency: 3 })
      open.push(async () => {
        await dispatching.close()
        await opened.close()
      })
    }
    const accept: Inbox['accept'] = delivery =>
      life.call(async () => {
        const accepted = await inbox.accept(delivery)
        if (!dispatched.has(delivery.id) && !processes[0]?.life.isDead()) underway.add(delivery.id)
        return accepted
      })
    const ticker = startTicker({ cluster: over, inbox: { accept }, log: SILENT, now: time.now, pause: time.pause })
    processes[who] = { life, close: () => ticker.close() }
  }

  async function stop(who: 0 | 1): Promise<void> {
    const process = processes[who]
    if (process === undefined) return
    // Nothing of what a closing ticker does arrives: that is what makes it a kill.
    process.life.killAt(0, true)
    await process.close()
    if (who === 0) {
      underway.clear()
      const close = open.pop()
      await close?.()
    }
    delete processes[who]
  }

  async function elapse(minutes: number): Promise<void> {
    await time.elapse(minutes * MINUTE)
    furthest = Math.max(furthest, time.now())
  }

  await start(0)
  await start(1)
  for (const one of steps) {
    if (one.do === 'elapse') await elapse(one.minutes)
    else if (one.do === 'set clock') {
      furthest = Math.max(furthest, time.now())
      time.set(one.minutes * MINUTE)
      furthest = Math.max(furthest, time.now())
    } else if (one.do === 'kill') processes[one.who]?.life.killAt(one.call, one.before)
    else {
      await stop(one.who)
      await start(one.who)
    }
  }
  for (const who of [0, 1] as const) {
    await stop(who)
    await start(who)
  }
  // To the middle of a minute: what was due is in the status by then.
  await elapse(3.5 - (time.now() % MINUTE) / MINUTE)

  const reading = readTiming(stored!.metadata, stored!.spec)
  if (reading.is === 'wrong') throw new Error('the text of this test')
  const all = nextSlots(reading.timing, made, 500)
  await untilDispatched(() => inbox)
  const fired = (await cluster.list('PipelineRun'))
    .map(run => Date.parse(run.metadata.annotations?.['tektite.dev/scheduled-at'] ?? ''))
    .sort((a, b) => a - b)
  const owed = all.filter(slot => slot <= time.now())
  const possible = all.filter(slot => slot <= furthest)
  // What a clock showed only for a moment may have been seen or not.
  expect(fired).toEqual(possible.slice(0, Math.max(fired.length, owed.length)))
  const last = (await cluster.get('Schedule', { namespace: 'ci', name: 'nightly' }))?.status?.lastScheduleTime
  const told = last === undefined ? undefined : Date.parse(last)
  // Of a slot that is ahead of the clock the inbox may know more: it is not due, so nobody asks.
  if (told === undefined || told <= time.now()) expect(told).toBe(fired.findLast(slot => slot <= time.now()))
  else expect(fired).toContain(told)
  for (const who of [1, 0] as const) await stop(who)
  await closeAll()
}

async function untilDispatched(inbox: () => Inbox): Promise<void> {
  const deadline = Date.now() + 10_000
  for (;;) {
    const { items } = await inbox().list({ limit: 500 })
    if (items.every(({ state }) => state.is === 'done')) return
    if (Date.now() > deadline) throw new Error(`still pending: ${JSON.stringify(items.map(({ state }) => state))}`)
    await new Promise(resolve => setImmediate(resolve))
  }
}
