/** What a CloudEvent about a run says: type, attributes and body as Tekton's. Pure. */
import type { Condition, Resource } from '../resources/meta.js'
import type { Json } from '../resources/shape.js'
import { runToV1beta1 } from '../resources/to-v1beta1.js'

export type CloudEventKind = 'TaskRun' | 'PipelineRun' | 'CustomRun'

export interface CloudEvent {
  /** `dev.tekton.event.<kind>.<state>.v1` */
  readonly type: string
  readonly source: string
  readonly subject: string
  /** Made when it is asked for: a run may be large. */
  readonly body: () => Json
}

/** `undefined` stands for a run that has no `Succeeded` condition yet. */
export function cloudEventType(kind: CloudEventKind, condition: Condition | undefined): string {
  return `dev.tekton.event.${kind.toLowerCase()}.${stateOf(kind, condition)}.v1`
}

function stateOf(kind: CloudEventKind, condition: Condition | undefined): string {
  if (condition === undefined) return kind === 'CustomRun' ? 'started' : 'queued'
  if (condition.status === 'True') return 'successful'
  if (condition.status === 'False') return 'failed'
  if (kind === 'CustomRun' || condition.reason === 'Running') return 'running'
  return condition.reason === 'Started' ? 'started' : 'unknown'
}

const BODY_FIELDS = { TaskRun: 'taskRun', PipelineRun: 'pipelineRun', CustomRun: 'customRun' } as const

/** The run in the shape of v1beta1, as receivers of Tekton's events have always had it. */
export function cloudEventOf(run: Resource, condition: Condition | undefined): CloudEvent {
  const kind = run.kind as CloudEventKind
  const { namespace, name } = run.metadata
  return {
    type: cloudEventType(kind, condition),
    source: `/apis/${run.apiVersion}/namespaces/${namespace}/${kind}/${name}`,
    subject: name,
    body: () => ({ [BODY_FIELDS[kind]]: runToV1beta1(run) }),
  }
}
