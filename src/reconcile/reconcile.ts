/** Observe, decide, apply: the same few lines for both kinds of run. */
import { evaluateWhen } from '../cel/when.js'
import { ClusterError, isClusterError } from '../cluster/cluster.js'
import { describeError, ensureError } from '../lib/fault.js'
import type { Log } from '../lib/log.js'
import { sameJson } from '../lib/same-json.js'
import { fromTimestamp } from '../lib/time.js'
import { type Outcome, parseRunKey, type RunKey } from '../queue/queue.js'
import { FAILURE_CLASS_ANNOTATION } from '../resources/annotations.js'
import type { Kinds } from '../resources/kinds.js'
import type { Key } from '../resources/meta.js'
import { asRecord } from '../resources/shape.js'
import type { PipelineRun, TaskRun } from '../resources/tekton.js'
import { isTakenBy } from '../run/managed-by.js'
import type { Settings } from '../run/settings.js'
import { isDone, succeededCondition } from '../status/conditions.js'
import { addMetadata, withGained } from './add-metadata.js'
import { applyLot, type LotOutcome, lots } from './apply.js'
import type { Action, Decision, PipelineRunWorld, Refusal, TaskRunWorld } from './decision.js'
import { endMalformed } from './end-malformed.js'
import { endUnwritable } from './end-unwritable.js'
import { givesUp, isNew, type Look, startedTasks } from './look.js'
import { malformation } from './malformed.js'
import { lookUpImages, lookUpStarted, type ObserveDeps, observePipelineRun, observeTaskRun } from './observe/observe.js'
import { reconcilePipelineRun } from './pipeline-run/pipeline-run.js'
import { refusedPipelineRun, refusedTaskRun } from './refused.js'
import { reportDue } from './report-due.js'
import { NOBODY, type RunObserver } from './run-observer.js'
import { storeStatus } from './store-status.js'
import { takeBack, takeBackPod } from './take-back.js'
import { reconcileTaskRun } from './task-run/task-run.js'
import { tellSidecars } from './task-run/tell-sidecars.js'
import { filledIn, invalidity } from './unseen.js'

export interface ReconcileDeps extends ObserveDeps {
  readonly now: () => number
  readonly log: Log
  readonly observer?: RunObserver
  /** Every run has been through admission before it was stored: nothing is said twice. */
  readonly isAdmitted?: true
}

/** What was seen longer ago is made sure of before anything is made of it: less than it takes for a run to be taken over. */
const STALE_MS = 1_000

/** What differs between the two kinds of run. */
interface RunKind<K extends 'PipelineRun' | 'TaskRun', World> {
  readonly kind: K
  /** What `spec.status` says to cancel one. */
  readonly cancelled: string
  readonly observe: (deps: ObserveDeps, run: Kinds[K], now: number, look: Look) => Promise<World>
  /** Whether there is more than what the status lists. */
  readonly mayHaveMore: (run: Kinds[K]) => boolean
  /** What the decision rests on and `observe` has left out; undefined when it is all there. */
  readonly lookUpMore?: (
    deps: ObserveDeps,
    run: Kinds[K],
    world: World,
    decision: Decision<unknown>,
  ) => Promise<World | undefined>
  readonly decide: (run: Kinds[K], world: World) => Decision<NonNullable<Kinds[K]['status']>>
  readonly refused: (
    run: Kinds[K],
    action: Action,
    refusal: Refusal,
    world: World,
  ) => Decision<NonNullable<Kinds[K]['status']>>
}

const PIPELINE_RUN: RunKind<'PipelineRun', PipelineRunWorld> = {
  kind: 'PipelineRun',
  cancelled: 'Cancelled',
  observe: observePipelineRun,
  mayHaveMore: () => true,
  lookUpMore: (deps, run, world, decision) => lookUpStarted(deps, run, world, startedTasks(decision)),
  decide: (run, world) => reconcilePipelineRun(run, world, evaluateWhen),
  refused: refusedPipelineRun,
}

const TASK_RUN: RunKind<'TaskRun', TaskRunWorld> = {
  kind: 'TaskRun',
  cancelled: 'TaskRunCancelled',
  observe: observeTaskRun,
  mayHaveMore: isNew,
  lookUpMore: (deps, _run, world, decision) => lookUpImages(deps, world, decision),
  decide: (run, world) => reconcileTaskRun(run, world, evaluateWhen),
  refused: refusedTaskRun,
}

