import { expect, test } from 'vitest'
import { problemsText } from '../../src/resources/problem.js'
import { configOf, configProblems, settingsFrom } from '../../src/run/config-maps.js'
import { CONFIG_NAMES, type ConfigRole } from '../../src/run/config-names.js'
import { DEFAULT_SETTINGS, type FeatureFlags, type Settings } from '../../src/run/settings.js'
import { cases } from '../helpers/cases.js'

const READ: Readonly<Record<string, [key: string, text: string, Partial<Settings>]>> = {
  'a timeout in minutes': ['default-timeout-minutes', '5', { timeoutMinutes: 5 }],
  'no timeout': ['default-timeout-minutes', '0', { timeoutMinutes: 0 }],
  'a number with a sign': ['default-timeout-minutes', '+7', { timeoutMinutes: 7 }],
  'a service account': ['default-service-account', 'builder', { serviceAccount: 'builder' }],
  'an empty service account': ['default-service-account', '', { serviceAccount: '' }],
  'who manages': ['default-managed-by-label-value', 'me', { managedByLabelValue: 'me' }],
  'a resolver': ['default-resolver-type', 'git', { resolverType: 'git' }],
  'a matrix limit': ['default-max-matrix-combinations-count', '9', { maxMatrixCombinations: 9 }],
  'forbidden names, sorted': ['default-forbidden-env', 'B, A ,B', { forbiddenEnv: ['A', 'B'] }],
  'a sink': ['default-cloud-events-sink', 'http://sink', { cloudEventsSink: 'http://sink' }],
  'patience with images': ['default-imagepullbackoff-timeout', '1m30s', { imagePullBackOffTimeoutMs: 90_000 }],
  'patience with containers': [
    'default-create-container-error-timeout',
    '5s',
    { createContainerErrorTimeoutMs: 5_000 },
  ],
  'patience with resolvers': ['default-maximum-resolution-timeout', '2m', { maximumResolutionTimeoutMs: 120_000 }],
  'the poll of the results sidecar': [
    'default-sidecar-log-polling-interval',
    '50ms',
    { sidecarLogPollingIntervalMs: 50 },
  ],
  'retries of a class, which a real Tekton passes over': [
    'tektite-retries-infrastructure',
    '2',
    { retries: { infrastructure: 2 } },
  ],
  'no retries of a class': ['tektite-retries-memory', '0', { retries: { memory: 0 } }],
  'a Pod template': [
    'default-pod-template',
    'nodeSelector: {disk: ssd}\nenv:\n- name: A\n  value: "1"\n',
    { podTemplate: { nodeSelector: { disk: 'ssd' }, env: [{ name: 'A', value: '1' }] } },
  ],
  'a Pod template with a field nobody knows': [
    'default-pod-template',
    'nodeSelektor: {}\nhostNetwork: true',
    { podTemplate: { hostNetwork: true } },
  ],
  'a workspace binding': [
    'default-task-run-workspace-binding',
    'emptyDir: {}',
    { taskRunWorkspaceBinding: { emptyDir: {} } },
  ],
  'a claim of its own per run': [
    'default-task-run-workspace-binding',
    'volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce]}}',
    { taskRunWorkspaceBinding: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } } },
  ],
  'no workspace binding': ['default-task-run-workspace-binding', ' \n', { taskRunWorkspaceBinding: undefined }],
  'resources of containers': [
    'default-container-resource-requirements',
    'default: {requests: {cpu: 100m}}\nprefix-step: {limits: {memory: 1}}',
    {
      containerResourceRequirements: {
        default: { requests: { cpu: '100m' } },
        'prefix-step': { limits: { memory: '1' } },
      },
    },
  ],
}

test.each(cases(READ))('config-defaults: %s', (_, [key, text, expected]) => {
  expect(configProblems('defaults', { [key]: text })).toEqual([])
  expect(settingsFrom({ defaults: { [key]: text } })).toEqual({ ...DEFAULT_SETTINGS, ...expected })
})

