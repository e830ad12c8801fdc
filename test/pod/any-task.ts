/** Tasks, runs of them, and surroundings, over all fields that end up in a Pod: what an author may write and a cluster takes. */
import fc from 'fast-check'
import type { EntrypointOffer } from '../../src/pod/entrypoint-place.js'
import type { PodMaterial } from '../../src/reconcile/decision.js'
import type { Origin } from '../../src/reconcile/resolved.js'
import type { FeatureFlags } from '../../src/run/settings.js'

const label = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)
const shortLabel = fc.stringMatching(/^[a-z]([-a-z0-9]{0,8}[a-z0-9])?$/)
const subdomain = fc.stringMatching(/^[a-z0-9]([-.a-z0-9]{0,40}[a-z0-9])?$/).filter(name => !/\.[.-]|-\./.test(name))
const labelKey = fc.oneof(
  shortLabel,
  shortLabel.map(name => `example.com/${name}`),
)
const image = fc.constantFrom(
  'alpine',
  'registry.example:5000/team/tool:1.2',
  `tool@sha256:${'a'.repeat(64)}`,
  'scratch-tool',
)
/** Such as somebody writes, and such as nobody should. */
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('$$', '$(date)', '-wait_file', '--', '\n', ''),
)
const words = fc.array(text, { minLength: 1, maxLength: 3 })
const path = fc.constantFrom(
  '/data',
  '/workspace',
  '/tekton/home',
  '/workspace/source/',
  '/etc/app',
  '/tekton/results',
  '/a/b',
)
const resources = partial({
  requests: dictionary(
    fc.constantFrom('cpu', 'memory', 'ephemeral-storage', 'example.com/gpu'),
    fc.constantFrom('1', '10m', '100'),
  ),
  limits: dictionary(
    fc.constantFrom('cpu', 'memory', 'ephemeral-storage', 'example.com/gpu'),
    fc.constantFrom('100', '1Gi', '200'),
  ),
})
const env = uniqueBy(
  fc.oneof(
    fc.record({ name: fc.constantFrom('A', 'B', 'HOME', 'with.dot'), value: text }),
    fc.record({
      name: fc.constantFrom('C', 'D'),
      valueFrom: fc.constantFrom(
        { secretKeyRef: { name: 's', key: 'k', optional: true } },
        { configMapKeyRef: { name: 'c', key: 'k' } },
        { fieldRef: { fieldPath: 'metadata.name' } },
      ),
    }),
  ),
  'name',
)
const envFrom = fc.array(
  fc.constantFrom({ prefix: 'P_', secretRef: { name: 's' } }, { configMapRef: { name: 'c', optional: true } }),
  { maxLength: 2 },
)
const securityContext = partial({
  runAsUser: fc.constantFrom(0, 1000),
  runAsGroup: fc.constant(1000),
  runAsNonRoot: fc.boolean(),
  readOnlyRootFilesystem: fc.boolean(),
  allowPrivilegeEscalation: fc.boolean(),
  capabilities: fc.constant({ drop: ['ALL'], add: ['NET_BIND_SERVICE'] }),
  seccompProfile: fc.constant({ type: 'RuntimeDefault' }),
})
const probe = fc.constantFrom(
  { exec: { command: ['true'] }, periodSeconds: 1 },
  { httpGet: { path: '/', port: 80, scheme: 'HTTP' }, failureThreshold: 3 },
  { tcpSocket: { port: 'web' }, timeoutSeconds: 2 },
)

const VOLUMES = ['cache', 'config', 'keys'] as const
const volumeMounts = uniqueBy(
  fc.record(
    {
      name: fc.constantFrom(...VOLUMES),
      mountPath: path,
      subPath: fc.constantFrom('a', 'a/b'),
      readOnly: fc.boolean(),
    },
    { requiredKeys: ['name', 'mountPath'] },
  ),
  'mountPath',
)
const volumeOf = (name: string) =>
  fc
    .constantFrom<object>(
      { emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } },
      { configMap: { name: 'c', items: [{ key: 'k', path: 'p/q', mode: 0o444 }], optional: true } },
      { secret: { secretName: 's', defaultMode: 0o400 } },
      { persistentVolumeClaim: { claimName: 'claim', readOnly: true } },
      { projected: { sources: [{ secret: { name: 's' } }, { serviceAccountToken: { path: 'token' } }] } },
    )
    .map(source => ({ name, ...source }))

const WORKSPACES = ['source', 'shared-data', 'optional'] as const
const bindingOf = (name: string) =>
  fc
    .constantFrom<object>(
      { emptyDir: {} },
      { persistentVolumeClaim: { claimName: 'shared' }, subPath: 'a/b' },
      {
        volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
      },
      { configMap: { name: 'c' } },
      { secret: { secretName: 's' } },
      { projected: { sources: [{ configMap: { name: 'c' } }] } },
      { csi: { driver: 'csi.example.com', readOnly: true } },
    )
    .map(source => ({ name, ...source }))
