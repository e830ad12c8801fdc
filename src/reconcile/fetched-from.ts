/** Where a resolver fetched from what a run runs, for `status.provenance` and its steps. */
import type { RefSource, StepState, TaskRunStatus, TaskSpec } from '../resources/tekton.js'
import { stepContainerName } from '../run/task-variables.js'
import type { Lookup, TaskRunWorld } from './decision.js'

export function refSourceOf(lookup: Lookup<unknown>): RefSource | undefined {
  return lookup.is === 'found' ? lookup.from?.refSource : undefined
}

/** `status.steps[].provenance` of steps whose StepAction was fetched; they are named before there is a Pod. */
export function stepProvenance(
  status: TaskRunStatus,
  task: TaskSpec,
  { stepActions, settings }: Pick<TaskRunWorld, 'stepActions' | 'settings'>,
): Pick<TaskRunStatus, 'steps'> {
  if (!settings.flags.enableProvenanceInStatus || status.steps) return {}
  const steps = [...stepActions]
    .sort(([a], [b]) => a - b)
    .flatMap(([index, lookup]): readonly StepState[] => {
      const refSource = refSourceOf(lookup)
      const step = task.steps[index]
      if (refSource === undefined || step === undefined) return []
      const container = stepContainerName(step, index)
      return [{ name: container.replace(/^step-/, ''), container, provenance: { refSource } }]
    })
  return steps.length > 0 ? { steps } : {}
}
