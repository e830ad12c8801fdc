import type { ResourceRequirements } from '../resources/core.js'
import type { PodTemplate, WorkspaceBinding } from '../resources/tekton.js'
import type { RetentionTexts } from '../retention/rules.js'
import type { RetryBudgets } from './retry-budgets.js'

/**
 * What an installation sets for all runs: the part of Tekton's ConfigMaps `config-defaults`, `feature-flags` and
 * `config-events` that something here reads. `config-maps.ts` reads them.
 */
export interface Settings {
  /** `default-timeout-minutes`; 0 means no timeout. */
  readonly timeoutMinutes: number
  /** `default-service-account` */
  readonly serviceAccount: string
  /** `default-managed-by-label-value` */
  readonly managedByLabelValue: string
  /** What `spec.managedBy` says of the runs that are taken here. Not given: Tekton's name, or nothing. */
  readonly managedBy?: string
  /** `default-pod-template` */
  readonly podTemplate: PodTemplate | undefined
  /** `default-resolver-type`: put on references with neither name nor resolver; '' for none. */
  readonly resolverType: string
  /** `default-max-matrix-combinations-count` */
  readonly maxMatrixCombinations: number
  /** `default-forbidden-env`: names that a podTemplate's env may not set. */
  readonly forbiddenEnv: readonly string[]
  /** `default-task-run-workspace-binding`: used for every required workspace that a TaskRun leaves unbound. */
  readonly taskRunWorkspaceBinding: Omit<WorkspaceBinding, 'name'> | undefined
  /**
   * `default-container-resource-requirements`: for containers that ask for nothing themselves, by container name, as
   * `prefix-<beginning of the name>`, or as `default`.
   */
  readonly containerResourceRequirements: Readonly<Record<string, ResourceRequirements>>
  /** `default-imagepullbackoff-timeout`: how long an image may fail to be pulled before the run fails. */
  readonly imagePullBackOffTimeoutMs: number
  /** `default-create-container-error-timeout`: the same for containers that cannot be created in time. */
  readonly createContainerErrorTimeoutMs: number
  /** `default-sidecar-log-polling-interval` */
  readonly sidecarLogPollingIntervalMs: number
  /** Where CloudEvents go: `sink` of config-events, else `default-cloud-events-sink`; '' for nowhere. */
  readonly cloudEventsSink: string
  /** `default-maximum-resolution-timeout`: how long a ResolutionRequest may take, counted from its creation. */
  readonly maximumResolutionTimeoutMs: number
  /** What the kubelets that run our Pods pass on. */
  readonly kubelet: KubeletLimits
  /** `tektite-retries-<class>`: how often failures of a class are tried again where no annotation says it. */
  readonly retries: RetryBudgets
  /** Output is brought into a log store: a Pod that is stopped is deleted when its output is there, not before. */
  readonly keepsLogs?: true
  /** How long runs are kept, as it is written. */
  readonly retention?: RetentionTexts
  readonly flags: FeatureFlags
}

/** Bytes of termination messages: results travel in them. */
export interface KubeletLimits {
  readonly containerMessageBytes: number
  /** Of all containers of a Pod together, in equal parts. */
  readonly podMessageBytes: number
}

/** Kubernetes' own: fixed, and nothing can be asked for. */
export const KUBERNETES_KUBELET: KubeletLimits = { containerMessageBytes: 4096, podMessageBytes: 12 * 1024 }

