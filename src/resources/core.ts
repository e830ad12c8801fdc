/** The core Kubernetes kinds we read or write; only the fields that something here uses. */
import type { Condition, Resource } from './meta.js'

/** An image that ends at once: putting it into a sidecar's place is how Tekton asks for the sidecar to stop. */
export const NOP_IMAGE = 'tektite.dev/nop'

export interface KeyToPath {
  readonly key: string
  readonly path: string
  readonly mode?: number
}

export interface EnvVarSource {
  readonly secretKeyRef?: { readonly name: string; readonly key: string; readonly optional?: boolean }
  readonly configMapKeyRef?: { readonly name: string; readonly key: string; readonly optional?: boolean }
  readonly fieldRef?: { readonly fieldPath: string; readonly apiVersion?: string }
}

export interface EnvVar {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: EnvVarSource
}

export interface EnvFromSource {
  readonly prefix?: string
  readonly secretRef?: { readonly name: string; readonly optional?: boolean }
  readonly configMapRef?: { readonly name: string; readonly optional?: boolean }
}

export interface VolumeMount {
  readonly name: string
  readonly mountPath: string
  readonly subPath?: string
  readonly subPathExpr?: string
  readonly readOnly?: boolean
}

export interface ResourceRequirements {
  readonly requests?: Readonly<Record<string, string>>
  readonly limits?: Readonly<Record<string, string>>
}

export interface SecurityContext {
  readonly runAsUser?: number
  readonly runAsGroup?: number
  readonly runAsNonRoot?: boolean
  /** Of a Pod. */
  readonly fsGroup?: number
  /** Of a Pod. */
  readonly supplementalGroups?: readonly number[]
  readonly privileged?: boolean
  readonly readOnlyRootFilesystem?: boolean
  readonly allowPrivilegeEscalation?: boolean
  readonly [field: string]: unknown
}

/** One of them. */
export interface ProbeAction {
  readonly exec?: { readonly command: readonly string[] }
  readonly httpGet?: {
    readonly path?: string
    readonly port: number | string
    readonly host?: string
    readonly scheme?: string
    readonly httpHeaders?: readonly { readonly name: string; readonly value: string }[]
  }
  readonly tcpSocket?: { readonly port: number | string; readonly host?: string }
}

export interface LifecycleHandler extends ProbeAction {
  readonly sleep?: { readonly seconds: number }
}

export interface Lifecycle {
  readonly postStart?: LifecycleHandler
  readonly preStop?: LifecycleHandler
}

export interface Probe extends ProbeAction {
  readonly grpc?: { readonly port: number; readonly service?: string }
  readonly initialDelaySeconds?: number
  readonly periodSeconds?: number
  readonly timeoutSeconds?: number
  readonly successThreshold?: number
  readonly failureThreshold?: number
  readonly terminationGracePeriodSeconds?: number
}

export interface ContainerPort {
  readonly name?: string
  readonly containerPort: number
  readonly protocol?: string
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly imagePullPolicy?: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly workingDir?: string
  readonly env?: readonly EnvVar[]
  readonly envFrom?: readonly EnvFromSource[]
  readonly ports?: readonly ContainerPort[]
  readonly resources?: ResourceRequirements
  readonly volumeMounts?: readonly VolumeMount[]
  readonly securityContext?: SecurityContext
  readonly terminationMessagePath?: string
  readonly terminationMessagePolicy?: string
  readonly readinessProbe?: Probe
  readonly livenessProbe?: Probe
  readonly startupProbe?: Probe
  readonly restartPolicy?: 'Always'
  readonly lifecycle?: Lifecycle
  readonly stdin?: boolean
  readonly stdinOnce?: boolean
  readonly tty?: boolean
}

export interface VolumeProjection {
  readonly secret?: { readonly name?: string; readonly items?: readonly KeyToPath[]; readonly optional?: boolean }
  readonly configMap?: { readonly name?: string; readonly items?: readonly KeyToPath[]; readonly optional?: boolean }
  readonly downwardAPI?: { readonly items?: readonly DownwardAPIItem[] }
  readonly serviceAccountToken?: {
    readonly path: string
    readonly audience?: string
    readonly expirationSeconds?: number
  }
}

export interface DownwardAPIItem {
  readonly path: string
  readonly mode?: number
  readonly fieldRef?: { readonly fieldPath: string }
}

export interface Volume {
  readonly name: string
  readonly emptyDir?: { readonly medium?: string; readonly sizeLimit?: string }
  readonly persistentVolumeClaim?: { readonly claimName: string; readonly readOnly?: boolean }
  readonly configMap?: {
    readonly name: string
    readonly items?: readonly KeyToPath[]
    readonly defaultMode?: number
    readonly optional?: boolean
  }
  readonly secret?: {
    readonly secretName: string
    readonly items?: readonly KeyToPath[]
    readonly defaultMode?: number
    readonly optional?: boolean
  }
  readonly projected?: { readonly sources: readonly VolumeProjection[]; readonly defaultMode?: number }
  readonly downwardAPI?: { readonly items?: readonly DownwardAPIItem[]; readonly defaultMode?: number }
  readonly hostPath?: { readonly path: string; readonly type?: string }
  readonly ephemeral?: Readonly<Record<string, unknown>>
  readonly csi?: Readonly<Record<string, unknown>>
}

