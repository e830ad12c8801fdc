import { expect, onTestFinished, test, vi } from 'vitest'
import { createScheduleDispatcher } from '../../listeners/dispatch-schedule.js'
import { startTicker } from '../../listeners/schedule.js'
import type { Cluster } from '../../src/cluster/cluster.js'
import type { Inbox } from '../../src/inbox/inbox.js'
import { SILENT } from '../../src/lib/log.js'
import type { Schedule, ScheduleSpec } from '../../src/resources/schedules.js'
import type { PipelineRun } from '../../src/resources/tekton.js'
import { createVirtualTime } from './virtual-time.js'
import { applyTo, clusterWith, inboxFor, objectsIn, recordingLog } from './world.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const TEMPLATE = `
apiVersion: triggers.tekton.dev/v1beta1
kind: TriggerTemplate
metadata: { name: build, namespace: ci }
spec:
  resourcetemplates:
    - { apiVersion: tekton.dev/v1, kind: PipelineRun, metadata: { generateName: nightly- }, spec: { pipelineRef: { name: build } } }
`
const manifest = (spec: string) => `
apiVersion: tektite.dev/v1alpha1
kind: Schedule
metadata: { name: nightly, namespace: ci }
spec:
  template: { ref: build }
${spec.replace(/^/gm, '  ')}
`
const KEY = { namespace: 'ci', name: 'nightly' }

/** A schedule that was made at half past the hour the store says, and time to go on from there. */
async function world(spec: string) {
  const cluster = await clusterWith(TEMPLATE, manifest(spec))
  const inbox = inboxFor()
  const made = Date.parse((await cluster.get('Schedule', KEY))!.metadata.creationTimestamp)
  /** Deliveries that are in the inbox, until they are dispatched. */
  const underway = new Set<string>()
  const time = createVirtualTime(made, () => underway.size > 0)
  const dispatch = createScheduleDispatcher({ cluster, admission: () => ({}), log: SILENT, now: time.now })
  const dispatched = new Set<string>()
  const dispatching = inbox.dispatch(
    async record => {
      const verdicts = await dispatch(record)
      dispatched.add(record.delivery.id)
      underway.delete(record.delivery.id)
      return verdicts
    },
    { concurrency: 4 },
  )
  onTestFinished(() => dispatching.close())
  const watched = recordingLog()
  const start = (over: Partial<Inbox> = {}) => {
    const accept: Inbox['accept'] = async delivery => {
      const accepted = await time.during((over.accept ?? inbox.accept)(delivery))
      if (!dispatched.has(delivery.id)) underway.add(delivery.id)
      return accepted
    }
    const ticker = startTicker({
      cluster: timed(cluster, time),
      inbox: { accept },
      log: watched.log,
      now: time.now,
      pause: time.pause,
    })
    onTestFinished(() => ticker.close())
    return ticker
  }
  const slots = async () =>
    (await objectsIn(cluster, 'PipelineRun'))
      .map(run => Date.parse(run.metadata.annotations?.['tektite.dev/scheduled-at'] ?? ''))
      .sort((a, b) => a - b)
  const status = async () => (await cluster.get('Schedule', KEY))?.status
  const change = async (spec: Partial<ScheduleSpec>) => {
    const stored = (await cluster.get('Schedule', KEY)) as Schedule
    await cluster.replace('Schedule', { ...stored, spec: { ...stored.spec, ...spec } })
    // The ticker sees it; what it says of it comes later.
    await time.elapse(500)
  }
  const restart = async (ticker: { close(): Promise<void> }, after: number) => {
    await ticker.close()
    await time.elapse(after)
    return start()
  }
  return { cluster, inbox, time, made, start, restart, slots, status, change, lines: watched.lines }
}

function timed(cluster: Cluster, { during }: ReturnType<typeof createVirtualTime>): Cluster {
  return {
    ...cluster,
    replaceStatus: (kind, object) => during(cluster.replaceStatus(kind, object)),
    delete: (kind, key, options) => during(cluster.delete(kind, key, options)),
  }
}

/** The next whole multiple of `step` after `time`, and the ones that follow. */
function multiples(time: number, step: number, count: number): readonly number[] {
  const first = (Math.floor(time / step) + 1) * step
  return Array.from({ length: count }, (_, i) => first + i * step)
}

test('every slot fires once when it is due, from when the schedule was made', async () => {
  const { time, made, start, slots, status } = await world('schedule: "*/10 * * * *"')
  const due = multiples(made, 10 * MINUTE, 9)
  start()
  await time.elapse(due[0]! - made - 1)
  expect(await slots()).toEqual([])
  await time.elapse(1)
  expect(await slots()).toEqual(due.slice(0, 1))
  await time.elapse(30 * MINUTE)
  expect(await slots()).toEqual(due.slice(0, 4))
  await time.elapse(1000)
  const said = await status()
  expect(Date.parse(said?.lastScheduleTime ?? '')).toBe(due[3])
  expect(said?.nextScheduleTimes?.map(Date.parse)).toEqual(due.slice(4))
  expect(said?.active).toHaveLength(4)
  expect(said?.conditions).toMatchObject([{ type: 'Ready', status: 'True', reason: 'Scheduled' }])
})

test('a quiet schedule is not written again and again', async () => {
  const { cluster, time, start } = await world('schedule: "@yearly"')
  start()
  await time.elapse(1000)
  const before = await cluster.get('Schedule', KEY)
  expect(before?.status?.nextScheduleTimes).toHaveLength(5)
  await time.elapse(5 * HOUR)
  expect((await cluster.get('Schedule', KEY))?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion)
})

test('active, lastSuccessfulTime and the history follow the runs', async () => {
  const limits = 'successfulRunsHistoryLimit: 2\nfailedRunsHistoryLimit: 1'
  const { cluster, time, made, start, slots, status } = await world(`schedule: "*/10 * * * *"\n${limits}`)
  const due = multiples(made, 10 * MINUTE, 8)
  start()
  const end = async (verdict: 'True' | 'False') => {
    const runs = (await objectsIn(cluster, 'PipelineRun')) as readonly PipelineRun[]
    for (const run of runs.filter(({ status }) => status === undefined)) {
      const at = new Date(time.now()).toISOString().replace(/\.\d+Z/, 'Z')
      const conditions = [{ type: 'Succeeded', status: verdict, reason: 'Ended', lastTransitionTime: at }]
      await cluster.replaceStatus('PipelineRun', { ...run, status: { conditions, completionTime: at } as never })
    }
    await time.elapse(1000)
  }
  await time.elapse(due[0]! - made)
  for (const verdict of ['True', 'False', 'True', 'False', 'True'] as const) {
    expect((await status())?.active).toHaveLength(0)
    await time.elapse(2000)
    expect((await status())?.active).toHaveLength(1)
    await end(verdict)
    expect((await status())?.active).toEqual([])
    await time.elapse(10 * MINUTE - 3000)
  }
  await end('True')
  // Of the successes at 0, 2, 4 and 5 the last two, of the failures at 1 and 3 the last one.
  expect(await slots()).toEqual([due[3], due[4], due[5]])
  expect(Date.parse((await status())?.lastSuccessfulTime ?? '')).toBeGreaterThan(due[4]!)
})

test('without a deadline the last of those that were missed fires', async () => {
  const { time, made, start, restart, slots, status } = await world('schedule: "*/10 * * * *"')
  const due = multiples(made, 10 * MINUTE, 12)
  const ticker = start()
  await time.elapse(due[0]! - made + 1000)
  await restart(ticker, 65 * MINUTE)
  await time.elapse(2000)
  expect(await slots()).toEqual([due[0], due[6]])
  expect((await status())?.conditions?.[1]).toMatchObject({
    type: 'SlotsMissed',
    message: expect.stringContaining(`what was due up to ${new Date(due[5]!).toISOString().replace('.000', '')}`),
  })
})

test('with a deadline all of those inside it fire, in order', async () => {
  const { time, made, start, restart, slots } = await world('schedule: "*/10 * * * *"\nstartingDeadlineSeconds: 1800')
  const due = multiples(made, 10 * MINUTE, 12)
  const ticker = start()
  await time.elapse(due[0]! - made + 1000)
  await restart(ticker, 65 * MINUTE)
  await time.elapse(2000)
  expect(await slots()).toEqual([due[0], due[4], due[5], due[6]])
})

test('of more than a hundred the newest hundred fire, and the status says so', async () => {
  const { time, made, start, slots, status } = await world('schedule: "* * * * *"\nstartingDeadlineSeconds: 100000')
  const due = multiples(made, MINUTE, 150)
  await time.elapse(due[149]! - made + 1000)
  start()
  await time.elapse(2000)
  expect(await slots()).toEqual(due.slice(50))
  expect((await status())?.conditions?.[1]).toMatchObject({
    type: 'SlotsMissed',
    message: expect.stringContaining('more than 100 were due at once'),
  })
})

test('a clock that is set back fires nothing again; one that is set forward misses nothing', async () => {
  const { time, made, start, slots } = await world('schedule: "*/10 * * * *"\nstartingDeadlineSeconds: 7200')
  const due = multiples(made, 10 * MINUTE, 20)
  start()
  await time.elapse(due[1]! - made + 1000)
  time.set(-HOUR)
  await time.elapse(HOUR)
  expect(await slots()).toEqual(due.slice(0, 2))
  time.set(HOUR)
  await time.elapse(MINUTE)
  expect(await slots()).toEqual(due.slice(0, 8))
})

test('another text counts from when it is seen', async () => {
  const { time, made, start, slots, change } = await world('schedule: "0 0 1 1 *"\nstartingDeadlineSeconds: 86400')
  start()
  await time.elapse(3 * HOUR)
  await change({ schedule: '*/10 * * * *' })
  const seen = time.now()
  await time.elapse(11 * MINUTE)
  expect(await slots()).toEqual(multiples(seen, 10 * MINUTE, 2).filter(slot => slot <= time.now()))
  expect((await slots())[0]).toBeGreaterThan(made + 3 * HOUR)
})

test('what passes while it is suspended never fires', async () => {
  const { time, made, start, slots, status, change } = await world(
    'schedule: "*/10 * * * *"\nstartingDeadlineSeconds: 86400',
  )
  const due = multiples(made, 10 * MINUTE, 12)
  start()
  await time.elapse(due[0]! - made + 1000)
  await change({ suspend: true })
  await time.elapse(HOUR)
  expect(await slots()).toEqual([due[0]])
  expect(await status()).toMatchObject({
    nextScheduleTimes: [],
    conditions: [{ status: 'False', reason: 'Suspended' }],
  })
  await change({ suspend: false })
  await time.elapse(10 * MINUTE)
  expect(await slots()).toEqual([due[0], due[7]])
})

test('while the inbox is away nothing is lost', async () => {
  const { inbox, time, made, start, slots, lines } = await world(
    'schedule: "*/10 * * * *"\nstartingDeadlineSeconds: 3600',
  )
  const due = multiples(made, 10 * MINUTE, 6)
  let isAway = true
  start({
    accept: async delivery => {
      if (isAway) throw new Error('the disk is full')
      return inbox.accept(delivery)
    },
  })
  await time.elapse(due[2]! - made + 1000)
  expect(await slots()).toEqual([])
  expect(lines).toContainEqual(
    expect.objectContaining({ message: 'schedule waits', schedule: 'ci/nightly', error: 'the disk is full' }),
  )
  isAway = false
  await time.elapse(MINUTE)
  expect(await slots()).toEqual(due.slice(0, 3))
})

test('two tickers beside each other fire each slot once, and agree on the status', async () => {
  const { cluster, time, made, start, slots, status } = await world('schedule: "* * * * *"')
  start()
  start()
  const due = multiples(made, MINUTE, 20)
  await time.elapse(due[19]! - made)
  expect(await slots()).toEqual(due)
  await time.elapse(10_000)
  expect(Date.parse((await status())?.lastScheduleTime ?? '')).toBe(due[19])
  const version = (await cluster.get('Schedule', KEY))?.metadata.resourceVersion
  await time.elapse(10_000)
  expect((await cluster.get('Schedule', KEY))?.metadata.resourceVersion).toBe(version)
})

test('a spec that nobody admitted says what is wrong, and a right one fires', async () => {
  const { time, start, slots, status, change } = await world('schedule: "@yearly"')
  start()
  await change({ schedule: '61 * * * *', timeZone: 'Europe/Nowhere' })
  const [ready] = (await status())?.conditions ?? []
  expect(ready).toMatchObject({ type: 'Ready', status: 'False', reason: 'Invalid' })
  expect(ready?.message).toMatch(
    /spec\.schedule "61 \* \* \* \*": minute "61".*spec\.timeZone "Europe\/Nowhere": no such/,
  )
  await change({ schedule: '* * * * *', timeZone: 'UTC' })
  await time.elapse(MINUTE)
  expect(await slots()).toHaveLength(1)
})

test('a schedule that is deleted fires no more, and its runs go with it', async () => {
  const { cluster, time, start, slots } = await world('schedule: "* * * * *"')
  start()
  await time.elapse(3 * MINUTE)
  expect(await slots()).toHaveLength(3)
  await cluster.delete('Schedule', KEY)
  await time.elapse(3 * MINUTE)
  await vi.waitFor(async () => expect(await slots()).toEqual([]), { timeout: 5000 })
  await applyTo(cluster, manifest('schedule: "@yearly"'))
  expect(await slots()).toEqual([])
})

test.each([
  ['nothing of what it should be', { observed: { since: 5 }, conditions: 'many', lastScheduleTime: 'soon', active: 1 }],
  ['of another time', { observed: { since: '-200000-01-01T00:00:00Z' }, lastScheduleTime: '+275760-09-13T00:00:00Z' }],
])('a status that somebody else wrote, %s, stops no other schedule', async (_, status) => {
  const { cluster, time, made, start, slots } = await world('schedule: "* * * * *"')
  await applyTo(cluster, manifest('schedule: "* * * * *"').replace('name: nightly', 'name: broken'))
  const broken = await cluster.get('Schedule', { namespace: 'ci', name: 'broken' })
  await cluster.replaceStatus('Schedule', { ...broken!, status: status as never })
  start()
  await time.elapse(5 * MINUTE)
  const due = multiples(made, MINUTE, 5)
  expect([...new Set(await slots())]).toEqual(due)
  const mine = (await objectsIn(cluster, 'PipelineRun')).filter(
    run => run.metadata.labels?.['tektite.dev/schedule'] === 'nightly',
  )
  expect(mine).toHaveLength(5)
})