/** Named after the keys of the ConfigMap `feature-flags`. */
export interface FeatureFlags {
  readonly enableApiFields: 'stable' | 'beta' | 'alpha'
  readonly disableCredsInit: boolean
  readonly runningInEnvironmentWithInjectedSidecars: boolean
  readonly awaitSidecarReadiness: boolean
  readonly requireGitSshSecretKnownHosts: boolean
  /** `workspaces` refuses two claims in one TaskRun as Tekton's default does; a single machine has no such limit. */
  readonly coschedule: 'workspaces' | 'pipelineruns' | 'isolate-pipelinerun' | 'disabled'
  readonly resultsFrom: 'termination-message' | 'sidecar-logs'
  /**
   * Bytes. With `termination-message`, of the results of one step together, as far as the kubelet passes them on; with
   * `sidecar-logs`, of each result (docs/decisions/0016-results.md).
   */
  readonly maxResultSize: number
  readonly enableTerminationMessageCompression: boolean
  readonly keepPodOnCancel: boolean
  readonly setSecurityContext: boolean
  readonly setSecurityContextReadOnlyRootFilesystem: boolean
  readonly enableKubernetesSidecar: boolean
  readonly enableProvenanceInStatus: boolean
  readonly enableCelInWhenexpression: boolean
  readonly enableParamEnum: boolean
  readonly enableArtifacts: boolean
  readonly enableConciseResolverSyntax: boolean
  /** Nothing here acts on these four; they are told in provenance. */
  readonly sendCloudeventsForRuns: boolean
  readonly enableWaitExponentialBackoff: boolean
  readonly enforceNonfalsifiability: 'none' | 'spire'
  readonly trustedResourcesVerificationNoMatchPolicy: 'fail' | 'warn' | 'ignore'
  /** Where inline specs are refused: `pipeline`, `pipelinerun`, `taskrun`. */
  readonly disableInlineSpec: readonly string[]
}

/**
 * Tekton's own defaults, but for four things: every feature is on, because who writes one means it; claims may be
 * combined freely (`coschedule`); Pods without sidecars do not wait for ones that somebody might inject; and a registry or
 * a runtime that is away has five minutes to come back.
 */
export const DEFAULT_SETTINGS: Settings = {
  timeoutMinutes: 60,
  serviceAccount: 'default',
  managedByLabelValue: 'tekton-pipelines',
  podTemplate: undefined,
  resolverType: '',
  maxMatrixCombinations: 256,
  forbiddenEnv: [],
  taskRunWorkspaceBinding: undefined,
  containerResourceRequirements: {},
  imagePullBackOffTimeoutMs: 300_000,
  createContainerErrorTimeoutMs: 300_000,
  sidecarLogPollingIntervalMs: 100,
  cloudEventsSink: '',
  maximumResolutionTimeoutMs: 60_000,
  kubelet: KUBERNETES_KUBELET,
  retries: {},
  flags: {
    enableApiFields: 'alpha',
    disableCredsInit: false,
    runningInEnvironmentWithInjectedSidecars: false,
    awaitSidecarReadiness: true,
    requireGitSshSecretKnownHosts: false,
    coschedule: 'disabled',
    resultsFrom: 'termination-message',
    maxResultSize: 4096,
    enableTerminationMessageCompression: false,
    keepPodOnCancel: false,
    setSecurityContext: false,
    setSecurityContextReadOnlyRootFilesystem: false,
    enableKubernetesSidecar: false,
    enableProvenanceInStatus: true,
    enableCelInWhenexpression: true,
    enableParamEnum: true,
    enableArtifacts: true,
    enableConciseResolverSyntax: true,
    sendCloudeventsForRuns: true,
    enableWaitExponentialBackoff: false,
    enforceNonfalsifiability: 'none',
    trustedResourcesVerificationNoMatchPolicy: 'ignore',
    disableInlineSpec: [],
  },
}

/** Where there are several nodes, a volume is on one of them at a time: `coschedule` is Tekton's default then. */
export const CLUSTER_SETTINGS: Settings = {
  ...DEFAULT_SETTINGS,
  flags: { ...DEFAULT_SETTINGS.flags, coschedule: 'workspaces' },
}

/** Results may be as large as this kubelet can carry, until someone says otherwise. */
export function withKubelet(settings: Settings, kubelet: KubeletLimits): Settings {
  return { ...settings, kubelet, flags: { ...settings.flags, maxResultSize: kubelet.containerMessageBytes } }
}

export function defaultTimeoutMs(settings: Settings): number {
  return settings.timeoutMinutes * 60_000
}