const usages = uniqueBy(
  fc.record(
    { name: fc.constantFrom(...WORKSPACES), mountPath: fc.constantFrom('/x', '/y/z', '/x/inside') },
    { requiredKeys: ['name'] },
  ),
  'name',
  'mountPath',
)

const scripts = fc.oneof(
  text.filter(script => script.trim() !== '' && !script.includes('\u0000')),
  fc.constantFrom(
    '#!/usr/bin/env python3\nprint(1)',
    `echo ${'x'.repeat(90_000)}`,
    '\n\n#!/bin/sh\ntrue',
    'echo $(context.taskRun.name)',
  ),
)
const template = {
  env,
  envFrom,
  securityContext,
  computeResources: resources,
  volumeMounts,
  imagePullPolicy: fc.constantFrom('Always', 'IfNotPresent'),
}
const step = fc
  .tuple(
    partial({
      name: label,
      workingDir: fc.constantFrom('relative', '/workspace/x', '/opt', 'a/$(context.taskRun.name)'),
      timeout: fc.constantFrom('1m', '0s', '1h30m'),
      onError: fc.constantFrom('continue', 'stopAndFail'),
      stdoutConfig: fc.constant({ path: '$(workspaces.source.path)/out' }),
      workspaces: usages,
      results: uniqueBy(fc.record({ name: label.filter(name => /^[a-z]/.test(name)) }), 'name'),
      when: fc.constantFrom([{ input: 'a', operator: 'in', values: ['a', '$$'] }]),
      ...template,
    }),
    image,
    fc.oneof(
      scripts.map(script => ({ script })),
      fc.record({ command: words, args: words }, { requiredKeys: ['command'] }),
    ),
  )
  .map(([fields, name, what]) => ({ ...fields, image: name, ...what }))
const sidecar = fc
  .tuple(
    partial({
      script: scripts,
      ports: fc.constant([{ name: 'web', containerPort: 80 }]),
      readinessProbe: probe,
      livenessProbe: probe,
      startupProbe: probe,
      lifecycle: fc.constant({ preStop: { exec: { command: ['true'] } } }),
      tty: fc.boolean(),
      stdin: fc.boolean(),
      terminationMessagePolicy: fc.constant('FallbackToLogsOnError'),
      workspaces: usages,
      workingDir: fc.constant('/srv'),
      ...template,
    }),
    image,
    shortLabel,
  )
  .map(([fields, name, own]) => ({ ...fields, image: name, name: own, ports: [{ name: 'web', containerPort: 80 }] }))

const affinityTerm = { labelSelector: { matchLabels: { app: 'db' } }, topologyKey: 'kubernetes.io/hostname' }
const podTemplate = partial({
  nodeSelector: dictionary(
    fc.constantFrom('kubernetes.io/arch', 'pool', 'kubernetes.io/os'),
    fc.constantFrom('arm64', 'amd64', 'linux'),
  ),
  tolerations: fc
    .constant([{ key: 'ci', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: undefined }])
    .map(all => all.map(({ tolerationSeconds: _, ...one }) => one)),
  affinity: fc.constantFrom(
    { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [affinityTerm] } },
    {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: affinityTerm }],
      },
    },
    {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'pool', operator: 'Exists' }] }],
        },
      },
    },
  ),
  securityContext: fc.constantFrom(
    { fsGroup: 1000, runAsNonRoot: true },
    { runAsUser: 0 },
    { supplementalGroups: [1, 2] },
  ),
  volumes: fc.constantFrom([{ name: 'from-template', emptyDir: {} }]),
  env: fc.constantFrom([{ name: 'FROM_TEMPLATE', value: 'x' }]),
  runtimeClassName: fc.constant('gvisor'),
  automountServiceAccountToken: fc.boolean(),
  dnsPolicy: fc.constant('ClusterFirst'),
  dnsConfig: fc.constant({ nameservers: ['10.0.0.1'], options: [{ name: 'ndots', value: '2' }] }),
  enableServiceLinks: fc.boolean(),
  priorityClassName: fc.constant('low'),
  schedulerName: fc.constant('default-scheduler'),
  imagePullSecrets: fc.constant([{ name: 'registry' }]),
  hostAliases: fc.constant([{ ip: '127.0.0.1', hostnames: ['here'] }]),
  hostNetwork: fc.boolean(),
  hostUsers: fc.boolean(),
  topologySpreadConstraints: fc.constant([
    {
      maxSkew: 1,
      topologyKey: 'zone',
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: { a: 'b' } },
    },
  ]),
})

const taskSpec = fc.record({
  steps: uniqueBy(step, 'name').filter(steps => steps.length > 0),
  sidecars: uniqueBy(sidecar, 'name'),
  stepTemplate: partial(template),
  volumes: fc.tuple(...VOLUMES.map(volumeOf)),
  results: uniqueBy(fc.record({ name: shortLabel, type: fc.constantFrom('string', 'array') }), 'name'),
  workspaces: fc.tuple(
    ...WORKSPACES.map(name =>
      fc.record(
        {
          name: fc.constant(name),
          optional: fc.constant(name === 'optional'),
          readOnly: fc.boolean(),
          mountPath: fc.constantFrom(`/mnt/${name}`, `/workspace/${name}/`),
        },
        { requiredKeys: ['name', 'optional'] },
      ),
    ),
  ),
})