export interface PodSpec {
  readonly restartPolicy: 'Never'
  /** Where it was placed. */
  readonly nodeName?: string
  readonly serviceAccountName?: string
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
  readonly volumes?: readonly Volume[]
  readonly activeDeadlineSeconds?: number
  readonly securityContext?: SecurityContext
  readonly nodeSelector?: Readonly<Record<string, string>>
  readonly tolerations?: readonly unknown[]
  readonly affinity?: unknown
  readonly runtimeClassName?: string
  readonly automountServiceAccountToken?: boolean
  readonly dnsPolicy?: string
  readonly dnsConfig?: unknown
  readonly enableServiceLinks?: boolean
  readonly priorityClassName?: string
  readonly schedulerName?: string
  readonly imagePullSecrets?: readonly { readonly name: string }[]
  readonly hostAliases?: readonly { readonly ip: string; readonly hostnames?: readonly string[] }[]
  readonly hostNetwork?: boolean
  readonly hostUsers?: boolean
  readonly topologySpreadConstraints?: readonly unknown[]
  readonly terminationGracePeriodSeconds?: number
}

export interface ContainerStateWaiting {
  readonly reason?: string
  readonly message?: string
}
export interface ContainerStateRunning {
  readonly startedAt?: string
}
export interface ContainerStateTerminated {
  readonly exitCode: number
  readonly signal?: number
  readonly reason?: string
  readonly message?: string
  readonly startedAt?: string
  readonly finishedAt?: string
  readonly containerID?: string
}
/** Exactly one of the three is set. */
export interface ContainerStates {
  readonly waiting?: ContainerStateWaiting
  readonly running?: ContainerStateRunning
  readonly terminated?: ContainerStateTerminated
}

export interface ContainerStatus {
  readonly name: string
  readonly state: ContainerStates
  readonly lastState?: ContainerStates
  readonly ready: boolean
  readonly started?: boolean
  readonly restartCount: number
  readonly image: string
  readonly imageID: string
  readonly containerID?: string
}

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown'

export interface PodStatus {
  readonly phase: PodPhase
  readonly reason?: string
  readonly message?: string
  readonly conditions?: readonly Condition[]
  readonly podIP?: string
  readonly startTime?: string
  readonly containerStatuses?: readonly ContainerStatus[]
  readonly initContainerStatuses?: readonly ContainerStatus[]
}

export interface Pod extends Resource {
  readonly kind: 'Pod'
  readonly spec: PodSpec
  readonly status?: PodStatus
}

export interface ConfigMap extends Resource {
  readonly kind: 'ConfigMap'
  readonly data?: Readonly<Record<string, string>>
  /** Base64. */
  readonly binaryData?: Readonly<Record<string, string>>
  readonly immutable?: boolean
}

export interface Secret extends Resource {
  readonly kind: 'Secret'
  readonly type?: string
  /** Base64. The store folds `stringData` into it, as the API server does. */
  readonly data?: Readonly<Record<string, string>>
  readonly stringData?: Readonly<Record<string, string>>
  readonly immutable?: boolean
}

export interface PersistentVolumeClaimSpec {
  readonly accessModes?: readonly string[]
  readonly resources?: ResourceRequirements
  readonly storageClassName?: string
  readonly volumeName?: string
  readonly [field: string]: unknown
}

export interface PersistentVolumeClaim extends Resource {
  readonly kind: 'PersistentVolumeClaim'
  readonly spec: PersistentVolumeClaimSpec
  readonly status?: {
    readonly phase?: string
    readonly accessModes?: readonly string[]
    readonly capacity?: Readonly<Record<string, string>>
  }
}

export interface ServiceAccount extends Resource {
  readonly kind: 'ServiceAccount'
  readonly secrets?: readonly { readonly name: string }[]
  readonly imagePullSecrets?: readonly { readonly name: string }[]
}

export interface LimitRange extends Resource {
  readonly kind: 'LimitRange'
  readonly spec?: { readonly limits?: readonly LimitRangeItem[] }
}

/** Only the type `Container` is looked at. */
export interface LimitRangeItem {
  readonly type?: string
  readonly min?: Readonly<Record<string, string>>
  readonly defaultRequest?: Readonly<Record<string, string>>
}

export interface Namespace extends Resource {
  readonly kind: 'Namespace'
  readonly spec?: { readonly finalizers?: readonly string[] }
  readonly status?: { readonly phase?: string }
}

/** What happened to an object, for people: `kubectl describe` and `kubectl get events` show it. */
export interface CoreEvent extends Resource {
  readonly kind: 'Event'
  readonly involvedObject: {
    readonly apiVersion: string
    readonly kind: string
    readonly namespace: string
    readonly name: string
    readonly uid: string
    readonly resourceVersion?: string
  }
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  readonly source?: { readonly component?: string }
  readonly reportingComponent?: string
  /** RFC 3339. */
  readonly firstTimestamp: string
  readonly lastTimestamp: string
  /** How often it happened, from first to last. */
  readonly count: number
}

/** A kind the engine stores for its users but does not look into (Role, Service, …). */
export interface Opaque extends Resource {
  readonly spec?: unknown
  readonly status?: unknown
  readonly [field: string]: unknown
}
