/**
 * As Kubernetes' scheduler reads inter-pod affinity (pkg/scheduler/framework/plugins/interpodaffinity): required terms
 * hold together for one and the same Pod; a Pod that nobody meets passes if it meets all its terms itself; Pods that have
 * ended are not there; anti-affinity counts in both directions.
 */
import type { Pod } from '../../src/resources/core.js'
import type { New } from '../../src/resources/meta.js'
import { asRecord } from '../../src/resources/shape.js'

export interface Placed {
  readonly pod: New<Pod>
  readonly node: string
}

interface Term {
  readonly labelSelector: {
    readonly matchLabels?: Readonly<Record<string, string>>
    readonly matchExpressions?: readonly {
      readonly key: string
      readonly operator: string
      readonly values: string[]
    }[]
  }
}

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'

/** Nodes that the Pod may be placed on; the topology is the host. `running` have not ended. */
export function nodesThatTake(pod: New<Pod>, running: readonly Placed[], nodes: readonly string[]): readonly string[] {
  const wanted = terms(pod, 'podAffinity')
  const met = running.filter(
    other => other.pod.metadata.namespace === pod.metadata.namespace && meetsAll(other.pod, wanted),
  )
  const isFirst = met.length === 0 && meetsAll(pod, wanted)
  return nodes.filter(node => {
    const beside = running.filter(
      other => other.node === node && other.pod.metadata.namespace === pod.metadata.namespace,
    )
    const follows = wanted.length === 0 || isFirst || met.some(other => other.node === node)
    const avoids = terms(pod, 'podAntiAffinity').some(term => beside.some(other => meets(other.pod, term)))
    const isAvoided = beside.some(other => terms(other.pod, 'podAntiAffinity').some(term => meets(pod, term)))
    return follows && !avoids && !isAvoided
  })
}

function terms(pod: New<Pod>, field: 'podAffinity' | 'podAntiAffinity'): readonly Term[] {
  return (asRecord(asRecord(pod.spec.affinity)[field])[REQUIRED] ?? []) as readonly Term[]
}

function meetsAll(pod: New<Pod>, wanted: readonly Term[]): boolean {
  return wanted.length > 0 && wanted.every(term => meets(pod, term))
}

function meets(
  { metadata: { labels = {} } }: New<Pod>,
  { labelSelector: { matchLabels = {}, matchExpressions = [] } }: Term,
) {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }) => {
      const isIn = labels[key] !== undefined && values.includes(labels[key])
      if (operator === 'In') return isIn
      if (operator === 'NotIn') return !isIn
      throw new Error(`an operator that nothing here uses: ${operator}`)
    })
  )
}
