/** Pipelines and Tasks are shown alike. Pure. */
import type { PipelineSpec, TaskSpec } from '../../../../src/resources/tekton.js'
import type { ApiObject } from '../../api/watch.js'

export type DefinitionKind = 'Pipeline' | 'Task'

export interface Definition extends ApiObject {
  readonly spec: PipelineSpec | TaskSpec
}

export interface KindWords {
  readonly plural: string
  readonly title: string
  /** The field of a run that names it, and what runs are asked for with. */
  readonly field: 'pipeline' | 'task'
  readonly example: string
}

export const WORDS: Readonly<Record<DefinitionKind, KindWords>> = {
  Pipeline: { plural: 'pipelines', title: 'Pipelines', field: 'pipeline', example: 'tektite init' },
  Task: { plural: 'tasks', title: 'Tasks', field: 'task', example: 'kubectl apply -f task.yaml' },
}

export function definitionHref(kind: DefinitionKind, { metadata }: Definition): string {
  const { namespace = '', name } = metadata
  return `/${WORDS[kind].plural}/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`
}

/** `4 tasks, 1 finally`, or `3 steps`. */
export function sizeText({ spec }: Definition): string {
  if ('steps' in spec) return counted(spec.steps?.length ?? 0, 'step')
  const pipeline = spec as PipelineSpec
  const last = pipeline.finally?.length ?? 0
  return `${counted(pipeline.tasks?.length ?? 0, 'task')}${last > 0 ? `, ${last} finally` : ''}`
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
