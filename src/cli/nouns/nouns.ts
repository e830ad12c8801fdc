/** What the command line calls the kinds, and what can be done with each: tkn's words. Pure. */
import type { Kind } from '../../resources/kinds.js'

export const VERBS = ['list', 'describe', 'start', 'logs', 'cancel', 'rerun', 'delete', 'export'] as const
export type Verb = (typeof VERBS)[number]

export interface Noun {
  readonly name: string
  readonly aliases: readonly string[]
  readonly kind: NounKind
  readonly verbs: readonly Verb[]
  /** One line of `--help`. */
  readonly summary: string
}

export type NounKind = Extract<
  Kind,
  | 'Pipeline'
  | 'PipelineRun'
  | 'Task'
  | 'TaskRun'
  | 'CustomRun'
  | 'StepAction'
  | 'EventListener'
  | 'TriggerBinding'
  | 'ClusterTriggerBinding'
  | 'TriggerTemplate'
  | 'ClusterInterceptor'
  | 'Interceptor'
  | 'Schedule'
>

const DEFINITION: readonly Verb[] = ['list', 'describe', 'delete', 'export']
const STARTABLE: readonly Verb[] = ['list', 'describe', 'start', 'logs', 'delete', 'export']
const RUN: readonly Verb[] = ['list', 'describe', 'logs', 'cancel', 'rerun', 'delete', 'export']

function noun(kind: NounKind, short: string, verbs: readonly Verb[], summary: string): Noun {
  const name = kind.toLowerCase()
  return { name, aliases: [...(short === '' ? [] : [short]), `${name}s`], kind, verbs, summary }
}

export const NOUNS = {
  pipeline: noun('Pipeline', 'p', STARTABLE, 'Pipelines: list, describe, start, logs, delete, export'),
  pipelinerun: noun('PipelineRun', 'pr', RUN, 'PipelineRuns: list, describe, logs, cancel, rerun, delete, export'),
  task: noun('Task', 't', STARTABLE, 'Tasks: list, describe, start, logs, delete, export'),
  taskrun: noun('TaskRun', 'tr', RUN, 'TaskRuns: list, describe, logs, cancel, rerun, delete, export'),
  customrun: noun('CustomRun', 'cr', ['list', 'describe', 'cancel', 'delete', 'export'], 'CustomRuns'),
  stepaction: noun('StepAction', '', DEFINITION, 'StepActions'),
  eventlistener: noun('EventListener', 'el', DEFINITION, 'EventListeners, with their triggers'),
  triggerbinding: noun('TriggerBinding', 'tb', DEFINITION, 'TriggerBindings'),
  clustertriggerbinding: noun('ClusterTriggerBinding', 'ctb', DEFINITION, 'ClusterTriggerBindings'),
  triggertemplate: noun('TriggerTemplate', 'tt', DEFINITION, 'TriggerTemplates'),
  clusterinterceptor: noun('ClusterInterceptor', 'ci', DEFINITION, 'ClusterInterceptors'),
  interceptor: noun('Interceptor', '', DEFINITION, 'Interceptors of a namespace'),
} as const satisfies Readonly<Record<string, Noun>>

/** Schedules have verbs of their own besides. */
export const SCHEDULE: Noun = noun('Schedule', 'sched', ['describe', 'delete', 'export'], 'Schedules')

export const RUN_KINDS = { Pipeline: 'PipelineRun', Task: 'TaskRun' } as const
/** What a run is one of is said by this label. */
export const DEFINITION_LABELS = {
  PipelineRun: 'tekton.dev/pipeline',
  TaskRun: 'tekton.dev/task',
} as const

export type RunKind = 'PipelineRun' | 'TaskRun' | 'CustomRun'

export function isRunKind(kind: Kind): kind is RunKind {
  return kind === 'PipelineRun' || kind === 'TaskRun' || kind === 'CustomRun'
}
