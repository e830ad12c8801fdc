/** Inbox → fire → create, for a slot of a Schedule: what it creates beside the runs that go on, or instead of them. */
import type { AdmitOptions } from '../src/admission/admit.js'
import { type Cluster, isClusterError } from '../src/cluster/cluster.js'
import type { DeliveryRecord, Dispatcher, Verdict } from '../src/inbox/inbox.js'
import type { InTurn } from '../src/lib/duty.js'
import type { Log } from '../src/lib/log.js'
import { toTimestamp } from '../src/lib/time.js'
import { keyOf } from '../src/resources/meta.js'
import { type RunReference, SCHEDULE_UID_LABEL, type Schedule } from '../src/resources/schedules.js'
import type { TriggerBindingSpec, TriggerTemplateSpec } from '../src/resources/triggers.js'
import { isTooLate } from '../src/schedule/due.js'
import { firingTrigger, marked } from '../src/schedule/firing.js'
import { decideConcurrency, RUN_KINDS, type RunKind, type ScheduledRun, scheduledRun } from '../src/schedule/runs.js'
import { readTick } from '../src/schedule/tick.js'
import { DEFAULT_ACCOUNT } from '../src/trigger/acting-account.js'
import { readEvent } from '../src/trigger/event.js'
import { bindingKey, fire } from '../src/trigger/fire.js'
import { markReplay } from '../src/trigger/replay.js'
import { type CreatingAs, creatorFor } from './acting.js'
import { dispatchFault } from './away.js'
import { createObjects } from './create.js'

export interface ScheduleDispatcherDeps {
  readonly cluster: Cluster
  readonly admission: () => AdmitOptions
  readonly log: Log
  readonly now: () => number
  /** Where there are more dispatchers than this one. */
  readonly inTurn?: InTurn
  /** Without: objects are created with our own rights. */
  readonly creatingAs?: CreatingAs
}

/** At most one slot of a schedule at a time: whether it may start depends on what the one before it started. */
export function createScheduleDispatcher(deps: ScheduleDispatcherDeps): Dispatcher {
  const { inTurn = (_name, work) => work() } = deps
  const lines = new Map<string, Promise<unknown>>()
  return record => {
    const { uid } = record.delivery.to
    const before = lines.get(uid) ?? Promise.resolve()
    const own = before.then(() => inTurn(`schedule:${uid}`, () => dispatch(deps, record)))
    const over = own
      .catch(() => undefined)
      .then(() => {
        if (lines.get(uid) === over) lines.delete(uid)
      })
    lines.set(uid, over)
    return own
  }
}

async function dispatch(deps: ScheduleDispatcherDeps, record: DeliveryRecord): Promise<readonly Verdict[]> {
  const { id, to } = record.delivery
  const verdict = await judge(deps, record).catch((cause: unknown) => {
    throw dispatchFault(`dispatching delivery ${id}`, [cause])
  })
  const fields = {
    schedule: `${to.namespace}/${to.name}`,
    delivery: id,
    verdict: verdict.is,
    created: verdict.created,
    reason: verdict.message,
  }
  if (verdict.is === 'failed') deps.log.warn('schedule failed', fields)
  else deps.log.info('schedule looked at', fields)
  return [{ ...verdict, trigger: to.name, namespace: to.namespace }]
}

type Judgement = Omit<Verdict, 'trigger' | 'namespace'>

