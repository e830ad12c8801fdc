import { expect, onTestFinished, test } from 'vitest'
import { type Cluster, ClusterError } from '../../src/cluster/cluster.js'
import { startEventExpiry } from '../../src/events/event-expiry.js'
import { createEventRecorder } from '../../src/events/event-recorder.js'
import { SILENT } from '../../src/lib/log.js'
import { clusterWith, recordingLog } from '../listeners/world.js'
import { PIPELINE_RUN, pipelineRun } from '../reconcile/real-store.js'

const HOUR = 3_600_000
const RUNNING = { type: 'Normal', reason: 'Running', message: 'on' } as const

async function world(now: () => number = () => Date.parse('2026-01-02T03:04:05Z')) {
  const cluster = await clusterWith(PIPELINE_RUN)
  const run = await pipelineRun(cluster)
  const { lines, log } = recordingLog()
  const recorder = createEventRecorder({ cluster, now, log })
  onTestFinished(() => recorder.close())
  return { cluster, run, recorder, lines }
}

test('an Event names the run, says what happened, and is reported as Tekton does', async () => {
  const { cluster, run, recorder } = await world()
  recorder.record(run, { type: 'Warning', reason: 'Failed', message: 'no' })
  await recorder.flush()
  const [event] = await cluster.list('Event')
  expect(event).toMatchObject({
    type: 'Warning',
    reason: 'Failed',
    message: 'no',
    involvedObject: { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', namespace: 'default', name: 'run' },
    source: { component: 'PipelineRun' },
    firstTimestamp: '2026-01-02T03:04:05Z',
    lastTimestamp: '2026-01-02T03:04:05Z',
    count: 1,
  })
  expect(event?.involvedObject.uid).toBe(run.metadata.uid)
  expect(event?.metadata.name).toMatch(/^run\.[0-9a-f]{16}$/)
})

test('the same words are one Event that counts, also over flushes', async () => {
  const { cluster, run, recorder } = await world()
  recorder.record(run, RUNNING)
  recorder.record(run, RUNNING)
  await recorder.flush()
  recorder.record(run, RUNNING)
  recorder.record(run, { ...RUNNING, message: 'still on' })
  await recorder.flush()
  const events = await cluster.list('Event')
  expect(events.map(({ message, count }) => [message, count]).sort()).toEqual([
    ['on', 3],
    ['still on', 1],
  ])
})

test('a run that changes all the time gets a bounded number of Events, and always its end', async () => {
  const { cluster, run, recorder } = await world()
  for (let n = 0; n < 1_000; n += 1) recorder.record(run, { ...RUNNING, message: `task ${n}` })
  recorder.record(run, { type: 'Normal', reason: 'Succeeded', message: 'done' })
  await recorder.flush()
  const events = await cluster.list('Event')
  expect(events).toHaveLength(26)
  expect(events.filter(({ reason }) => reason === 'Succeeded')).toHaveLength(1)
})

test('where progress has a limit for all runs together, it is dropped beyond it; ends and warnings never are', async () => {
  const { cluster, run } = await world()
  let now = Date.parse('2026-01-02T03:04:05Z')
  const recorder = createEventRecorder({ cluster, now: () => now, log: SILENT, progress: { perSecond: 2, burst: 3 } })
  onTestFinished(() => recorder.close())
  const kept = async () => {
    await recorder.flush()
    const messages = (await cluster.list('Event')).map(event => event.message)
    return messages.filter(message => message.startsWith('step ')).length
  }
  const progress = (from: number) => {
    for (let n = from; n < from + 10; n++) recorder.record(run, { ...RUNNING, message: `step ${n}` })
  }
  progress(0)
  expect(await kept()).toBe(3)
  now += 1_000
  progress(10)
  recorder.record(run, { type: 'Warning', reason: 'Odd', message: 'look' })
  recorder.record(run, { type: 'Normal', reason: 'Succeeded', message: 'done' })
  expect(await kept()).toBe(5)
  expect((await cluster.list('Event')).map(event => event.reason)).toEqual(expect.arrayContaining(['Odd', 'Succeeded']))
})

test('a store that cannot be written to is logged once and disturbs nobody', async () => {
  const { cluster, run } = await world()
  const { lines, log } = recordingLog()
  const broken: Cluster = { ...cluster, create: () => Promise.reject(new ClusterError('Unavailable', 'disk full')) }
  const recorder = createEventRecorder({ cluster: broken, now: () => 0, log })
  recorder.record(run, RUNNING)
  recorder.record(run, { ...RUNNING, message: 'other' })
  await recorder.close()
  expect(lines).toEqual([{ level: 'warn', message: 'events could not be written', count: 2, error: 'disk full' }])
  recorder.record(run, RUNNING)
  await recorder.flush()
  expect(lines).toHaveLength(1)
})

test('a long message is cut, as the API server would refuse it', async () => {
  const { cluster, run, recorder } = await world()
  recorder.record(run, { ...RUNNING, message: 'x'.repeat(5_000) })
  await recorder.flush()
  const [event] = await cluster.list('Event')
  expect(event?.message).toHaveLength(1_024)
})

test('Events go after an hour, those of an earlier process as well; one that happens again stays', async () => {
  let now = Date.parse('2026-01-02T03:00:00Z')
  const { cluster, run, recorder } = await world(() => now)
  recorder.record(run, { ...RUNNING, message: 'of an earlier process' })
  await recorder.flush()
  const expiry = startEventExpiry({ cluster, now: () => now, log: SILENT })
  onTestFinished(() => expiry.close())
  const later = createEventRecorder({ cluster, now: () => now, log: SILENT, written: expiry.written })
  onTestFinished(() => later.close())
  for (const message of ['again and again', 'once']) later.record(run, { ...RUNNING, message })
  await later.flush()
  await expiry.sweep()
  expect(await cluster.list('Event')).toHaveLength(3)
  now += HOUR / 2
  later.record(run, { ...RUNNING, message: 'again and again' })
  await later.flush()
  now += HOUR / 2 + 1_000
  await expiry.sweep()
  expect((await cluster.list('Event')).map(({ message }) => message)).toEqual(['again and again'])
  now += HOUR
  await expiry.sweep()
  expect(await cluster.list('Event')).toEqual([])
})
