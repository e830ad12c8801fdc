/** Pipelines inside pipelines: which ones a run is inside of, so that none runs inside itself, nor without end. */
import { createHash } from 'node:crypto'
import type { PipelineRun, PipelineTask, Reference } from '../../resources/tekton.js'

/** On a PipelineRun that a PipelineRun made: the pipelines it is inside of, outermost first, parted by blanks. */
export const ANCESTORS_ANNOTATION = 'tektite.dev/ancestor-pipelines'

/**
 * A chain of Pipelines by name comes back to one it knows. One of remote references, whose params can grow at every
 * level, need not, and every level can have several: this is far above what people write and far below what hurts.
 */
const MAX_DEPTH = 10

/** Innermost first: the run's own pipeline, the one around it, and so on. */
export function ancestorPipelines(run: PipelineRun): readonly string[] {
  const outer = (run.metadata.annotations?.[ANCESTORS_ANNOTATION] ?? '').split(' ').filter(name => name !== '')
  const { pipelineRef } = run.spec
  // Two runs of an inline pipeline never have the same name, and no Pipeline has a slash in its own.
  return [pipelineRef ? identity(pipelineRef) : `run/${run.metadata.name}`, ...outer.reverse()]
}

export function ancestorsAnnotation(run: PipelineRun): string {
  return [...ancestorPipelines(run)].reverse().join(' ')
}

/** Why this pipeline task must not start a pipeline, in Tekton's words where it has some. */
export function nestingProblem(run: PipelineRun, task: PipelineTask): string | undefined {
  if (!task.pipelineRef && !task.pipelineSpec) return undefined
  const ancestors = ancestorPipelines(run)
  const wanted = task.pipelineRef && identity(task.pipelineRef)
  const found = wanted === undefined ? -1 : ancestors.indexOf(wanted)
  if (found >= 0) {
    const between = ancestors.slice(0, found).map(shown).join(' ')
    return `detected cycle in pipeline-in-pipeline: pipeline "${shown(wanted ?? '')}" is already running in ancestor chain [${between}]`
  }
  if (ancestors.length < MAX_DEPTH) return undefined
  return `pipeline task "${task.name}" would be level ${ancestors.length + 1} of pipelines in pipelines, and ${MAX_DEPTH} is the most: [${ancestors.map(shown).join(' ')}]. If this is not a pipeline that starts itself, put inner tasks into outer pipelines`
}

/** What has the same text is the same pipeline. Remote ones are told apart by their params. */
function identity({ name, resolver, params }: Reference): string {
  if (!resolver) return name ?? ''
  const hash = createHash('sha256')
    .update(JSON.stringify([name, params]))
    .digest('hex')
    .slice(0, 10)
  return `${resolver}/${hash}`
}

function shown(entry: string): string {
  return entry.replace(/^run\//, '')
}
