/** What a delete comes to: gone at once, or marked until what holds the object lets go. Pure. */

import { sameJson } from '../../lib/same-json.js'
import { fromTimestamp, toTimestamp } from '../../lib/time.js'
import type { AnyKind } from '../../resources/kinds.js'
import type { ObjectMeta } from '../../resources/meta.js'
import type { PropagationPolicy } from '../cluster.js'
import type { Stored } from './keys.js'
import { withStatus } from './revise.js'
import { frozenCopy } from './values.js'

/** As Kubernetes: what a Pod gets that does not say. */
const DEFAULT_GRACE_SECONDS = 30

/** Kubernetes' own finalizers: the collector takes them off when what depends on the object is gone, or forgot it. */
export const FOREGROUND = 'foregroundDeletion'
export const ORPHAN = 'orphan'
/** Of a CustomResourceDefinition: its objects go first. */
export const CLEAN_UP = 'customresourcecleanup.apiextensions.k8s.io'

export interface DeletionRequest {
  /** Epoch ms. */
  readonly now: number
  readonly graceSeconds: number | undefined
  /** Undefined: what the object's own finalizers say. */
  readonly propagationPolicy: PropagationPolicy | undefined
  /** Whether another object names this one as its owner. */
  readonly hasDependents: boolean
  /** Of a CustomResourceDefinition: whether there are objects of its kind. */
  readonly hasInstances: boolean
}

export type Deletion =
  | { readonly is: 'remove' }
  /** Only marked, and `object` is the new state. */
  | { readonly is: 'mark'; readonly object: Stored }
  /** Marked before, and not more urgent now. */
  | { readonly is: 'waiting' }

/**
 *  - A Pod goes at once with `graceSeconds: 0` (the kubelet's last word), or when it has ended. Otherwise it is only
 *    marked, also when no kubelet has seen it yet: the kubelet must delete every marked Pod of its with
 *    `graceSeconds: 0`. A second delete can shorten the grace period, not lengthen it.
 *  - Finalizers keep anything; those of the propagation policy are put on here. A Namespace waits until it is empty.
 */
export function deletion(kind: AnyKind, stored: Stored, request: DeletionRequest): Deletion {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers: before = [], ...rest } = stored.metadata
  const graceSeconds = kind === 'Pod' ? podGrace(stored, request.graceSeconds) : 0
  const finalizers = finalizersFor(before, request)
  if (graceSeconds === 0 && kind !== 'Namespace' && finalizers.length === 0) return { is: 'remove' }

  const isMarked = deletionTimestamp !== undefined
  const shortened = !isMarked || graceSeconds < deletionGracePeriodSeconds
  if (!shortened && sameJson(finalizers, before)) return { is: 'waiting' }
  const ends = request.now + graceSeconds * 1000
  const earliest = isMarked ? Math.min(ends, fromTimestamp(deletionTimestamp)) : ends
  const metadata: ObjectMeta = {
    ...rest,
    generation: (rest.generation ?? 1) + (isMarked ? 0 : 1),
    deletionTimestamp: toTimestamp(earliest),
    deletionGracePeriodSeconds: shortened ? graceSeconds : deletionGracePeriodSeconds,
    ...(finalizers.length > 0 && { finalizers }),
  }
  const marked = { ...stored, metadata: frozenCopy(metadata) }
  if (kind !== 'Namespace') return { is: 'mark', object: marked }
  return { is: 'mark', object: withStatus(marked, { ...(stored['status'] as object), phase: 'Terminating' }) }
}

function finalizersFor(
  before: readonly string[],
  { propagationPolicy, hasDependents, hasInstances }: DeletionRequest,
): readonly string[] {
  const kept = propagationPolicy === undefined ? before : before.filter(one => one !== FOREGROUND && one !== ORPHAN)
  const own = { Foreground: [FOREGROUND], Orphan: [ORPHAN], Background: [] }[propagationPolicy ?? 'Background']
  return [...new Set([...kept, ...(hasDependents ? own : []), ...(hasInstances ? [CLEAN_UP] : [])])]
}

function podGrace(pod: Stored, asked: number | undefined): number {
  const { status, spec } = pod as { status?: { phase?: string }; spec?: { terminationGracePeriodSeconds?: number } }
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return 0
  return Math.max(0, asked ?? spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS)
}

/** Whether a marked object has nothing left to wait for. A Namespace is asked elsewhere: it must be empty, too. */
export function isReadyToGo(kind: AnyKind, object: Stored): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata
  if (deletionTimestamp === undefined || (finalizers ?? []).length > 0 || kind === 'Namespace') return false
  return kind !== 'Pod' || deletionGracePeriodSeconds === 0
}

/** Whether a marked object carries this finalizer. */
export function isHeldBy(finalizer: string, { metadata }: Stored): boolean {
  return metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(finalizer)
}

export function withoutFinalizer(object: Stored, finalizer: string): Stored {
  const { finalizers = [], ...rest } = object.metadata
  const left = finalizers.filter(one => one !== finalizer)
  return { ...object, metadata: { ...rest, ...(left.length > 0 && { finalizers: Object.freeze(left) }) } }
}