/** One pass over one run. @throws on infrastructure faults only: the queue calls again after a growing pause. */
export async function reconcile(deps: ReconcileDeps, key: RunKey): Promise<Outcome> {
  const { kind, ...name } = parseRunKey(key)
  const { now, observer = NOBODY } = deps
  const startedAt = now()
  let ended: 'well' | 'in a fault' = 'in a fault'
  try {
    const outcome = await (kind === 'PipelineRun' ? pass(deps, PIPELINE_RUN, name) : pass(deps, TASK_RUN, name))
    ended = 'well'
    return outcome
  } finally {
    observer.passed?.(kind, now() - startedAt, ended)
  }
}

function makes(actions: readonly Action[]): boolean {
  return actions.some(action => action.do === 'create')
}

/** The time of a pass. Another worker, whose clock is ahead of ours, may have started the run: nothing ends before that. */
function notBeforeStart({ status }: PipelineRun | TaskRun, now: number): number {
  const start = fromTimestamp(status?.startTime ?? '')
  return Number.isNaN(start) ? now : Math.max(start, now)
}

async function pass<K extends 'PipelineRun' | 'TaskRun', World extends { readonly now: number }>(
  deps: ReconcileDeps,
  runKind: RunKind<K, World>,
  key: Key,
): Promise<Outcome> {
  const { kind, observe, refused } = runKind
  const { cluster, now, log, observer = NOBODY } = deps
  const began = now()
  const stored = await cluster.get(kind, key)
  if (stored === undefined || stored.metadata.deletionTimestamp !== undefined) return { kind: 'settled' }
  if (isDone(stored)) {
    if (stored.kind !== 'TaskRun' || !isOurs(stored, deps.settings())) return { kind: 'settled' }
    await takeBackPod(cluster, stored)
    return tellSidecars(deps, stored)
  }
  const startedAt = notBeforeStart(stored, now())

  const settings = deps.settings()
  if (!isOurs(stored, settings)) return { kind: 'settled' }
  const malformed = malformation(stored)
  if (malformed !== undefined) return endMalformed(deps, stored, malformed, startedAt)
  const run = filledIn(stored, settings)
  const invalid = deps.isAdmitted ? undefined : invalidity(run, settings)
  if (invalid !== undefined) return endMalformed(deps, stored, invalid, startedAt)
  let seen = await lookAndDecide(deps, runKind, run, startedAt, 'listed')
  if (seen instanceof Error) return undecidable(deps, stored, seen, startedAt)
  let { decision } = seen
  let { status, lookAgainAt, failureClass } = decision
  // By our clock alone, whenever the run was started; one that was set back does not say how long it took.
  if (Math.abs(now() - began) > STALE_MS && makes(decision.actions)) {
    // Frozen meanwhile, or the API server was slow: others may have taken the run over and ended it.
    const newest = await cluster.get(kind, key)
    if (newest?.metadata.resourceVersion !== run.metadata.resourceVersion) return { kind: 'again', afterMs: 0 }
  }
  try {
    // Children before status: if we stop in between, the next pass finds them by name.
    // The other way round, status would list runs that were never made.
    let { no, foundOurs } = await applyAll(deps, seen)
    if (seen.look === 'listed' && (foundOurs || no?.refusal.reason === 'AlreadyExists')) {
      // Made by a pass that was killed before it could say so, and with a life of their own since; or a stranger's.
      seen = await lookAndDecide(deps, runKind, run, startedAt, 'all')
      if (seen instanceof Error) return undecidable(deps, stored, seen, startedAt)
      ;({ decision } = seen)
      ;({ status, lookAgainAt, failureClass } = decision)
      ;({ no } = await applyAll(deps, seen))
    }
    if (no) {
      const world = await observe(deps, run, startedAt, 'all')
      const end = refused(withGained(run, decision), no.action, no.refusal, world)
      await applyEach(deps, end.actions)
      ;({ status, failureClass } = end)
      lookAgainAt = isDone({ status }) ? undefined : earliest(decision.lookAgainAt, end.lookAgainAt)
    }
    const due = reportDue(run, decision.annotations)
    const labelled = await addMetadata(deps, stored, {
      ...decision,
      ...(due && { labels: { ...decision.labels, ...due } }),
      ...(failureClass && { annotations: { ...decision.annotations, [FAILURE_CLASS_ANNOTATION]: failureClass } }),
    })
    if (!sameJson(run.status ?? {}, status)) {
      const written = await storeStatus(deps, { ...labelled, status } as Kinds[K])
      if (written.is === 'refused') {
        // As it is now: children that this very pass has made must end too. They end as if it were cancelled.
        const world = await observe(deps, run, startedAt, 'all')
        const stopping = { ...labelled, spec: { ...labelled.spec, status: runKind.cancelled } } as Kinds[K]
        await applyEach(deps, runKind.decide(stopping, world).actions)
        await endUnwritable(deps, labelled, written.why, world.now)
        return { kind: 'settled' }
      }
      observer.changed?.(run, written.run)
    }
  } catch (error) {
    // Someone wrote first. What we saw is stale, so look again instead of forcing it.
    if (isClusterError(error, 'Conflict')) {
      await takeBack(cluster, run, decision.actions)
      return { kind: 'again', afterMs: pauseAfterConflict(error) }
    }
    // Deleted meanwhile: its removal collects what it owned.
    if (isClusterError(error, 'NotFound')) return { kind: 'settled' }
    throw error
  }
  if (isDone({ status })) deps.finished?.forgetRun(run.metadata.uid)
  log.debug('reconciled', {
    run: `${kind}/${key.namespace}/${key.name}`,
    actions: decision.actions.length,
    reason: succeededCondition({ status })?.reason,
    ms: now() - startedAt,
  })
  if (lookAgainAt === undefined) return { kind: 'settled' }
  return { kind: 'again', afterMs: Math.max(0, lookAgainAt - now()) }
}

