/** TaskRuns that wait for room in a quota of their namespace, first come first: a Pod that ends may have made some. */
import type { RunKey } from '../../queue/queue.js'
import type { TaskRun } from '../../resources/tekton.js'
import { isDone, succeededCondition } from '../../status/conditions.js'
import { TASK_RUN_REASONS } from '../../status/reasons.js'
import { selfKeys } from './wakes.js'

/** The quota counts anew a moment after the Pod has ended; who asks before is refused again. */
export const QUOTA_COUNT_MS = 1_000
/** Of the Pods that wait, one may be smaller than the one that ended. All of them would ask in vain, again and again. */
const WOKEN_AT_ONCE = 2

export interface QuotaLine {
  see(run: TaskRun): void
  forget(uid: string): void
  /** Whom to wake when a Pod of the namespace has ended. They go to the end of the line, as it may be another's turn. */
  next(namespace: string): readonly RunKey[]
}

export function createQuotaLine(): QuotaLine {
  /** By namespace, then uid. */
  const lines = new Map<string, Map<string, readonly RunKey[]>>()

  /** By uid: most runs never wait here, and asking for those must cost nothing. */
  const places = new Map<string, string>()

  function forget(uid: string): void {
    const namespace = places.get(uid)
    if (namespace === undefined) return
    places.delete(uid)
    const line = lines.get(namespace)
    line?.delete(uid)
    if (line?.size === 0) lines.delete(namespace)
  }

  return {
    forget,
    see(run) {
      const { namespace, uid } = run.metadata
      const waits = !isDone(run) && succeededCondition(run)?.reason === TASK_RUN_REASONS.ExceededResourceQuota
      if (!waits) return forget(uid)
      if (places.has(uid)) return
      places.set(uid, namespace)
      const line = lines.get(namespace) ?? new Map()
      lines.set(namespace, line)
      line.set(uid, selfKeys(run))
    },
    next(namespace) {
      const line = lines.get(namespace)
      if (line === undefined) return []
      const first = [...line.entries()].slice(0, WOKEN_AT_ONCE)
      for (const [uid, keys] of first) {
        line.delete(uid)
        line.set(uid, keys)
      }
      return first.flatMap(([, keys]) => keys)
    },
  }
}