const FLAGS: Readonly<Record<string, [key: string, text: string, Partial<FeatureFlags>]>> = {
  'the level of fields, in any case': ['enable-api-fields', 'Stable', { enableApiFields: 'stable' }],
  'creds-init': ['disable-creds-init', 'true', { disableCredsInit: true }],
  'injected sidecars': [
    'running-in-environment-with-injected-sidecars',
    '1',
    { runningInEnvironmentWithInjectedSidecars: true },
  ],
  'readiness of sidecars': ['await-sidecar-readiness', 'F', { awaitSidecarReadiness: false }],
  'known hosts': ['require-git-ssh-secret-known-hosts', 'T', { requireGitSshSecretKnownHosts: true }],
  coschedule: ['coschedule', 'Workspaces', { coschedule: 'workspaces' }],
  'the way of results': ['results-from', 'sidecar-logs', { resultsFrom: 'sidecar-logs' }],
  'the size of results': ['max-result-size', '1572863', { maxResultSize: 1_572_863 }],
  compression: ['enable-termination-message-compression', 't', { enableTerminationMessageCompression: true }],
  'kept Pods': ['keep-pod-on-cancel', 'TRUE', { keepPodOnCancel: true }],
  'security contexts': ['set-security-context', 'True', { setSecurityContext: true }],
  'read-only roots': [
    'set-security-context-read-only-root-filesystem',
    'true',
    { setSecurityContextReadOnlyRootFilesystem: true },
  ],
  'sidecars of Kubernetes': ['enable-kubernetes-sidecar', 'true', { enableKubernetesSidecar: true }],
  provenance: ['enable-provenance-in-status', '0', { enableProvenanceInStatus: false }],
  CEL: ['enable-cel-in-whenexpression', 'f', { enableCelInWhenexpression: false }],
  enums: ['enable-param-enum', 'FALSE', { enableParamEnum: false }],
  artifacts: ['enable-artifacts', 'False', { enableArtifacts: false }],
  'the concise resolver syntax': ['enable-concise-resolver-syntax', 'false', { enableConciseResolverSyntax: false }],
  'inline specs': ['disable-inline-spec', 'pipeline, taskrun', { disableInlineSpec: ['pipeline', 'taskrun'] }],
  'no inline specs': ['disable-inline-spec', '', { disableInlineSpec: [] }],
  'events of runs': ['send-cloudevents-for-runs', 'false', { sendCloudeventsForRuns: false }],
  backoff: ['enable-wait-exponential-backoff', 'true', { enableWaitExponentialBackoff: true }],
  spire: ['enforce-nonfalsifiability', 'spire', { enforceNonfalsifiability: 'spire' }],
  'no policy': [
    'trusted-resources-verification-no-match-policy',
    'Warn',
    { trustedResourcesVerificationNoMatchPolicy: 'warn' },
  ],
}

test.each(cases(FLAGS))('feature-flags: %s', (_, [key, text, expected]) => {
  expect(configProblems('featureFlags', { [key]: text })).toEqual([])
  const { flags, ...rest } = settingsFrom({ featureFlags: { [key]: text } })
  expect(flags).toEqual({ ...DEFAULT_SETTINGS.flags, ...expected })
  expect({ ...rest, flags: DEFAULT_SETTINGS.flags }).toEqual(DEFAULT_SETTINGS)
})

test('every flag can be set by some key', () => {
  const settable = new Set(Object.values(FLAGS).flatMap(([, , flags]) => Object.keys(flags)))
  expect([...settable].sort()).toEqual(Object.keys(DEFAULT_SETTINGS.flags).sort())
  const defaults = new Set(Object.values(READ).flatMap(([, , settings]) => Object.keys(settings)))
  // What the kubelets carry is no setting: the wiring knows.
  expect([...defaults, 'flags', 'kubelet'].sort()).toEqual(Object.keys(DEFAULT_SETTINGS).sort())
})