interface Seen<Status> {
  readonly decision: Decision<Status>
  /** What the decision was made on, in the end. */
  readonly look: Look
}

/** Resolves to the error when it cannot be decided. @throws on infrastructure faults */
async function lookAndDecide<K extends 'PipelineRun' | 'TaskRun', World extends { readonly now: number }>(
  deps: ReconcileDeps,
  runKind: RunKind<K, World>,
  run: Kinds[K],
  now: number,
  look: Look,
): Promise<Seen<NonNullable<Kinds[K]['status']>> | Error> {
  const { observe, lookUpMore = async () => undefined, decide } = runKind
  let world = await observe(deps, run, now, look)
  for (;;) {
    const decision = attempt(() => decide(run, world))
    if (decision instanceof Error) return decision
    if (look === 'listed' && runKind.mayHaveMore(run) && givesUp(run, decision))
      return lookAndDecide(deps, runKind, run, now, 'all')
    const more = await lookUpMore(deps, run, world, decision)
    if (more === undefined) return { decision, look }
    world = more
  }
}

/** A decision depends on nothing but its arguments, so it would fail in the same way for ever. */
function undecidable(deps: ReconcileDeps, run: PipelineRun | TaskRun, error: Error, now: number): Promise<Outcome> {
  const { namespace, name } = run.metadata
  deps.log.error('a decision failed', { run: `${run.kind}/${namespace}/${name}`, cause: error.stack })
  const message = `${run.kind} ${namespace}/${name} cannot be decided: ${describeError(error)}`
  return endMalformed(deps, run, message, now)
}

/** In lots, until one is refused, or there is something that the decision did not look at. */
async function applyAll(
  { cluster, entrypoint }: ReconcileDeps,
  { decision, look }: Seen<unknown>,
): Promise<LotOutcome> {
  for (const lot of lots(decision.actions)) {
    const outcome = await applyLot(cluster, lot, entrypoint.offer.image)
    if (outcome.no || (outcome.foundOurs && look === 'listed')) return outcome
  }
  return { foundOurs: false }
}

/** Whatever is refused of them. */
async function applyEach({ cluster, entrypoint }: ReconcileDeps, actions: readonly Action[]): Promise<void> {
  for (const lot of lots(actions)) await applyLot(cluster, lot, entrypoint.offer.image)
}

function isOurs({ spec }: PipelineRun | TaskRun, settings: Settings): boolean {
  const { managedBy } = asRecord(spec)
  return isTakenBy(settings, typeof managedBy === 'string' ? managedBy : '')
}

function attempt<T>(decide: () => T): T | Error {
  try {
    return decide()
  } catch (error) {
    return ensureError(error)
  }
}

function earliest(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter(time => time !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

/** Everybody who creates in a namespace writes to its quota: whoever was too late comes back a little later. */
const QUOTA_CONFLICT_PAUSE_MS = 1_000

function pauseAfterConflict(error: unknown): number {
  return error instanceof ClusterError && error.by === 'quota conflict' ? QUOTA_CONFLICT_PAUSE_MS : 0
}
