/** Every kind there is without being defined. Adding one is a line in `Kinds` and a row in `KINDS`, or one in `PLAIN_KINDS`. */
import type {
  ConfigMap,
  CoreEvent,
  LimitRange,
  Namespace,
  Opaque,
  PersistentVolumeClaim,
  Pod,
  Secret,
  ServiceAccount,
} from './core.js'
import type { CustomResourceDefinition } from './custom-resources.js'
import { PLAIN_KINDS, type PlainKind } from './plain-kinds.js'
import type { ResolutionRequest } from './resolution.js'
import type { Schedule } from './schedules.js'
import type { CustomRun, Pipeline, PipelineRun, StepAction, Task, TaskRun } from './tekton.js'
import type {
  ClusterInterceptor,
  ClusterTriggerBinding,
  EventListener,
  Interceptor,
  Trigger,
  TriggerBinding,
  TriggerTemplate,
} from './triggers.js'

export interface Kinds extends Readonly<Record<PlainKind, Opaque>> {
  PipelineRun: PipelineRun
  TaskRun: TaskRun
  CustomRun: CustomRun
  Pipeline: Pipeline
  Task: Task
  StepAction: StepAction
  ResolutionRequest: ResolutionRequest
  EventListener: EventListener
  Trigger: Trigger
  TriggerBinding: TriggerBinding
  ClusterTriggerBinding: ClusterTriggerBinding
  TriggerTemplate: TriggerTemplate
  ClusterInterceptor: ClusterInterceptor
  Interceptor: Interceptor
  Schedule: Schedule
  Pod: Pod
  ConfigMap: ConfigMap
  Secret: Secret
  PersistentVolumeClaim: PersistentVolumeClaim
  ServiceAccount: ServiceAccount
  Namespace: Namespace
  Event: CoreEvent
  LimitRange: LimitRange
  Role: Opaque
  RoleBinding: Opaque
  ClusterRole: Opaque
  ClusterRoleBinding: Opaque
  CustomResourceDefinition: CustomResourceDefinition
  readonly [custom: CustomKind]: Opaque
}

/** A kind of a CustomResourceDefinition, as in `Widget.example.com`: its group may have a Task of its own. */
export type CustomKind = `${string}.${string}`
/** Any kind that objects are stored under, the built-in ones by their bare names. */
export type AnyKind = keyof Kinds
/** A built-in kind. */
export type Kind = Exclude<AnyKind, CustomKind>
/** Any stored object. */
export type AnyResource = Kinds[Kind]

export interface KindInfo {
  readonly group: string
  /** The version objects are stored in; what `parse.ts` turns the others into. */
  readonly version: string
  /** Versions accepted as input, the stored one among them. */
  readonly served: readonly string[]
  readonly plural: string
  readonly namespaced: boolean
  readonly shortNames: readonly string[]
  /** Words that stand for several kinds, as in `kubectl get tekton`. */
  readonly categories?: readonly string[]
  /** Has a status subresource: a plain replace keeps the stored status. */
  readonly status: boolean
}

const pipelineCategories = ['tekton', 'tekton-pipelines']
const triggerCategories = ['tekton', 'tekton-triggers']
const tekton = {
  group: 'tekton.dev',
  version: 'v1',
  served: ['v1', 'v1beta1'],
  namespaced: true,
  categories: pipelineCategories,
}
const triggers = {
  group: 'triggers.tekton.dev',
  version: 'v1beta1',
  served: ['v1beta1', 'v1alpha1'],
  namespaced: true,
  categories: triggerCategories,
}
const interceptors = { ...triggers, version: 'v1alpha1', served: ['v1alpha1'] }
const core = { group: '', version: 'v1', served: ['v1'], namespaced: true }
const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1', served: ['v1'], shortNames: [], status: false }

