/**
 * Tekton's kinds in their `v1` shape (StepAction and CustomRun: `v1beta1`), field names as Tekton spells them.
 * `parse.ts` brings every other served version into this shape, so nothing after it knows about versions.
 */
import type {
  ContainerPort,
  ContainerStates,
  EnvFromSource,
  EnvVar,
  Lifecycle,
  PersistentVolumeClaimSpec,
  PodSpec,
  Probe,
  ResourceRequirements,
  SecurityContext,
  Volume,
  VolumeMount,
} from './core.js'
import type { Condition, Resource } from './meta.js'

// --- params and results -------------------------------------------------------------------------

export type ParamType = 'string' | 'array' | 'object'

/** Scalars other than strings are turned into their JSON text when parsed, as Tekton does. */
export type ParamValue = string | readonly string[] | Readonly<Record<string, string>>

export interface ParamSpec {
  readonly name: string
  readonly type?: ParamType
  readonly description?: string
  readonly properties?: Readonly<Record<string, { readonly type?: ParamType }>>
  readonly default?: ParamValue
  readonly enum?: readonly string[]
}

export interface Param {
  readonly name: string
  readonly value: ParamValue
}

export interface ResultSpec {
  readonly name: string
  readonly type?: ParamType
  readonly properties?: Readonly<Record<string, { readonly type?: ParamType }>>
  readonly description?: string
  /** Only `$(steps.<step>.results.<result>)`. */
  readonly value?: ParamValue
}

export interface ResultValue {
  readonly name: string
  readonly type?: ParamType
  readonly value: ParamValue
}

export interface WhenExpression {
  readonly input?: string
  readonly operator?: 'in' | 'notin'
  readonly values?: readonly string[]
  readonly cel?: string
}

// --- references ---------------------------------------------------------------------------------

export interface Reference {
  readonly name?: string
  readonly kind?: string
  readonly apiVersion?: string
  readonly resolver?: string
  readonly params?: readonly Param[]
}

/** Where a resolved object came from. */
export interface RefSource {
  readonly uri?: string
  /** Algorithm → hex. */
  readonly digest?: Readonly<Record<string, string>>
  readonly entryPoint?: string
}

export interface Provenance {
  readonly refSource?: RefSource
  readonly featureFlags?: Readonly<Record<string, unknown>>
}

// --- tasks --------------------------------------------------------------------------------------

export interface WorkspaceUsage {
  readonly name: string
  readonly mountPath?: string
}

/** What a step, the step template and a sidecar share of a Kubernetes container. */
export interface StepTemplate {
  readonly image?: string
  readonly imagePullPolicy?: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly workingDir?: string
  readonly env?: readonly EnvVar[]
  readonly envFrom?: readonly EnvFromSource[]
  readonly computeResources?: ResourceRequirements
  readonly volumeMounts?: readonly VolumeMount[]
  readonly volumeDevices?: readonly unknown[]
  readonly securityContext?: SecurityContext
}

export interface Step extends StepTemplate {
  readonly name?: string
  readonly displayName?: string
  readonly script?: string
  /** Go duration. */
  readonly timeout?: string
  readonly workspaces?: readonly WorkspaceUsage[]
  /** `continue`, `stopAndFail`, or a `$(params.x)`. */
  readonly onError?: string
  readonly stdoutConfig?: { readonly path: string }
  readonly stderrConfig?: { readonly path: string }
  readonly ref?: Reference
  readonly params?: readonly Param[]
  readonly results?: readonly ResultSpec[]
  readonly when?: readonly WhenExpression[]
}

export interface Sidecar extends StepTemplate {
  readonly name: string
  readonly image: string
  readonly script?: string
  readonly ports?: readonly ContainerPort[]
  readonly readinessProbe?: Probe
  readonly livenessProbe?: Probe
  readonly startupProbe?: Probe
  readonly lifecycle?: Lifecycle
  readonly terminationMessagePath?: string
  readonly terminationMessagePolicy?: string
  readonly stdin?: boolean
  readonly stdinOnce?: boolean
  readonly tty?: boolean
  readonly restartPolicy?: 'Always'
  readonly workspaces?: readonly WorkspaceUsage[]
}

export interface WorkspaceDeclaration {
  readonly name: string
  readonly description?: string
  readonly mountPath?: string
  readonly readOnly?: boolean
  readonly optional?: boolean
}

export interface TaskSpec {
  readonly displayName?: string
  readonly description?: string
  readonly params?: readonly ParamSpec[]
  readonly steps: readonly Step[]
  readonly stepTemplate?: StepTemplate
  readonly sidecars?: readonly Sidecar[]
  readonly volumes?: readonly Volume[]
  readonly workspaces?: readonly WorkspaceDeclaration[]
  readonly results?: readonly ResultSpec[]
}

