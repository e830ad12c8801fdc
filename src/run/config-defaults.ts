/** ConfigMap `config-defaults`. As Tekton's pkg/apis/config/default.go. */
import type { ResourceRequirements } from '../resources/core.js'
import type { Problem } from '../resources/problem.js'
import { podTemplate, resourceRequirements, volumeClaimTemplate, volumeSources } from '../resources/shapes-core.js'
import type { PodTemplate } from '../resources/tekton.js'
import { type ConfigData, createConfigReader, duration, integer, text, value, yaml } from './config-text.js'
import type { Settings } from './settings.js'

type Defaults = Omit<Settings, 'flags' | 'kubelet'>

const workspaceBinding = {
  fields: { name: 'string', subPath: 'string', ...volumeSources, volumeClaimTemplate },
} as const

/** What the ConfigMap sets, over `base`. */
export function readConfigDefaults(
  data: ConfigData,
  base: Settings,
): { readonly defaults: Defaults; readonly problems: readonly Problem[] } {
  const { read, problems } = createConfigReader(data)
  const defaults: Defaults = {
    timeoutMinutes: read('default-timeout-minutes', base.timeoutMinutes, integer),
    serviceAccount: read('default-service-account', base.serviceAccount, text),
    managedByLabelValue: read('default-managed-by-label-value', base.managedByLabelValue, text),
    podTemplate: read('default-pod-template', base.podTemplate, yaml<PodTemplate | undefined>(podTemplate)),
    resolverType: read('default-resolver-type', base.resolverType, text),
    maxMatrixCombinations: read('default-max-matrix-combinations-count', base.maxMatrixCombinations, integer),
    forbiddenEnv: read('default-forbidden-env', base.forbiddenEnv, names),
    taskRunWorkspaceBinding: read('default-task-run-workspace-binding', base.taskRunWorkspaceBinding, (written, key) =>
      // Set to nothing is not set.
      written.trim() === ''
        ? value(undefined)
        : yaml<Settings['taskRunWorkspaceBinding']>(workspaceBinding)(written, key),
    ),
    containerResourceRequirements: read(
      'default-container-resource-requirements',
      base.containerResourceRequirements,
      yaml<Readonly<Record<string, ResourceRequirements>>>({ map: resourceRequirements }),
    ),
    imagePullBackOffTimeoutMs: read('default-imagepullbackoff-timeout', base.imagePullBackOffTimeoutMs, duration),
    createContainerErrorTimeoutMs: read(
      'default-create-container-error-timeout',
      base.createContainerErrorTimeoutMs,
      duration,
    ),
    maximumResolutionTimeoutMs: read('default-maximum-resolution-timeout', base.maximumResolutionTimeoutMs, duration),
    sidecarLogPollingIntervalMs: read(
      'default-sidecar-log-polling-interval',
      base.sidecarLogPollingIntervalMs,
      duration,
    ),
    cloudEventsSink: read('default-cloud-events-sink', base.cloudEventsSink, text),
  }
  // Nothing here reads these two, but a typo in them is one all the same.
  read('default-affinity-assistant-pod-template', undefined, yaml<unknown>(podTemplate))
  read('default-step-ref-concurrency-limit', 0, integer)
  return { defaults, problems }
}

/** Sorted and without repetition, as Tekton keeps them. */
function names(written: string) {
  const parts = written.split(',').map(name => name.trim())
  return value([...new Set(parts)].sort())
}
