/** What the other tests hold Pods against finds what is wrong, with a good Pod and one thing changed in it. */
import { expect, test } from 'vitest'
import type { Container, PodSpec } from '../../src/resources/core.js'
import { cases } from '../helpers/cases.js'
import { kubernetesSchemaProblems } from '../helpers/kubernetes-schema.js'
import { podProblems } from '../helpers/pod-rules.js'
import { restrictedProblems } from '../helpers/pod-security-standard.js'

const CONTAINER: Container = {
  name: 'one',
  image: 'tool',
  volumeMounts: [{ name: 'v', mountPath: '/v' }],
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  },
}
const SPEC: PodSpec = { restartPolicy: 'Never', containers: [CONTAINER], volumes: [{ name: 'v', emptyDir: {} }] }

interface Change {
  readonly metadata?: object
  readonly spec?: object
  readonly container?: object
}

function podWith({ metadata = {}, spec = {}, container = {} }: Change) {
  return {
    apiVersion: 'v1',
    kind: 'Pod' as const,
    metadata: { name: 'pod', namespace: 'ci', ...metadata },
    spec: { ...SPEC, containers: [{ ...CONTAINER, ...container }], ...spec } as PodSpec,
  }
}

const volume = (source: object) => ({ spec: { volumes: [{ name: 'v', ...source }] } })
const term = { labelSelector: { matchLabels: { 'a b': 'c' } }, topologyKey: 'host' }

test('of a good Pod nothing is said', () => {
  const pod = podWith({})
  expect([...podProblems(pod), ...kubernetesSchemaProblems(pod), ...restrictedProblems(pod.spec)]).toEqual([])
})

test.each(
  cases<[Change, string]>({
    'a name in capitals': [{ metadata: { name: 'Pod' } }, 'name Pod'],
    'a label over 63': [{ metadata: { labels: { a: 'x'.repeat(64) } } }, `label a: ${'x'.repeat(64)}`],
    'an annotation without a name': [{ metadata: { annotations: { 'x/': '' } } }, 'annotation x/'],
    'too many annotations': [{ metadata: { annotations: { a: 'x'.repeat(262_144) } } }, 'annotations of 262145 bytes'],
    'a deadline of nothing': [{ spec: { activeDeadlineSeconds: 0 } }, 'activeDeadlineSeconds 0'],
    'two volumes of one name': [
      {
        spec: {
          volumes: [
            { name: 'v', emptyDir: {} },
            { name: 'v', emptyDir: {} },
          ],
        },
      },
      'two volumes v',
    ],
    'a volume of nothing': [volume({}), 'volume v: 0 sources'],
    'a file outside': [
      volume({ configMap: { name: 'c', items: [{ key: 'k', path: '../k' }] } }),
      'volume v: path ../k',
    ],
    'a mode over 0777': [volume({ configMap: { name: 'c', defaultMode: 512 } }), 'volume v: mode 512'],
    'a field that is none': [
      volume({ downwardAPI: { items: [{ path: 'f', fieldRef: { fieldPath: 'spec.x' } }] } }),
      'volume v: fieldPath spec.x',
    ],
    'two containers of one name': [{ spec: { containers: [CONTAINER, CONTAINER] } }, 'two containers one'],
    'a container name over 63': [{ container: { name: 'x'.repeat(64) } }, `container ${'x'.repeat(64)}: its name`],
    'a mount of no volume': [
      { container: { volumeMounts: [{ name: 'w', mountPath: '/w' }] } },
      'container one: a mount of w, which is no volume',
    ],
    'two mounts at one place': [
      { container: { volumeMounts: [...(CONTAINER.volumeMounts ?? []), { name: 'v', mountPath: '/v' }] } },
      'container one: two mounts at /v',
    ],
    'a subPath upwards': [
      { container: { volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'a/..' }] } },
      'container one: subPath a/..',
    ],
    'a variable with =': [{ container: { env: [{ name: 'A=B' }] } }, 'container one: env A=B'],
    'a request over its limit': [
      { container: { resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } } },
      'container one: cpu: request 2 over limit 1',
    ],
    'an amount that is none': [{ container: { resources: { limits: { cpu: 'much' } } } }, 'container one: cpu: much'],
    'a label that nobody can have': [
      { spec: { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } } },
      'matchLabels a b: c',
    ],
    'over 1.5 MiB': [{ container: { args: ['x'.repeat(1_600_000)] } }, 'the Pod is over 1.5 MiB'],
  }),
)('the API server’s rules: %s', (_, [change, problem]) => {
  expect(podProblems(podWith(change))).toEqual([problem])
})

test.each(
  cases<[Change, string]>({
    'an unknown field': [{ spec: { stepps: [] } }, 'Pod.spec.stepps: there is no such field'],
    'a number for a text': [{ container: { image: 1 } }, 'Pod.spec.containers[0].image: 1 is no string'],
  }),
)('the schema: %s', (_, [change, problem]) => {
  expect(kubernetesSchemaProblems(podWith(change))).toEqual([problem])
})

test.each(
  cases<[Change, readonly string[]]>({
    'says nothing': [
      { container: { securityContext: {} } },
      [
        'one: allowPrivilegeEscalation is not false',
        'one: capabilities.drop is not ALL',
        'one: runAsNonRoot is not true',
        'one: seccompProfile is none',
      ],
    ],
    'is root': [
      { container: { securityContext: { ...CONTAINER.securityContext, runAsUser: 0 } } },
      ['one: runs as root'],
    ],
    'wants a capability': [
      {
        container: {
          securityContext: { ...CONTAINER.securityContext, capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] } },
        },
      },
      ['one: capabilities.add is SYS_ADMIN'],
    ],
    'mounts the host': [volume({ hostPath: { path: '/' } }), ['volume v is a hostPath']],
    'has the host’s network': [{ spec: { hostNetwork: true } }, ['hostNetwork']],
    'has an init container that says nothing': [
      {
        spec: {
          initContainers: [
            { ...CONTAINER, name: 'init', securityContext: { ...CONTAINER.securityContext, privileged: true } },
          ],
        },
      },
      ['init: privileged'],
    ],
  }),
)('the restricted profile: a Pod that %s', (_, [change, problems]) => {
  expect(restrictedProblems(podWith(change).spec)).toEqual(problems)
})
