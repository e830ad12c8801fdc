/** The runs of schedules as they come and end: for the status, and those beyond the history limits are deleted. */
import type { Change, Cluster } from '../src/cluster/cluster.js'
import { describeError } from '../src/lib/fault.js'
import type { Log } from '../src/lib/log.js'
import { SCHEDULE_UID_LABEL, type ScheduleSpec } from '../src/resources/schedules.js'
import type { CustomRun, PipelineRun, TaskRun } from '../src/resources/tekton.js'
import { RUN_KINDS, type RunKind, runsToDelete, type ScheduledRun, scheduledRun } from '../src/schedule/runs.js'

export interface ScheduleRunsDeps {
  readonly cluster: Cluster
  readonly log: Log
  /** By uid; undefined for a schedule that is not known, or not yet: its runs stay. */
  readonly limitsOf: (uid: string) => ScheduleSpec | undefined
  /** Told when the status of this schedule (uid) may have to say something else. */
  readonly changed: (uid: string) => void
  readonly signal: AbortSignal
}

export interface ScheduleRuns {
  of(uid: string): readonly ScheduledRun[]
  /** Whether all runs have been seen once: before that a status would say that there are none. */
  complete(): boolean
  /** Deletes what is beyond the limits, in the background. */
  prune(uid: string): void
  readonly loops: readonly Promise<void>[]
}

const OF_SCHEDULES = { hasLabel: SCHEDULE_UID_LABEL }

export function followRuns(deps: ScheduleRunsDeps): ScheduleRuns {
  const { cluster, log, limitsOf, changed, signal } = deps
  /** By the schedule's uid, then by the run's. */
  const runs = new Map<string, Map<string, ScheduledRun>>()
  const listed = new Set<RunKind>()
  const deleting = new Set<string>()

  async function follow(kind: RunKind): Promise<void> {
    const changes = cluster.watch(kind, OF_SCHEDULES, signal) as AsyncIterable<
      Change<PipelineRun | TaskRun | CustomRun>
    >
    for await (const change of changes) {
      if (change.type === 'listed') {
        for (const uid of runs.keys()) forgetAll(uid, kind)
        for (const item of change.items) put(scheduledRun(item))
        listed.add(kind)
        for (const uid of runs.keys()) tell(uid)
      } else {
        const run = scheduledRun(change.item)
        if (run === undefined) continue
        const isNews = change.type === 'put' ? put(run) : remove(run)
        if (isNews) tell(run.scheduleUid)
      }
    }
  }

  function forgetAll(uid: string, kind: RunKind): void {
    for (const run of runs.get(uid)?.values() ?? []) if (run.reference.kind === kind) remove(run)
  }

  function put(run: ScheduledRun | undefined): boolean {
    if (run === undefined) return false
    const own = runs.get(run.scheduleUid) ?? new Map<string, ScheduledRun>()
    runs.set(run.scheduleUid, own)
    const isNews = own.get(run.reference.uid)?.outcome !== run.outcome
    own.set(run.reference.uid, run)
    return isNews
  }

  function remove(run: ScheduledRun): boolean {
    deleting.delete(run.reference.uid)
    const own = runs.get(run.scheduleUid)
    const wasThere = own?.delete(run.reference.uid) ?? false
    if (own?.size === 0) runs.delete(run.scheduleUid)
    return wasThere
  }

  function tell(uid: string): void {
    prune(uid)
    changed(uid)
  }

  function of(uid: string): readonly ScheduledRun[] {
    return [...(runs.get(uid)?.values() ?? [])]
  }

  function prune(uid: string): void {
    const limits = limitsOf(uid)
    if (limits === undefined) return
    for (const { kind, namespace, name, uid: runUid } of runsToDelete(limits, of(uid))) {
      if (deleting.has(runUid)) continue
      deleting.add(runUid)
      // Deleted again with the next change of a run, if this does not work.
      cluster.delete(kind as RunKind, { namespace, name }, { uid: runUid }).catch(error => {
        deleting.delete(runUid)
        if (!signal.aborted)
          log.warn('deleting an old run', { run: `${namespace}/${name}`, error: describeError(error) })
      })
    }
  }

  return { of, prune, complete: () => listed.size === RUN_KINDS.length, loops: RUN_KINDS.map(follow) }
}