export interface Task extends Resource {
  readonly kind: 'Task'
  readonly spec: TaskSpec
}

export interface StepActionSpec {
  readonly description?: string
  readonly image: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly script?: string
  readonly env?: readonly EnvVar[]
  readonly workingDir?: string
  readonly params?: readonly ParamSpec[]
  readonly results?: readonly ResultSpec[]
  readonly securityContext?: SecurityContext
  readonly volumeMounts?: readonly VolumeMount[]
}

export interface StepAction extends Resource {
  readonly kind: 'StepAction'
  readonly spec: StepActionSpec
}

// --- workspaces ---------------------------------------------------------------------------------

/** Exactly one source is set. */
export interface WorkspaceBinding {
  readonly name: string
  readonly subPath?: string
  readonly emptyDir?: NonNullable<Volume['emptyDir']>
  readonly persistentVolumeClaim?: NonNullable<Volume['persistentVolumeClaim']>
  readonly volumeClaimTemplate?: {
    readonly metadata?: {
      readonly name?: string
      readonly labels?: Readonly<Record<string, string>>
      readonly annotations?: Readonly<Record<string, string>>
    }
    readonly spec: PersistentVolumeClaimSpec
  }
  readonly configMap?: NonNullable<Volume['configMap']>
  readonly secret?: NonNullable<Volume['secret']>
  readonly projected?: NonNullable<Volume['projected']>
  readonly csi?: Readonly<Record<string, unknown>>
}

// --- task runs ----------------------------------------------------------------------------------

export interface PodTemplate
  extends Partial<
    Pick<
      PodSpec,
      | 'nodeSelector'
      | 'tolerations'
      | 'affinity'
      | 'securityContext'
      | 'volumes'
      | 'runtimeClassName'
      | 'automountServiceAccountToken'
      | 'dnsPolicy'
      | 'dnsConfig'
      | 'enableServiceLinks'
      | 'priorityClassName'
      | 'schedulerName'
      | 'imagePullSecrets'
      | 'hostAliases'
      | 'hostNetwork'
      | 'hostUsers'
      | 'topologySpreadConstraints'
    >
  > {
  readonly env?: readonly EnvVar[]
}

export interface StepSpecOverride {
  readonly name: string
  readonly computeResources: ResourceRequirements
}

export interface TaskRunSpec {
  readonly taskRef?: Reference
  readonly taskSpec?: TaskSpec
  readonly params?: readonly Param[]
  readonly serviceAccountName?: string
  readonly status?: string
  readonly statusMessage?: string
  readonly retries?: number
  /** Go duration; `0s` means none. */
  readonly timeout?: string
  readonly podTemplate?: PodTemplate
  readonly workspaces?: readonly WorkspaceBinding[]
  readonly debug?: { readonly breakpoints?: { readonly onFailure?: string; readonly beforeSteps?: readonly string[] } }
  readonly stepSpecs?: readonly StepSpecOverride[]
  readonly sidecarSpecs?: readonly StepSpecOverride[]
  readonly computeResources?: ResourceRequirements
  readonly managedBy?: string
}

export interface ArtifactValue {
  readonly digest?: Readonly<Record<string, string>>
  readonly uri?: string
}

export interface Artifact {
  readonly name?: string
  readonly values?: readonly ArtifactValue[]
  /** What is built, not a by-product of building it. */
  readonly buildOutput?: boolean
}

export interface Artifacts {
  readonly inputs?: readonly Artifact[]
  readonly outputs?: readonly Artifact[]
}

export interface StepState extends ContainerStates, Artifacts {
  readonly name: string
  readonly container: string
  readonly imageID?: string
  readonly results?: readonly ResultValue[]
  readonly terminationReason?: string
  /** Of the StepAction, when it was fetched. */
  readonly provenance?: Pick<Provenance, 'refSource'>
}

export interface SidecarState extends ContainerStates {
  readonly name: string
  readonly container: string
  readonly imageID?: string
}

export interface TaskRunStatus {
  readonly observedGeneration?: number
  readonly conditions?: readonly Condition[]
  readonly podName?: string
  readonly startTime?: string
  readonly completionTime?: string
  readonly steps?: readonly StepState[]
  readonly sidecars?: readonly SidecarState[]
  readonly results?: readonly ResultValue[]
  /** Of the task and all its steps together. */
  readonly artifacts?: Artifacts
  readonly taskSpec?: TaskSpec
  readonly retriesStatus?: readonly TaskRunStatus[]
  readonly provenance?: Provenance
  readonly spanContext?: Readonly<Record<string, string>>
}

