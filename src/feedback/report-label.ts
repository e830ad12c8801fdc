/** Writes into the label of a run how far telling of it has come. */
import { type Cluster, isClusterError } from '../cluster/cluster.js'
import { growingPauseMs, type PauseLimits } from '../lib/backoff.js'
import { GIT_REPORT, GIT_REPORT_LABEL } from '../resources/annotations.js'
import { keyOf } from '../resources/meta.js'
import { pause } from '../timers.js'
import type { Run } from './asked.js'

export type LabelValue = Exclude<keyof typeof GIT_REPORT, 'due'>

/**
 * Tries until the store takes it: nobody else would do it. False when the run is gone, or nothing was due any more.
 * @throws what the store will always say.
 */
export async function labelReport(
  cluster: Pick<Cluster, 'get' | 'replace'>,
  run: Run,
  value: LabelValue,
  {
    signal,
    pauses,
    random,
  }: { readonly signal: AbortSignal; readonly pauses: PauseLimits; readonly random: () => number },
): Promise<boolean> {
  for (let failures = 1; !signal.aborted; failures += 1) {
    try {
      const stored = await cluster.get(run.kind, keyOf(run))
      if (stored?.metadata.uid !== run.metadata.uid || !isDue(stored)) return false
      const labels = { ...stored.metadata.labels, [GIT_REPORT_LABEL]: GIT_REPORT[value] }
      await cluster.replace(run.kind, { ...stored, metadata: { ...stored.metadata, labels } } as never)
      return true
    } catch (error) {
      if (isClusterError(error, 'NotFound')) return false
      if (isClusterError(error, 'Invalid') || isClusterError(error, 'Forbidden')) throw error
      await pause(isClusterError(error, 'Conflict') ? 0 : growingPauseMs(failures, pauses, random()), signal)
    }
  }
  return false
}

export function isDue({ metadata }: Pick<Run, 'metadata'>): boolean {
  return metadata.labels?.[GIT_REPORT_LABEL] === GIT_REPORT.due
}
