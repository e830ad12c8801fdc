/** All that there is of a run, together: as it is while its objects live, and as the archive keeps it. */
import type { CoreEvent } from './core.js'
import type { CustomRun, PipelineRun, TaskRun } from './tekton.js'

export interface RunRecord {
  readonly run: PipelineRun | TaskRun
  /** Of the run and of its nested PipelineRuns, in the order in which they were made; of a TaskRun none. */
  readonly taskRuns: readonly TaskRun[]
  readonly customRuns: readonly CustomRun[]
  /** The nested ones. */
  readonly pipelineRuns: readonly PipelineRun[]
  /** Of all of these, oldest first. */
  readonly events: readonly CoreEvent[]
}