export interface TaskRun extends Resource {
  readonly kind: 'TaskRun'
  readonly spec: TaskRunSpec
  readonly status?: TaskRunStatus
}

// --- pipelines ----------------------------------------------------------------------------------

export interface WorkspacePipelineTaskBinding {
  readonly name: string
  /** The pipeline's workspace; the same name when absent. */
  readonly workspace?: string
  readonly subPath?: string
}

export interface EmbeddedTask extends Omit<TaskSpec, 'steps'> {
  readonly steps?: readonly Step[]
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  /** Set together with `kind` for a custom task. */
  readonly apiVersion?: string
  readonly kind?: string
  readonly spec?: unknown
}

export interface Matrix {
  readonly params?: readonly Param[]
  readonly include?: readonly { readonly name?: string; readonly params?: readonly Param[] }[]
}

export interface PipelineTask {
  readonly name: string
  readonly displayName?: string
  readonly description?: string
  readonly taskRef?: Reference
  readonly taskSpec?: EmbeddedTask
  readonly pipelineRef?: Reference
  readonly pipelineSpec?: PipelineSpec
  readonly when?: readonly WhenExpression[]
  readonly retries?: number
  readonly runAfter?: readonly string[]
  readonly params?: readonly Param[]
  readonly matrix?: Matrix
  readonly workspaces?: readonly WorkspacePipelineTaskBinding[]
  readonly timeout?: string
  readonly onError?: string
}

export interface PipelineWorkspaceDeclaration {
  readonly name: string
  readonly description?: string
  readonly optional?: boolean
}

export interface PipelineResult {
  readonly name: string
  readonly type?: ParamType
  readonly description?: string
  readonly value: ParamValue
}

export interface PipelineSpec {
  readonly displayName?: string
  readonly description?: string
  readonly params?: readonly ParamSpec[]
  readonly workspaces?: readonly PipelineWorkspaceDeclaration[]
  readonly tasks?: readonly PipelineTask[]
  readonly finally?: readonly PipelineTask[]
  readonly results?: readonly PipelineResult[]
}

export interface Pipeline extends Resource {
  readonly kind: 'Pipeline'
  readonly spec: PipelineSpec
}

// --- pipeline runs ------------------------------------------------------------------------------

export interface PipelineTaskRunSpec {
  readonly pipelineTaskName: string
  readonly serviceAccountName?: string
  readonly podTemplate?: PodTemplate
  readonly stepSpecs?: readonly StepSpecOverride[]
  readonly sidecarSpecs?: readonly StepSpecOverride[]
  readonly metadata?: EmbeddedTask['metadata']
  readonly computeResources?: ResourceRequirements
  readonly timeout?: string
}

export interface PipelineRunSpec {
  readonly pipelineRef?: Reference
  readonly pipelineSpec?: PipelineSpec
  readonly params?: readonly Param[]
  readonly status?: string
  /** Go durations. */
  readonly timeouts?: { readonly pipeline?: string; readonly tasks?: string; readonly finally?: string }
  readonly taskRunTemplate?: { readonly podTemplate?: PodTemplate; readonly serviceAccountName?: string }
  readonly workspaces?: readonly WorkspaceBinding[]
  readonly taskRunSpecs?: readonly PipelineTaskRunSpec[]
  readonly managedBy?: string
}

export interface ChildReference {
  readonly apiVersion: string
  readonly kind: 'TaskRun' | 'CustomRun' | 'PipelineRun'
  readonly name: string
  readonly displayName?: string
  readonly pipelineTaskName: string
  readonly whenExpressions?: readonly WhenExpression[]
}

export interface SkippedTask {
  readonly name: string
  readonly reason: string
  readonly whenExpressions?: readonly WhenExpression[]
}

export interface PipelineRunStatus {
  readonly observedGeneration?: number
  readonly conditions?: readonly Condition[]
  readonly startTime?: string
  readonly completionTime?: string
  readonly results?: readonly { readonly name: string; readonly value: ParamValue }[]
  readonly pipelineSpec?: PipelineSpec
  readonly skippedTasks?: readonly SkippedTask[]
  readonly childReferences?: readonly ChildReference[]
  readonly finallyStartTime?: string
  readonly provenance?: Provenance
  readonly spanContext?: Readonly<Record<string, string>>
}

export interface PipelineRun extends Resource {
  readonly kind: 'PipelineRun'
  readonly spec: PipelineRunSpec
  readonly status?: PipelineRunStatus
}

export interface CustomRun extends Resource {
  readonly kind: 'CustomRun'
  readonly spec: Readonly<Record<string, unknown>>
  readonly status?: {
    readonly conditions?: readonly Condition[]
    readonly results?: readonly { readonly name: string; readonly value: string }[]
    readonly startTime?: string
    readonly completionTime?: string
  }
}
