/**
 * What the kinds and types of Tekton, Triggers and Tektite are for, in our own words: schemas are made of the shapes and
 * of this. Loaded only by those who make schemas.
 */
import { DELIVERY_TYPES } from './descriptions/deliveries.js'
import type { Description } from './descriptions/description.js'
import { PIPELINE_TYPES } from './descriptions/pipelines.js'
import { RUN_TYPES } from './descriptions/runs.js'
import { STATUS_TYPES } from './descriptions/statuses.js'
import { TASK_TYPES } from './descriptions/tasks.js'
import { TRIGGER_TYPES } from './descriptions/triggers.js'

const TYPES = {
  ...TASK_TYPES,
  ...PIPELINE_TYPES,
  ...RUN_TYPES,
  ...STATUS_TYPES,
  ...TRIGGER_TYPES,
  ...DELIVERY_TYPES,
} as const

export type DescribedType = keyof typeof TYPES

export const DESCRIPTIONS: Readonly<Record<DescribedType, Description>> = TYPES

export const KIND_DESCRIPTIONS: Readonly<Record<string, string>> = {
  Task: 'A Task is a list of steps that run one after the other in one Pod.',
  TaskRun: 'A TaskRun runs a Task once.',
  Pipeline: 'A Pipeline is a set of Tasks and of what they need of each other.',
  PipelineRun: 'A PipelineRun runs a Pipeline once.',
  StepAction: 'A StepAction is a step that several Tasks can refer to.',
  CustomRun: 'A CustomRun is a task of a Pipeline that a controller of somebody else does.',
  ResolutionRequest: 'A ResolutionRequest asks a resolver for a Task, Pipeline or StepAction that is kept elsewhere.',
  EventListener: 'An EventListener is an address for webhooks, and the triggers that are tried for each of them.',
  Trigger: 'A Trigger says what is created when an event comes, and whether.',
  TriggerBinding: 'A TriggerBinding takes values from an event, for the parameters of a TriggerTemplate.',
  ClusterTriggerBinding: 'A ClusterTriggerBinding is a TriggerBinding for all namespaces.',
  TriggerTemplate: 'A TriggerTemplate is a set of objects that are created when a trigger fires.',
  ClusterInterceptor: 'A ClusterInterceptor is a service that checks and changes events, for all namespaces.',
  Interceptor: 'An Interceptor is a service that checks and changes events.',
  Schedule: 'A Schedule is a trigger that the clock fires.',
  Delivery:
    'A Delivery is an event that came in, and what the triggers made of it. It is kept for a while, and nobody writes it.',
  Run: 'A Run is a PipelineRun or a TaskRun with all that belongs to it, as it is or as it was: it is listed, found and shown also when its objects are gone. Nobody writes it.',
}

/** What every kind has. */
export const KIND_FIELDS = {
  apiVersion: 'The API group and version that this object is written in, such as tekton.dev/v1.',
  kind: 'The kind of this object, in CamelCase.',
  metadata: 'Name, namespace, labels, annotations, and what else every object has.',
  spec: 'The desired state.',
  status: 'The observed state, which the engine writes.',
} as const
