/** Writes into the label of a run how far telling of it has come. */
import { type Cluster, isClusterError } from '../cluster/cluster.js'
import { growingPauseMs, type PauseLimits } from '../lib/backoff.js'
import { GIT_REPORT, GIT_REPORT_LABEL } from '../resources/annotations.js'
import { keyOf } from '../resources/meta.js'
import { pause } from '../timers.js'
import type { Run } from './asked.js'

/**
 * Nothing when the run is gone, or nothing is due any more. Tries until the store takes it: nobody else would do it.
 * @throws what the store will always say.
 */
export async function labelReport(
  cluster: Pick<Cluster, 'get' | 'replace'>,
  run: Run,
  value: Exclude<keyof typeof GIT_REPORT, 'due'>,
  {
    signal,
    pauses,
    random,
  }: { readonly signal: AbortSignal; readonly pauses: PauseLimits; readonly random: () => number },
): Promise<void> {
  for (let failures = 1; !signal.aborted; failures += 1) {
    try {
      const stored = await cluster.get(run.kind, keyOf(run))
      if (stored?.metadata.uid !== run.metadata.uid || !isDue(stored)) return
      const labels = { ...stored.metadata.labels, [GIT_REPORT_LABEL]: GIT_REPORT[value] }
      await cluster.replace(run.kind, { ...stored, metadata: { ...stored.metadata, labels } } as never)
      return
    } catch (error) {
      if (isClusterError(error, 'NotFound')) return
      if (isClusterError(error, 'Invalid') || isClusterError(error, 'Forbidden')) throw error
      await pause(isClusterError(error, 'Conflict') ? 0 : growingPauseMs(failures, pauses, random()), signal)
    }
  }
}

export function isDue({ metadata }: Pick<Run, 'metadata'>): boolean {
  return metadata.labels?.[GIT_REPORT_LABEL] === GIT_REPORT.due
}