const debug = fc.option(
  fc.constantFrom(
    { breakpoints: { onFailure: 'enabled' } },
    { breakpoints: { onFailure: 'enabled', beforeSteps: ['nobody'] } },
  ),
  { nil: undefined },
)

const run = fc
  .record({
    name: fc.oneof(shortLabel, label),
    labels: dictionary(labelKey, shortLabel),
    annotations: dictionary(labelKey, text),
    taskSpec,
    podTemplate,
    timeout: fc.constantFrom('0', '1s', '1h', '10000h'),
    workspaces: fc.tuple(bindingOf('source'), bindingOf('shared-data')),
    debug,
    computeResources: fc.option(resources, { nil: undefined }),
    account: subdomain,
  })
  .map(({ name, labels, annotations, account, debug: stops, computeResources, ...spec }) => ({
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { name, namespace: 'ci', labels, annotations },
    spec: {
      ...spec,
      serviceAccountName: account,
      ...(stops && { debug: stops }),
      ...(computeResources && { computeResources }),
    },
  }))

const secret = fc.record({
  name: subdomain,
  type: fc.constantFrom(
    'kubernetes.io/basic-auth',
    'kubernetes.io/ssh-auth',
    'kubernetes.io/dockerconfigjson',
    'Opaque',
  ),
  annotations: fc.constantFrom(
    { 'tekton.dev/git-0': 'https://git.example' },
    { 'tekton.dev/docker-0': 'https://r.example' },
  ),
  keys: fc.constant(['username', 'password']),
})
const node = fc.record({
  name: shortLabel,
  labels: fc.constantFrom({ 'kubernetes.io/arch': 'amd64', pool: 'linux' }, { 'kubernetes.io/arch': 'arm64' }),
  taints: fc.constant([]),
})

/** Of the surroundings: what the pass that makes the Pod reads. */
const material: fc.Arbitrary<Omit<PodMaterial, 'entrypoint'>> = fc.record({
  claims: fc.constantFrom(new Map(), new Map([['shared', { accessModes: ['ReadWriteOnce'], selectedNode: 'node-1' }]])),
  serviceAccountExists: fc.constant(true),
  // One for each URL: two logins for one are a mistake.
  secrets: uniqueBy(secret, 'name', 'type').map(all =>
    all.filter((one, at) => all.findIndex(({ annotations }) => annotations === one.annotations) === at),
  ),
  limitRanges: fc.constantFrom(
    [],
    [
      {
        apiVersion: 'v1',
        kind: 'LimitRange' as const,
        metadata: {
          name: 'l',
          namespace: 'ci',
          uid: 'l',
          resourceVersion: '1',
          creationTimestamp: '2026-01-02T03:04:05Z',
        },
        spec: { limits: [{ type: 'Container', defaultRequest: { cpu: '500', memory: '10Gi' }, min: { cpu: '10m' } }] },
      },
    ],
  ),
  restricted: fc.boolean(),
  nodes: fc.option(fc.array(node, { maxLength: 3 }), { nil: undefined }),
})

const flags: fc.Arbitrary<Partial<FeatureFlags>> = fc.record({
  coschedule: fc.constantFrom('disabled', 'pipelineruns', 'isolate-pipelinerun'),
  enableKubernetesSidecar: fc.boolean(),
  resultsFrom: fc.constantFrom('termination-message', 'sidecar-logs'),
})

const entrypoint: fc.Arbitrary<EntrypointOffer> = fc.record({
  architectures: fc.constantFrom(['amd64'], ['amd64', 'arm64']),
  defaultArchitecture: fc.constant('amd64'),
  image: fc.constantFrom(undefined, 'registry.example/entrypoint:1'),
  hasNodes: fc.boolean(),
})

export const taskRunAndWorld = fc.record({
  run,
  from: fc.option(
    fc.record<Origin>({
      name: subdomain,
      labels: dictionary(labelKey, shortLabel),
      annotations: dictionary(labelKey, text),
    }),
    { nil: undefined },
  ),
  material,
  flags,
  entrypoint,
  attempt: fc.nat({ max: 3 }),
})

function partial<T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> {
  return fc.record(fields, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>
}

function dictionary(key: fc.Arbitrary<string>, value: fc.Arbitrary<string>): fc.Arbitrary<Record<string, string>> {
  return fc.dictionary(key, value, { maxKeys: 3, noNullPrototype: true })
}

function uniqueBy<T extends object>(one: fc.Arbitrary<T>, ...fields: string[]): fc.Arbitrary<T[]> {
  return fc.array(one, { maxLength: 4 }).map(all =>
    fields.reduce(
      (left, field) =>
        left.filter((each, at) => {
          const value = Reflect.get(each, field)
          return value === undefined || left.findIndex(other => Reflect.get(other, field) === value) === at
        }),
      all,
    ),
  )
}
