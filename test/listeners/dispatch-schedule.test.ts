import { expect, test } from 'vitest'
import { createScheduleDispatcher } from '../../listeners/dispatch-schedule.js'
import type { Cluster } from '../../src/cluster/cluster.js'
import type { Delivery, DeliveryRecord } from '../../src/inbox/inbox.js'
import { SILENT } from '../../src/lib/log.js'
import { fromTimestamp } from '../../src/lib/time.js'
import type { Condition } from '../../src/resources/meta.js'
import type { PipelineRun } from '../../src/resources/tekton.js'
import { manualDelivery, slotDelivery } from '../../src/schedule/tick.js'
import { applyTo, clusterWith, objectsIn } from './world.js'

const TEMPLATE = `
apiVersion: triggers.tekton.dev/v1beta1
kind: TriggerTemplate
metadata: { name: build, namespace: ci }
spec:
  params: [{ name: when }, { name: branch, default: none }]
  resourcetemplates:
    - apiVersion: tekton.dev/v1
      kind: PipelineRun
      metadata: { generateName: nightly-, labels: { team: a } }
      spec:
        pipelineRef: { name: build }
        params: [{ name: when, value: $(tt.params.when) }, { name: branch, value: $(tt.params.branch) }]
`

function schedule(more = ''): string {
  return `
apiVersion: tektite.dev/v1alpha1
kind: Schedule
metadata: { name: nightly, namespace: ci }
spec:
  schedule: "0 6,18 * * *"
  timeZone: Europe/Berlin
  bindings: [{ name: when, value: $(body.schedule.name) at $(body.scheduledTime) }]
  template: { ref: build }
${more.replace(/^/gm, '  ')}
`
}

async function world(...manifests: readonly string[]) {
  const cluster = await clusterWith(...manifests)
  const found = await cluster.get('Schedule', { namespace: 'ci', name: 'nightly' })
  const owner = found!.metadata
  const recordOf = (delivery: Delivery, replay = 0): DeliveryRecord => ({
    delivery,
    state: { is: 'pending' },
    copies: 1,
    earlier: [],
    replay,
  })
  return {
    cluster,
    owner,
    slot: (time: string, replay = 0) => recordOf(slotDelivery(owner, 'Europe/Berlin', fromTimestamp(time), 0), replay),
    manual: (time: string) => recordOf(manualDelivery(owner, 'Europe/Berlin', 'r', fromTimestamp(time))),
    dispatcher: (now = '2026-01-10T06:00:00Z', over: Cluster = cluster) =>
      createScheduleDispatcher({ cluster: over, admission: () => ({}), log: SILENT, now: () => fromTimestamp(now) }),
    runs: () => objectsIn(cluster, 'PipelineRun') as Promise<readonly PipelineRun[]>,
  }
}

async function end(cluster: Cluster, run: PipelineRun, status: Condition['status'], at: string): Promise<void> {
  const conditions = [{ type: 'Succeeded', status, reason: 'Ended', lastTransitionTime: at }]
  await cluster.replaceStatus('PipelineRun', { ...run, status: { conditions, completionTime: at } as never })
}

test('a slot makes what the template says, named, marked and owned', async () => {
  const { dispatcher, slot, runs, owner } = await world(TEMPLATE, schedule('params: [{ name: branch, value: main }]'))
  const record = slot('2026-01-10T05:00:00Z')
  const verdicts = await dispatcher()(record)
  const [run, ...others] = await runs()
  expect(others).toEqual([])
  expect(verdicts).toEqual([
    {
      trigger: 'nightly',
      namespace: 'ci',
      is: 'fired',
      by: '',
      created: [`PipelineRun/ci/${run?.metadata.name}`],
      message: '',
    },
  ])
  expect(run?.metadata.labels).toEqual({
    team: 'a',
    'triggers.tekton.dev/trigger': 'nightly',
    'triggers.tekton.dev/triggers-eventid': record.delivery.eventId,
    'tektite.dev/schedule': 'nightly',
    'tektite.dev/schedule-uid': owner.uid,
  })
  expect(run?.metadata.annotations).toMatchObject({ 'tektite.dev/scheduled-at': '2026-01-10T05:00:00Z' })
  const named = { apiVersion: 'tektite.dev/v1alpha1', kind: 'Schedule', name: 'nightly', uid: owner.uid }
  expect(run?.metadata.ownerReferences).toEqual([{ ...named, controller: true, blockOwnerDeletion: true }])
  expect(run?.spec.params).toEqual([
    { name: 'when', value: 'nightly at 2026-01-10T05:00:00Z' },
    { name: 'branch', value: 'main' },
  ])
})

test('a param is a value and no expression', async () => {
  const param = 'params: [{ name: branch, value: "$(body.schedule.name)" }]'
  const { dispatcher, slot, runs } = await world(TEMPLATE, schedule(param))
  await dispatcher()(slot('2026-01-10T05:00:00Z'))
  const [run] = await runs()
  // As Kubernetes escapes it, so that the run does not take it for one of its own.
  expect(run?.spec.params?.[1]).toEqual({ name: 'branch', value: '$$(body.schedule.name)' })
})

test('the same slot again makes nothing, another slot and a replay do', async () => {
  const { dispatcher, slot, runs } = await world(TEMPLATE, schedule())
  const first = await dispatcher()(slot('2026-01-10T05:00:00Z'))
  expect(await dispatcher()(slot('2026-01-10T05:00:00Z'))).toEqual(first)
  expect(await runs()).toHaveLength(1)
  await dispatcher()(slot('2026-01-10T17:00:00Z'))
  await dispatcher()(slot('2026-01-10T05:00:00Z', 1))
  expect(await runs()).toHaveLength(3)
})