export const KINDS: Readonly<Record<Kind, KindInfo>> = {
  PipelineRun: { ...tekton, plural: 'pipelineruns', shortNames: ['pr', 'prs'], status: true },
  TaskRun: { ...tekton, plural: 'taskruns', shortNames: ['tr', 'trs'], status: true },
  CustomRun: { ...tekton, version: 'v1beta1', served: ['v1beta1'], plural: 'customruns', shortNames: [], status: true },
  Pipeline: { ...tekton, plural: 'pipelines', shortNames: [], status: false },
  Task: { ...tekton, plural: 'tasks', shortNames: [], status: false },
  StepAction: {
    ...tekton,
    version: 'v1beta1',
    served: ['v1beta1', 'v1alpha1'],
    plural: 'stepactions',
    shortNames: [],
    status: false,
  },
  ResolutionRequest: {
    ...tekton,
    group: 'resolution.tekton.dev',
    version: 'v1beta1',
    served: ['v1beta1'],
    plural: 'resolutionrequests',
    shortNames: [],
    status: true,
  },
  EventListener: { ...triggers, plural: 'eventlisteners', shortNames: ['el'], status: true },
  Trigger: { ...triggers, plural: 'triggers', shortNames: ['tri'], status: false },
  TriggerBinding: { ...triggers, plural: 'triggerbindings', shortNames: ['tb'], status: false },
  ClusterTriggerBinding: {
    ...triggers,
    namespaced: false,
    plural: 'clustertriggerbindings',
    shortNames: ['ctb'],
    status: false,
  },
  TriggerTemplate: { ...triggers, plural: 'triggertemplates', shortNames: ['tt'], status: false },
  ClusterInterceptor: {
    ...interceptors,
    namespaced: false,
    plural: 'clusterinterceptors',
    shortNames: ['ci'],
    status: true,
  },
  Interceptor: { ...interceptors, namespaced: true, plural: 'interceptors', shortNames: ['ni'], status: true },
  Schedule: {
    group: 'tektite.dev',
    version: 'v1alpha1',
    served: ['v1alpha1'],
    namespaced: true,
    plural: 'schedules',
    shortNames: ['sched'],
    categories: ['tektite'],
    status: true,
  },
  Pod: { ...core, plural: 'pods', shortNames: ['po'], categories: ['all'], status: true },
  ConfigMap: { ...core, plural: 'configmaps', shortNames: ['cm'], status: false },
  Secret: { ...core, plural: 'secrets', shortNames: [], status: false },
  PersistentVolumeClaim: { ...core, plural: 'persistentvolumeclaims', shortNames: ['pvc'], status: true },
  ServiceAccount: { ...core, plural: 'serviceaccounts', shortNames: ['sa'], status: false },
  Namespace: { ...core, namespaced: false, plural: 'namespaces', shortNames: ['ns'], status: true },
  Event: { ...core, plural: 'events', shortNames: ['ev'], status: false },
  LimitRange: { ...core, plural: 'limitranges', shortNames: ['limits'], status: false },
  Role: { ...rbac, namespaced: true, plural: 'roles' },
  RoleBinding: { ...rbac, namespaced: true, plural: 'rolebindings' },
  ClusterRole: { ...rbac, namespaced: false, plural: 'clusterroles' },
  ClusterRoleBinding: { ...rbac, namespaced: false, plural: 'clusterrolebindings' },
  CustomResourceDefinition: {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    served: ['v1'],
    plural: 'customresourcedefinitions',
    namespaced: false,
    shortNames: ['crd', 'crds'],
    categories: ['api-extensions'],
    status: true,
  },
  ...PLAIN_KINDS,
}

/** The stored apiVersion of a kind: `tekton.dev/v1`, or `v1` for the core group. */
export function apiVersionOf(kind: Kind): string {
  const { group, version } = KINDS[kind]
  return group === '' ? version : `${group}/${version}`
}

export function isKind(text: string): text is Kind {
  return Object.hasOwn(KINDS, text)
}
