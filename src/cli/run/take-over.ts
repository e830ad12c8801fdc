/** Puts what is left of the last run into the engine of this one, for `--from-failed`. */
import { join } from 'node:path'
import type { EmbeddedEngine } from '../../embedded.js'
import { NOT_INHERITED_ANNOTATION } from '../../resources/annotations.js'
import type { New } from '../../resources/meta.js'
import type { PipelineRun, TaskRun } from '../../resources/tekton.js'
import { succeededCondition } from '../../status/conditions.js'
import { onOneLine, type Style } from '../print/style.js'
import { putBack } from './kept-folder.js'
import type { LastRun } from './last-run.js'

/** Whose the TaskRuns of the last run are said to be: nobody's here, so that no one works on them. */
const LAST_RUN = 'tektite.dev/last-run'

/** Before anything runs. */
export async function takeOver(
  { cluster, workingCopies }: EmbeddedEngine,
  place: string,
  last: LastRun,
): Promise<void> {
  for (const { folder, place: at, changes } of last.folders) {
    const copy = workingCopies.find(one => one.folder === folder)
    if (copy === undefined) throw new Error(`--from-failed: folder "${folder}" is not one of this run`)
    await putBack(join(place, at), copy.view, changes)
  }
  for (const { apiVersion, kind, metadata, spec, status } of last.taskRuns) {
    const { name, namespace, labels, annotations } = metadata
    const created = await cluster.create('TaskRun', {
      apiVersion,
      kind,
      metadata: { name, namespace, ...(labels && { labels }), ...(annotations && { annotations }) },
      spec: { ...spec, managedBy: LAST_RUN },
    })
    await cluster.replaceStatus('TaskRun', { ...created, ...(status && { status }) })
  }
}

export function isOfLastRun(run: PipelineRun | TaskRun): boolean {
  return run.spec.managedBy === LAST_RUN
}

/** The TaskRuns of the last run have names made of its name, so this one has another. */
export function withNameOfItsOwn<R extends New<PipelineRun | TaskRun>>(run: R): R {
  const { name, ...metadata } = run.metadata
  return name === undefined ? run : { ...run, metadata: { ...metadata, generateName: `${name}-` } }
}

/** What had succeeded, and ran all the same. */
export function ranAgainLines(
  runs: readonly (PipelineRun | TaskRun)[],
  last: LastRun,
  style: Style,
): readonly string[] {
  const succeeded = last.taskRuns.filter(run => succeededCondition(run)?.status === 'True')
  const tasks = new Set(succeeded.map(taskOf))
  return runs.flatMap(run => {
    const why = run.metadata.annotations?.[NOT_INHERITED_ANNOTATION]
    if (run.kind !== 'TaskRun' || why === undefined || !tasks.has(taskOf(run))) return []
    return [`${style.dim('note')}: ${onOneLine(taskOf(run))} ran again: ${onOneLine(why)}\n`]
  })
}

function taskOf({ metadata: { labels, name } }: TaskRun): string {
  return labels?.['tekton.dev/pipelineTask'] ?? name
}