test('what lies in another namespace is marked and not owned', async () => {
  const elsewhere = TEMPLATE.replace('generateName: nightly-', 'generateName: nightly-, namespace: other')
  const { dispatcher, slot, runs, owner } = await world(elsewhere, schedule('concurrencyPolicy: Forbid'))
  await dispatcher()(slot('2026-01-10T05:00:00Z'))
  const [run] = await runs()
  expect(run?.metadata).toMatchObject({ namespace: 'other', labels: { 'tektite.dev/schedule-uid': owner.uid } })
  expect(run?.metadata.ownerReferences).toBeUndefined()
  expect(await dispatcher()(slot('2026-01-10T17:00:00Z'))).toMatchObject([{ is: 'filtered' }])
})

test('Forbid: not while a run of the schedule goes on; its own run is no reason', async () => {
  const { cluster, dispatcher, slot, manual, runs } = await world(TEMPLATE, schedule('concurrencyPolicy: Forbid'))
  const dispatch = dispatcher()
  const fired = await dispatch(slot('2026-01-10T05:00:00Z'))
  expect(await dispatch(slot('2026-01-10T05:00:00Z'))).toEqual(fired)
  const [run] = await runs()
  const by = 'concurrencyPolicy Forbid'
  const message = `PipelineRun "ci/${run?.metadata.name}" has not ended`
  const filtered = [{ trigger: 'nightly', namespace: 'ci', is: 'filtered', by, created: [], message }]
  expect(await dispatch(slot('2026-01-10T17:00:00Z'))).toEqual(filtered)
  expect(await dispatch(manual('2026-01-10T17:30:00Z'))).toEqual(filtered)
  await end(cluster, run!, 'False', '2026-01-10T17:45:00Z')
  expect(await dispatch(slot('2026-01-11T05:00:00Z'))).toMatchObject([{ is: 'fired' }])
  expect(await runs()).toHaveLength(2)
})

test('Forbid: of two slots at the same moment one fires', async () => {
  const { dispatcher, slot, runs } = await world(TEMPLATE, schedule('concurrencyPolicy: Forbid'))
  const dispatch = dispatcher()
  const verdicts = await Promise.all(
    ['05:00:00', '05:00:01', '05:00:02'].map(at => dispatch(slot(`2026-01-10T${at}Z`))),
  )
  expect(verdicts.flat().map(({ is }) => is)).toEqual(['fired', 'filtered', 'filtered'])
  expect(await runs()).toHaveLength(1)
})

test('Replace: the older run is cancelled, a later one is left alone', async () => {
  const { dispatcher, slot, runs } = await world(TEMPLATE, schedule('concurrencyPolicy: Replace'))
  const dispatch = dispatcher()
  await dispatch(slot('2026-01-10T05:00:00Z'))
  await dispatch(slot('2026-01-10T17:00:00Z'))
  const states = async () =>
    (await runs())
      .map(run => `${run.metadata.annotations?.['tektite.dev/scheduled-at']} ${run.spec.status ?? 'goes on'}`)
      .sort()
  expect(await states()).toEqual(['2026-01-10T05:00:00Z Cancelled', '2026-01-10T17:00:00Z goes on'])
  expect(await dispatch(slot('2026-01-10T17:00:00Z'))).toMatchObject([{ is: 'fired' }])
  expect(await dispatch(slot('2026-01-10T16:00:00Z'))).toMatchObject([{ is: 'filtered' }])
  expect(await states()).toEqual(['2026-01-10T05:00:00Z Cancelled', '2026-01-10T17:00:00Z goes on'])
})

test('Replace: what runs goes on when nothing can take its place', async () => {
  const { cluster, dispatcher, slot, runs } = await world(TEMPLATE, schedule('concurrencyPolicy: Replace'))
  await dispatcher()(slot('2026-01-10T05:00:00Z'))
  await cluster.delete('TriggerTemplate', { namespace: 'ci', name: 'build' })
  expect(await dispatcher()(slot('2026-01-10T17:00:00Z'))).toMatchObject([
    {
      is: 'failed',
      message:
        'Schedule "ci/nightly": error getting TriggerTemplate build: triggertemplates.triggers.tekton.dev "build" not found',
    },
  ])
  expect((await runs()).map(run => run.spec.status)).toEqual([undefined])
})

test('later than the deadline is too late; a replay and a run that was asked for are not', async () => {
  const { dispatcher, slot, manual, runs } = await world(TEMPLATE, schedule('startingDeadlineSeconds: 600'))
  const late = dispatcher('2026-01-10T05:10:01Z')
  const message = 'it is more than 600 s late'
  expect(await late(slot('2026-01-10T05:00:00Z'))).toMatchObject([{ is: 'filtered', message }])
  expect(await runs()).toEqual([])
  await dispatcher('2026-01-10T05:10:00Z')(slot('2026-01-10T05:00:00Z'))
  await late(slot('2026-01-10T05:00:00Z', 1))
  await late(manual('2026-01-10T04:00:00Z'))
  expect(await runs()).toHaveLength(3)
})

test('a schedule that was deleted, or made anew, fires nothing', async () => {
  const { cluster, dispatcher, slot, runs } = await world(TEMPLATE, schedule())
  const record = slot('2026-01-10T05:00:00Z')
  await cluster.delete('Schedule', { namespace: 'ci', name: 'nightly' })
  await applyTo(cluster, schedule())
  expect(await dispatcher()(record)).toMatchObject([
    { is: 'failed', message: 'Schedule "ci/nightly" does not exist any more' },
  ])
  expect(await runs()).toEqual([])
})
