/**
 * Whom a change concerns. Reading a run again for no reason costs a pass, forgetting to read it costs the run, so the
 * rule errs on waking: only changes that a pass itself has just written are left out.
 */

import { type RunKey, runKey } from '../../queue/queue.js'
import type { Pod } from '../../resources/core.js'
import { apiVersionOf } from '../../resources/kinds.js'
import type { ObjectMeta } from '../../resources/meta.js'
import type { ResolutionRequest } from '../../resources/resolution.js'
import type { CustomRun, PipelineRun, TaskRun } from '../../resources/tekton.js'
import { isDone } from '../../status/conditions.js'

export type Watched = PipelineRun | TaskRun | CustomRun | ResolutionRequest | Pod

/** What the watcher remembers of an object to tell what changed. */
export interface Digest {
  readonly generation: number
  readonly deleting: boolean
  readonly done: boolean
}

export function digestOf(object: Exclude<Watched, Pod>): Digest {
  return {
    generation: object.metadata.generation ?? 0,
    deleting: object.metadata.deletionTimestamp !== undefined,
    done: isDone(object),
  }
}

/** The runs to look at after `object` became what it is; `before` is undefined when it was not known. Of Pods: `podNews`. */
export function wakesAfterPut(object: Exclude<Watched, Pod>, before: Digest | undefined): readonly RunKey[] {
  const now = digestOf(object)
  const owner = ownerKeys(object.metadata)
  // Status is written by our own pass, which knows; spec and deletion come from outside.
  const asked = before === undefined || before.generation !== now.generation || before.deleting !== now.deleting
  const self = asked && !now.done ? selfKeys(object) : []
  const finished = now.done && before?.done !== true
  return finished ? [...self, ...owner] : self
}

export function wakesAfterRemoval(object: Watched): readonly RunKey[] {
  return ownerKeys(object.metadata)
}

/** What a fresh list wakes by itself: every unfinished run in it. */
export function wakesAfterList(object: Watched): readonly RunKey[] {
  if (object.kind === 'Pod' || isDone(object)) return []
  return selfKeys(object)
}

/**
 * Of which kind the owners are that a fresh list of `kind` concerns. What ended or went in the gap before it is not told,
 * and the owners' own watch may have had no gap: all unfinished ones are to be woken.
 */
export function ownersAfterList(kind: Watched['kind']): readonly ('PipelineRun' | 'TaskRun')[] {
  if (kind === 'ResolutionRequest') return ['PipelineRun', 'TaskRun']
  return [kind === 'Pod' ? 'TaskRun' : 'PipelineRun']
}

export function selfKeys(object: Exclude<Watched, Pod>): readonly RunKey[] {
  if (object.kind === 'CustomRun' || object.kind === 'ResolutionRequest') return []
  return [runKey(object.kind, object.metadata)]
}

/** Whom the end of a run or a change of a Pod concerns: its controlling owner, if that is a run of ours. */
export function ownerKeys(metadata: ObjectMeta): readonly RunKey[] {
  return (metadata.ownerReferences ?? []).flatMap(owner => {
    if (owner.controller !== true) return []
    if (owner.kind !== 'PipelineRun' && owner.kind !== 'TaskRun') return []
    if (owner.apiVersion !== apiVersionOf(owner.kind)) return []
    return [runKey(owner.kind, { namespace: metadata.namespace, name: owner.name })]
  })
}
