/**
 * How much a pass reads of what may be there. A status lists its children after they are made, so what it does not list is
 * there only if a pass was killed in between, or is somebody else's. To read under every name that a child may have, in every
 * pass, would be most of what a run reads. So a pass first reads what is listed, and all the rest when it matters:
 *
 *  - what is to be made tells by itself that it is there already;
 *  - a decision that gives something up must know what it gives up, and is made again on all that there is;
 *  - what merely goes on waiting may be there or not.
 */
import type { PipelineRun, TaskRun } from '../resources/tekton.js'
import { isDone } from '../status/conditions.js'
import type { Decision } from './decision.js'

export type Look = 'listed' | 'all'

/** Something was begun, or will never be: the status says so. */
export function hasListed({ status }: PipelineRun): boolean {
  return (status?.childReferences ?? []).length + (status?.skippedTasks ?? []).length > 0
}

/** Nothing says that it has begun, or that it should not. */
export function isNew({ spec, status }: TaskRun): boolean {
  return spec.status === undefined && status?.startTime === undefined && status?.retriesStatus === undefined
}

/** It ends the run, skips what may have begun, or stops something. */
export function givesUp(run: PipelineRun | TaskRun, { actions, status }: Decision<object>): boolean {
  return (
    isDone({ status }) ||
    skippedIn(status) > skippedIn(run.status ?? {}) ||
    actions.some(action => action.do !== 'create')
  )
}

function skippedIn(status: object): number {
  const { skippedTasks } = status as NonNullable<PipelineRun['status']>
  return (skippedTasks ?? []).length
}

/** The pipeline tasks whose TaskRuns a decision makes. */
export function startedTasks({ actions }: Decision<unknown>): ReadonlySet<string> {
  const names = actions.flatMap(action =>
    action.do === 'create' && action.kind === 'TaskRun'
      ? (action.object.metadata.labels?.['tekton.dev/pipelineTask'] ?? [])
      : [],
  )
  return new Set(names)
}
