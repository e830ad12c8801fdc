/**
 * Children that have ended, of PipelineRuns that have not: done is never left again, so they are read once and not in every
 * pass of their run. Of a run of ten tasks in a row, the last pass would read nine that it has read before.
 *
 * What is kept may have been deleted since: the watch says so, and until it does the run goes on with what the child came
 * to, as if it had been deleted a moment later.
 */
import type { Change } from '../../cluster/cluster.js'
import {
  INHERITED_FROM_ANNOTATION,
  NOT_INHERITED_ANNOTATION,
  STATUS_MESSAGE_ANNOTATION,
} from '../../resources/annotations.js'
import type { PipelineRun, TaskRun } from '../../resources/tekton.js'
import { isDone } from '../../status/conditions.js'
import type { Watched } from '../wake/wakes.js'

type Finished = TaskRun | PipelineRun

export interface FinishedChildren {
  /** @param owner the uid of the PipelineRun */
  find(owner: string, kind: string, name: string): Finished | undefined
  /** Anything but a finished child is passed over. */
  keep(owner: string, child: { readonly kind: string }): void
  /** The run has ended, or is gone. */
  forgetRun(owner: string): void
  /** The watch has said this: what it is about is read again. */
  heard(change: Change<Watched>): void
}

/** For tests, and for whoever has nobody that tells of deletions. */
export const NO_FINISHED_CHILDREN: FinishedChildren = {
  find: () => undefined,
  keep: () => {},
  forgetRun: () => {},
  heard: () => {},
}

/** A kilobyte or two each. Of more than that, the runs that were kept first are read again. */
const MAX_CHILDREN = 20_000

export function createFinishedChildren(limit = MAX_CHILDREN): FinishedChildren {
  const families = new Map<string, Map<string, Finished>>()
  let size = 0

  function forgetRun(owner: string): void {
    size -= families.get(owner)?.size ?? 0
    families.delete(owner)
  }

  function remove(owner: string, key: string): void {
    const family = families.get(owner)
    if (!family?.delete(key)) return
    size -= 1
    if (family.size === 0) families.delete(owner)
  }

  return {
    find: (owner, kind, name) => families.get(owner)?.get(`${kind}/${name}`),
    keep(owner, child) {
      if (!isRun(child) || !isDone(child)) return
      const key = `${child.kind}/${child.metadata.name}`
      remove(owner, key)
      const family = families.get(owner) ?? new Map<string, Finished>()
      families.set(owner, family.set(key, slim(child)))
      size += 1
      for (const oldest of families.keys()) {
        if (size <= limit || oldest === owner) break
        forgetRun(oldest)
      }
    },
    forgetRun,
    heard(change) {
      if (change.type === 'listed') {
        // After a gap, anything may have gone.
        families.clear()
        size = 0
      } else if (change.type === 'removed') {
        const { kind, metadata } = change.item
        if (kind === 'PipelineRun') forgetRun(metadata.uid)
        for (const { controller, uid } of metadata.ownerReferences ?? []) {
          if (controller) remove(uid, `${kind}/${metadata.name}`)
        }
      }
    },
  }
}

function isRun(child: { readonly kind: string }): child is Finished {
  return child.kind === 'TaskRun' || child.kind === 'PipelineRun'
}

const READ_ANNOTATIONS = [STATUS_MESSAGE_ANNOTATION, INHERITED_FROM_ANNOTATION, NOT_INHERITED_ANNOTATION]

/** What a parent reads of a child that has ended. Its steps, its task and its spec stay behind. */
function slim<R extends Finished>(run: R): R {
  const { metadata, spec, status } = run
  const annotations = READ_ANNOTATIONS.flatMap(name => {
    const text = metadata.annotations?.[name]
    return text === undefined ? [] : [[name, text] as const]
  })
  const { conditions, results, artifacts } = (status ?? {}) as NonNullable<TaskRun['status']>
  const told = spec as TaskRun['spec']
  return {
    apiVersion: run.apiVersion,
    kind: run.kind,
    metadata: { ...metadata, annotations: Object.fromEntries(annotations) },
    spec: {
      ...(told.status !== undefined && { status: told.status }),
      ...(told.statusMessage !== undefined && { statusMessage: told.statusMessage }),
    },
    status: { ...(conditions && { conditions }), ...(results && { results }), ...(artifacts && { artifacts }) },
  } as unknown as R
}
