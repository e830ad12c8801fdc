/** A Pod that is not what it claims to be never starts: it fails by itself, and the others do not notice. */
import type { Cluster } from '../cluster/cluster.js'
import { toTimestamp } from '../lib/time.js'
import type { Pod } from '../resources/core.js'
import { keyOf } from '../resources/meta.js'
import { problemsText } from '../resources/problem.js'
import { storedProblems } from '../resources/shape.js'
import { CORE_SHAPES } from '../resources/shapes-core.js'

/** What is wrong with the types in its spec; undefined when nothing is. */
export function podMalformation({ spec }: Pod): string | undefined {
  const problems = storedProblems(CORE_SHAPES['Pod'] ?? 'object', { spec }, '')
  return problems.length === 0 ? undefined : problemsText(problems)
}

export async function failMalformedPod(cluster: Cluster, pod: Pod, why: string, now: number): Promise<void> {
  if (pod.metadata.deletionTimestamp !== undefined) {
    await cluster.delete('Pod', keyOf(pod), { uid: pod.metadata.uid, graceSeconds: 0 })
    return
  }
  if (pod.status?.phase === 'Failed') return
  const message = `the Pod is malformed: ${why}`
  const status = { phase: 'Failed', reason: 'Malformed', message, startTime: toTimestamp(now) } as const
  await cluster.replaceStatus('Pod', { ...pod, status })
}
