/**
 * Which tasks of a run may take over their outcome from an earlier one (`tektite.dev/from-failed`). Here it is said who may
 * at all; each TaskRun then compares itself with the earlier one (`task-run/inherit.ts`), and runs if it is another.
 *
 * A task that comes after one that runs anew runs anew too: that one may have written something else into a workspace, or
 * done something outside. `finally` runs anew, unless it is that of a nested pipeline of which nothing else did.
 */
import { FROM_FAILED_ANNOTATION, INHERITED_FROM_ANNOTATION } from '../../resources/annotations.js'
import type { PipelineRun, PipelineSpec } from '../../resources/tekton.js'
import { buildGraph } from '../../run/graph.js'
import { inheritedFrom } from '../../run/inherited.js'
import type { TaskState } from '../../run/pipeline-task-state.js'
import type { Decision } from '../decision.js'
import { ANCESTORS_ANNOTATION } from './ancestors.js'

/** The name of the earlier run, for those of its tasks that may be taken over. */
export function earlierRunFor(
  run: PipelineRun,
  spec: PipelineSpec,
  states: readonly TaskState[],
): (task: string, isFinal: boolean) => string | undefined {
  const earlier = run.metadata.annotations?.[FROM_FAILED_ANNOTATION]
  if (!earlier) return () => undefined
  const built = buildGraph(spec.tasks ?? [])
  const anew = new Set(states.filter(state => !isCarriedOver(state)).map(({ task }) => task.name))
  const isAllCarriedOver = states.every(state => state.isFinal || isCarriedOver(state))
  return (task, isFinal) => {
    if (isFinal) return isNested(run) && isAllCarriedOver ? earlier : undefined
    const parents = built.is === 'graph' ? (built.graph.parents.get(task) ?? []) : []
    return parents.some(parent => anew.has(parent)) ? undefined : earlier
  }
}

/** What a nested run gains when it is done and nothing of it ran: its parent then knows. */
export function carriedOver(run: PipelineRun, states: readonly TaskState[]): Pick<Decision<unknown>, 'annotations'> {
  const earlier = run.metadata.annotations?.[FROM_FAILED_ANNOTATION]
  if (!earlier || !isNested(run) || !states.every(isCarriedOver)) return {}
  return { annotations: { [INHERITED_FROM_ANNOTATION]: earlier } }
}

/** A skip leaves nothing behind that could be another. */
function isCarriedOver({ phase, children }: TaskState): boolean {
  if (phase.is === 'skipped') return true
  return phase.is === 'succeeded' && children.every(child => inheritedFrom(child) !== undefined)
}

function isNested(run: PipelineRun): boolean {
  return run.metadata.annotations?.[ANCESTORS_ANNOTATION] !== undefined
}
