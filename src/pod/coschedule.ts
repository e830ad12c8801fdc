/**
 * Tekton's `coschedule` without placeholder Pods: Pods of a run follow each other. A required Pod affinity that matches
 * the Pod's own labels holds for the first of them too, and Pods that have ended count no more; so it binds those that
 * run at the same time, and no longer than they do. That is what a volume asks for that one node at a time can have.
 */
import { asRecord } from '../resources/shape.js'
import { childName } from '../run/names.js'
import type { FeatureFlags } from '../run/settings.js'

export const PIPELINE_RUN_UID_LABEL = 'tekton.dev/pipelineRunUID'
/** The claim whose users are to meet on one node. */
const CLAIM_LABEL = 'tektite.dev/claim'
/** How a Pod is placed, where that concerns Pods of other runs. */
export const COSCHEDULE_LABEL = 'tektite.dev/coschedule'

export interface ClaimFacts {
  readonly accessModes: readonly string[]
  /** The node that the scheduler bound the claim's volume for, if it waited for a Pod with that. */
  readonly selectedNode?: string | undefined
}

export interface Coschedule {
  readonly labels: Readonly<Record<string, string>>
  /** The Pod's whole affinity. */
  readonly affinity: unknown
}

export interface CoscheduleInput {
  readonly mode: FeatureFlags['coschedule']
  /** Of the PipelineRun that the TaskRun belongs to, if it does. */
  readonly pipelineRunUid: string | undefined
  /** Claims of the workspaces that other Pods may use too, by name. */
  readonly claims: ReadonlyMap<string, ClaimFacts | undefined>
  /** Of the podTemplate. */
  readonly affinity: unknown
}

export function coschedule({ mode, pipelineRunUid, claims, affinity }: CoscheduleInput): Coschedule {
  const none = { labels: {}, affinity }
  if (mode === 'disabled') return none
  const bound = [...claims].filter(([, facts]) => !isForManyNodes(facts))
  const before = [...new Set(bound.flatMap(([, facts]) => facts?.selectedNode ?? []))]
  const nearVolumes = before.map(node => ({ weight: 100, preference: { matchFields: [nodeNamed(node)] } }))
  if (mode === 'workspaces') {
    const claim = bound[0]?.[0]
    if (claim === undefined) return none
    const labels = { [CLAIM_LABEL]: childName(claim, '') }
    const run = pipelineRunUid && { [PIPELINE_RUN_UID_LABEL]: pipelineRunUid }
    return {
      labels,
      affinity: withAffinity(affinity, {
        follows: run ? [together({ matchLabels: { ...run, ...labels } })] : [],
        // Other runs may use the claim too; some volumes can be on several nodes whatever their claims say.
        wouldFollow: [together({ matchLabels: labels })],
        avoids: [],
        nearVolumes,
      }),
    }
  }
  if (!pipelineRunUid) return none
  const labels = mode === 'isolate-pipelinerun' ? { [COSCHEDULE_LABEL]: mode } : {}
  const others = [
    { key: COSCHEDULE_LABEL, operator: 'In', values: [mode] },
    { key: PIPELINE_RUN_UID_LABEL, operator: 'NotIn', values: [pipelineRunUid] },
  ]
  return {
    labels,
    affinity: withAffinity(affinity, {
      follows: [together({ matchLabels: { [PIPELINE_RUN_UID_LABEL]: pipelineRunUid } })],
      wouldFollow: [],
      avoids: mode === 'isolate-pipelinerun' ? [together({ matchExpressions: others })] : [],
      nearVolumes,
    }),
  }
}

function isForManyNodes(facts: ClaimFacts | undefined): boolean {
  return facts?.accessModes.some(mode => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany') ?? false
}

function nodeNamed(node: string): unknown {
  return { key: 'metadata.name', operator: 'In', values: [node] }
}

/** On one node, or, as anti-affinity, not on one node. */
function together(labelSelector: Readonly<Record<string, unknown>>): unknown {
  return { labelSelector, topologyKey: 'kubernetes.io/hostname' }
}

interface Wishes {
  /** Terms that must hold. */
  readonly follows: readonly unknown[]
  readonly wouldFollow: readonly unknown[]
  readonly avoids: readonly unknown[]
  readonly nearVolumes: readonly unknown[]
}

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'

/**
 * To what the author wants. Who wants to follow other Pods must go on doing so: the scheduler looks for one node's Pods
 * that meet all required terms at once, and lets a first Pod pass only if it meets them all itself. A second term would
 * then never be met, so ours is a wish there.
 */
function withAffinity(written: unknown, { follows, wouldFollow, avoids, nearVolumes }: Wishes): unknown {
  const own = asRecord(written)
  const followsOthers = list(asRecord(own['podAffinity'])[REQUIRED]).length > 0
  const wishes = [...(followsOthers ? follows : []), ...wouldFollow].map(podAffinityTerm => ({
    weight: 100,
    podAffinityTerm,
  }))
  return {
    ...own,
    ...added(own, 'nodeAffinity', { [PREFERRED]: nearVolumes }),
    ...added(own, 'podAffinity', { [REQUIRED]: followsOthers ? [] : follows, [PREFERRED]: wishes }),
    ...added(own, 'podAntiAffinity', { [REQUIRED]: avoids }),
  }
}

function added(
  own: Readonly<Record<string, unknown>>,
  field: string,
  more: Readonly<Record<string, readonly unknown[]>>,
): Readonly<Record<string, unknown>> {
  const before = asRecord(own[field])
  const lists = Object.entries(more).filter(([, terms]) => terms.length > 0)
  if (lists.length === 0) return {}
  return {
    [field]: { ...before, ...Object.fromEntries(lists.map(([key, terms]) => [key, [...list(before[key]), ...terms]])) },
  }
}

function list(written: unknown): readonly unknown[] {
  return Array.isArray(written) ? written : []
}