const WRONG: Readonly<Record<string, [role: ConfigRole, key: string, text: string, message: string]>> = {
  'minutes that are no number': [
    'defaults',
    'default-timeout-minutes',
    '1h',
    'failed parsing default config "default-timeout-minutes"',
  ],
  'minutes beyond 64 bits': [
    'defaults',
    'default-timeout-minutes',
    '9223372036854775808',
    'failed parsing default config "default-timeout-minutes"',
  ],
  'a limit that is no number': [
    'defaults',
    'default-max-matrix-combinations-count',
    '',
    'failed parsing default config "default-max-matrix-combinations-count"',
  ],
  'a duration without unit': [
    'defaults',
    'default-imagepullbackoff-timeout',
    '5',
    'failed parsing default config "default-imagepullbackoff-timeout"',
  ],
  'a concurrency that is no number': [
    'defaults',
    'default-step-ref-concurrency-limit',
    'x',
    'failed parsing default config "default-step-ref-concurrency-limit"',
  ],
  'retries that are fewer than none': [
    'defaults',
    'tektite-retries-user',
    '-2',
    'failed parsing default config "tektite-retries-user": it is "-2"; write how often such a failure is tried again, a whole number from 0 to 100',
  ],
  'a Pod template that is no map': [
    'defaults',
    'default-pod-template',
    'nodeSelector',
    'failed to unmarshal nodeSelector',
  ],
  'a Pod template of the wrong types': [
    'defaults',
    'default-pod-template',
    'nodeSelector: [a]',
    'failed to unmarshal nodeSelector: [a]',
  ],
  'a template that is no YAML': ['defaults', 'default-affinity-assistant-pod-template', '{', 'failed to unmarshal {'],
  'a binding that is no map': [
    'defaults',
    'default-task-run-workspace-binding',
    'emptyDir == {}',
    'failed to unmarshal emptyDir == {}',
  ],
  'a boolean of YAML': [
    'featureFlags',
    'disable-creds-init',
    'yes',
    'failed parsing feature flags config "yes": strconv.ParseBool: parsing "yes": invalid syntax',
  ],
  'a flag with a stability of its own': [
    'featureFlags',
    'enable-param-enum',
    'tRUE',
    'failed parsing feature flags config "tRUE": strconv.ParseBool: parsing "tRUE": invalid syntax for feature enable-param-enum',
  ],
  'a level nobody knows': [
    'featureFlags',
    'enable-api-fields',
    'Gamma',
    'invalid value for feature flag "enable-api-fields": "gamma"',
  ],
  'a coschedule nobody knows': [
    'featureFlags',
    'coschedule',
    'never',
    'invalid value for feature flag "coschedule": "never"',
  ],
  'results from nowhere': [
    'featureFlags',
    'results-from',
    'the-sky',
    'invalid value for feature flag "results-from": "the-sky"',
  ],
  'results over the limit of an object': [
    'featureFlags',
    'max-result-size',
    '1572864',
    'invalid value for feature flag "results-from": "1572864". This is exceeding the CRD limit',
  ],
  'a size that is no number': ['featureFlags', 'max-result-size', '4k', 'strconv.Atoi: parsing "4k": invalid syntax'],
  'no event format': ['events', 'formats', '', 'formats cannot be empty'],
  'a strange event format': ['events', 'formats', 'tektonv1,cloud', 'invalid format: cloud'],
  'an event format twice': ['events', 'formats', 'tektonv1,tektonv1', 'duplicate format: tektonv1'],
}

test.each(cases(WRONG))('refused: %s', (_, [role, key, text, message]) => {
  const problems = configProblems(role, { [key]: text })
  expect(problemsText(problems)).toBe(message)
  expect(problems.map(one => [one.paths, one.hint === undefined])).toEqual([[[`data.${key}`], false]])
})

test('all that is wrong is said at once', () => {
  const data = { 'default-timeout-minutes': 'x', 'default-service-account': 'ok', 'default-pod-template': '[' }
  expect(configProblems('defaults', data)).toHaveLength(2)
})

test('the example, and keys that nobody knows, are passed over', () => {
  const data = { _example: 'default-timeout-minutes: "x"', 'enable-custom-tasks': 'maybe', constructor: 'x' }
  expect(configProblems('featureFlags', data)).toEqual([])
  expect(settingsFrom({ featureFlags: data, defaults: data, events: data })).toEqual(DEFAULT_SETTINGS)
})

test('the sink of config-events goes before the older one', () => {
  const defaults = { 'default-cloud-events-sink': 'http://old' }
  expect(settingsFrom({ defaults, events: { sink: 'http://new' } }).cloudEventsSink).toBe('http://new')
  expect(settingsFrom({ defaults, events: { sink: '' } }).cloudEventsSink).toBe('http://old')
})

test('what is not set stays as in the settings below', () => {
  const base = { ...DEFAULT_SETTINGS, serviceAccount: 'robot' }
  expect(settingsFrom({ defaults: { 'default-timeout-minutes': '3' } }, base)).toEqual({ ...base, timeoutMinutes: 3 })
})

test('only the named ConfigMaps of the namespace of Tekton are settings', () => {
  const map = (name: string, namespace: string, kind = 'ConfigMap') =>
    ({ apiVersion: 'v1', kind, metadata: { name, namespace }, data: { a: 'b' } }) as never
  expect(configOf(map('config-defaults', 'tekton-pipelines'), CONFIG_NAMES)).toEqual({
    role: 'defaults',
    data: { a: 'b' },
  })
  const renamed = { ...CONFIG_NAMES, featureFlags: 'my-flags' }
  expect(configOf(map('my-flags', 'tekton-pipelines'), renamed)?.role).toBe('featureFlags')
  expect(configOf(map('feature-flags', 'tekton-pipelines'), renamed)).toBeUndefined()
  expect(configOf(map('config-defaults', 'default'), CONFIG_NAMES)).toBeUndefined()
  expect(configOf(map('config-defaults', 'tekton-pipelines', 'Secret'), CONFIG_NAMES)).toBeUndefined()
})