async function judge(deps: ScheduleDispatcherDeps, record: DeliveryRecord): Promise<Judgement> {
  const { cluster, admission, now, log } = deps
  const { delivery, replay } = record
  const schedule = await cluster.get('Schedule', delivery.to)
  if (schedule?.metadata.uid !== delivery.to.uid) return failed(`${shown(delivery.to)} does not exist any more`)
  const reading = readEvent(delivery, replay)
  const tick = reading.is === 'event' ? readTick(reading.event.body) : undefined
  if (reading.is === 'unreadable' || tick === undefined) return failed('the delivery is no tick of a schedule')
  const { event } = reading
  const { spec } = schedule
  if (!tick.manual && replay === 0 && isTooLate(tick.slot, spec, now())) {
    return filtered('startingDeadlineSeconds', `it is more than ${spec.startingDeadlineSeconds} s late`)
  }
  const runs = (spec.concurrencyPolicy ?? 'Allow') === 'Allow' ? [] : await unfinishedRuns(cluster, delivery.to.uid)
  const concurrency = decideConcurrency(spec, runs, { eventId: event.id, slot: tick.slot })
  if (concurrency.is === 'skip') return filtered(`concurrencyPolicy ${spec.concurrencyPolicy}`, concurrency.why)

  const world = await observeWorld(cluster, schedule)
  const result = await fire(firingTrigger(schedule, world.template), event, { ...world, listener: keyOf(schedule) })
  if (result.is === 'filtered') return filtered(result.by, result.why)
  if (result.is === 'failed') return failed(`${shown(delivery.to)}: ${result.message}`)
  const objects = result.objects
    .map(object => marked(object, schedule, toTimestamp(tick.slot)))
    .map(object => markReplay(object, { of: delivery.eventId, count: replay }))
  const seed = { deliveryId: delivery.id, replay, trigger: schedule.metadata.uid }
  const account = { namespace: delivery.to.namespace, name: spec.serviceAccountName || DEFAULT_ACCOUNT }
  const creator = creatorFor(cluster, account, deps.creatingAs)
  const { created, message } = await createObjects(creator, objects, seed, {
    claimed: new Set(),
    options: admission(),
    log,
  })
  if (message !== '') return { ...failed(`${shown(delivery.to)}: ${message}`), created }
  // Only now: when nothing can be created, what runs goes on.
  await Promise.all(concurrency.cancel.map(run => cancel(cluster, run)))
  return { is: 'fired', by: '', created, message: '' }
}

async function unfinishedRuns(cluster: Cluster, uid: string): Promise<readonly ScheduledRun[]> {
  const selector = { labels: { [SCHEDULE_UID_LABEL]: uid }, unfinished: true } as const
  const lists = await Promise.all(RUN_KINDS.map(async kind => (await cluster.list(kind, selector)).map(scheduledRun)))
  return lists.flat().filter(run => run !== undefined)
}

async function observeWorld(cluster: Cluster, { metadata: { namespace }, spec }: Schedule) {
  const referred = (spec.bindings ?? []).filter(({ ref }) => ref)
  const found = await Promise.all(
    referred.map(async binding => {
      const name = binding.ref ?? ''
      const object = await (binding.kind === 'ClusterTriggerBinding'
        ? cluster.get('ClusterTriggerBinding', { namespace: '', name })
        : cluster.get('TriggerBinding', { namespace, name }))
      return [bindingKey(binding, namespace), object?.spec] as const
    }),
  )
  const bindings = new Map<string, TriggerBindingSpec>()
  for (const [key, binding] of found) if (binding !== undefined) bindings.set(key, binding)
  const { ref, spec: inline } = spec.template
  const template: TriggerTemplateSpec | undefined =
    ref === undefined ? inline : (await cluster.get('TriggerTemplate', { namespace, name: ref }))?.spec
  return { bindings, template, templates: new Map(), secrets: new Map() }
}

/**
 * `Cancelled`, and not the kinder words of Tekton: as with a CronJob, nothing of the old run is to go on beside the new
 * one, and finally tasks may take as long as they like.
 */
const CANCEL = { PipelineRun: 'Cancelled', TaskRun: 'TaskRunCancelled', CustomRun: 'RunCancelled' } as const

async function cancel(cluster: Cluster, { kind, namespace, name, uid }: RunReference): Promise<void> {
  const runKind = kind as RunKind
  const run = await cluster.get(runKind, { namespace, name })
  if (run === undefined || run.metadata.uid !== uid || run.spec['status'] === CANCEL[runKind]) return
  try {
    await cluster.replace(runKind, { ...run, spec: { ...run.spec, status: CANCEL[runKind] } } as never)
  } catch (error) {
    if (!isClusterError(error, 'NotFound')) throw error
  }
}

function shown({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `Schedule "${namespace}/${name}"`
}

function failed(message: string): Judgement {
  return { is: 'failed', by: '', created: [], message }
}

/** `by`: the field that says so. */
function filtered(by: string, message: string): Judgement {
  return { is: 'filtered', by, created: [], message }
}
