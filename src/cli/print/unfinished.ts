/** What the runs that have not ended are waiting for, when somebody has stopped waiting for them. */
import type { PipelineRun, TaskRun } from '../../resources/tekton.js'
import { isDone, succeededCondition } from '../../status/conditions.js'
import { printable, type Style } from './style.js'

export function unfinishedLines(runs: readonly (PipelineRun | TaskRun)[], style: Style): readonly string[] {
  return runs
    .filter(run => !isDone(run))
    .map(run => `${style.bold(`${run.kind} ${printable(run.metadata.name)}`)}  ${printable(reasonOf(run))}\n`)
}

function reasonOf(run: PipelineRun | TaskRun): string {
  const { managedBy } = run.spec
  if (managedBy) return `left to ${managedBy}, as managedBy says`
  const { reason = '', message = '' } = succeededCondition(run) ?? { reason: 'not begun' }
  return message ? `${reason}: ${message}` : reason
}
