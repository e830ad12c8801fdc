/** When a run, or anything that belongs to it, may have changed. */
import type { Cluster } from '../../cluster/cluster.js'
import type { FoundRun } from '../run-objects.js'
import { taskRunsOf } from './step-logs.js'

/** A log may come after the status that speaks of it, and then nothing else changes. */
const LOOK_AGAIN_MS = 1_000
/** Looking costs a few reads: not for every change of a busy run. */
const APART_MS = 100

export interface RunChanges {
  /** Whose changes count from now on. */
  belongs(found: FoundRun): void
  /** Resolves after a change since it was last called, or after a while. */
  next(): Promise<void>
}

/** Follows both kinds until `signal` aborts, from the first time that it is waited for. */
export function runChanges(cluster: Pick<Cluster, 'watch'>, namespace: string, signal: AbortSignal): RunChanges {
  const uids = new Set<string>()
  let isFollowing = false
  let changed = false
  let wake: (() => void) | undefined
  signal.addEventListener('abort', () => wake?.(), { once: true })

  const follow = async (kind: 'PipelineRun' | 'TaskRun'): Promise<void> => {
    for await (const change of cluster.watch<'PipelineRun' | 'TaskRun'>(kind, { namespace }, signal)) {
      if (change.type !== 'listed') {
        const { uid, ownerReferences = [] } = change.item.metadata
        if (![uid, ...ownerReferences.map(owner => owner.uid)].some(each => uids.has(each))) continue
      }
      changed = true
      wake?.()
    }
  }

  return {
    belongs(found) {
      const nested = (run: FoundRun): readonly string[] => [run.run.metadata.uid, ...run.children.flatMap(nested)]
      for (const uid of [...nested(found), ...taskRunsOf(found).map(({ metadata }) => metadata.uid)]) uids.add(uid)
    },
    async next() {
      if (!isFollowing) {
        isFollowing = true
        for (const kind of ['PipelineRun', 'TaskRun'] as const) follow(kind).catch(() => wake?.())
      }
      await woken(APART_MS, false)
      if (!changed && !signal.aborted) await woken(LOOK_AGAIN_MS, true)
      changed = false
    },
  }

  /** After `ms` at the latest. */
  function woken(ms: number, byChange: boolean): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(done, ms)
      function done(): void {
        clearTimeout(timer)
        wake = undefined
        resolve()
      }
      if (byChange) wake = done
    })
  }
}
