/** ConfigMap `config-defaults`. As Tekton's pkg/apis/config/default.go. */
import type { ResourceRequirements } from '../resources/core.js'
import type { Problem } from '../resources/problem.js'
import { podTemplate, resourceRequirements, volumeClaimTemplate, volumeSources } from '../resources/shapes-core.js'
import type { PodTemplate } from '../resources/tekton.js'
import { FAILURE_CLASSES } from '../status/failure-class.js'
import {
  type ConfigData,
  type ConfigReader,
  createConfigReader,
  duration,
  integer,
  type Reading,
  text,
  value,
  yaml,
} from './config-text.js'
import { RETRY_COUNT_RULE, type RetryBudgets, retryCount } from './retry-budgets.js'
import type { Settings } from './settings.js'
import { goQuote } from './validate/quote.js'

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
    retries: retriesFrom(read, base.retries),
  }
  // Nothing here reads these two, but a typo in them is one all the same.
  read('default-affinity-assistant-pod-template', undefined, yaml<unknown>(podTemplate))
  read('default-step-ref-concurrency-limit', 0, integer)
  return { defaults, problems }
}

/** Ours, which a real Tekton passes over: a key for each class, as the annotations on runs. */
function retriesFrom(read: ConfigReader['read'], base: RetryBudgets): RetryBudgets {
  const counts = FAILURE_CLASSES.flatMap(failureClass => {
    const count = read(`tektite-retries-${failureClass}`, base[failureClass], retries)
    return count === undefined ? [] : [[failureClass, count] as const]
  })
  return Object.fromEntries(counts)
}

function retries(written: string, key: string): Reading<number | undefined> {
  const count = retryCount(written)
  if (count !== undefined) return value(count)
  const message = `failed parsing default config ${goQuote(key)}: it is ${goQuote(written)}; ${RETRY_COUNT_RULE}`
  return { is: 'wrong', message, hint: `with "0" no failure of that class is tried again` }
}

/** Sorted and without repetition, as Tekton keeps them. */
function names(written: string) {
  const parts = written.split(',').map(name => name.trim())
  return value([...new Set(parts)].sort())
}
