import { expect, test } from 'vitest'
import type { EventListener, EventListenerSpec } from '../../src/resources/triggers.js'
import { type ListenerFacts, listenerStatus } from '../../src/trigger/listener-status.js'

const URL = 'http://127.0.0.1:6480/hooks/ci/app'
const NOW = Date.UTC(2026, 10, 22, 12)

function listener(spec: EventListenerSpec = {}, status?: EventListener['status']): EventListener {
  return {
    apiVersion: 'triggers.tekton.dev/v1beta1',
    kind: 'EventListener',
    metadata: { name: 'app', namespace: 'ci', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
    spec: { serviceAccountName: 'default', ...spec },
    ...(status && { status }),
  }
}

function statusOf(one: EventListener, facts: Partial<ListenerFacts> = {}) {
  return listenerStatus(one, { url: URL, missing: [], now: NOW, ...facts })
}

function conditionOf(status: NonNullable<EventListener['status']>, type: string) {
  return status.conditions?.find(condition => condition.type === type)
}

test('a listener that lacks nothing says where to post, under the names of Tekton', () => {
  expect(statusOf(listener())).toEqual({
    address: { url: URL },
    configuration: { generatedName: 'el-app' },
    conditions: [
      {
        type: 'Available',
        status: 'True',
        reason: 'ListenerServes',
        message: `events are taken in at ${URL}`,
        lastTransitionTime: '2026-11-22T12:00:00Z',
      },
      {
        type: 'Ready',
        status: 'True',
        message: 'EventListener is ready',
        lastTransitionTime: '2026-11-22T12:00:00Z',
      },
    ],
  })
})

test('nothing new is the status itself, and times stay while a condition does', () => {
  const first = statusOf(listener())
  expect(statusOf(listener({}, first), { now: NOW + 60_000 })).toBe(first)
  const moved = statusOf(listener({}, first), { now: NOW + 60_000, url: 'https://ci.example.com/hooks/ci/app' })
  expect(moved.address?.url).toBe('https://ci.example.com/hooks/ci/app')
  expect(moved.conditions?.map(one => one.lastTransitionTime)).toEqual(['2026-11-22T12:00:00Z', '2026-11-22T12:00:00Z'])
})

test('what is missing is named, and the listener stays ready', () => {
  const ready = conditionOf(statusOf(listener(), { missing: ['TriggerTemplate "ci/run"'] }), 'Ready')
  expect(ready).toMatchObject({
    status: 'True',
    reason: 'MissingReferences',
    message:
      'EventListener is ready, but its triggers name what is not there: TriggerTemplate "ci/run". Create it, or correct the name',
  })
  const many = Array.from({ length: 1_000 }, (_, index) => `Trigger "t-${index}"`)
  const message = conditionOf(statusOf(listener(), { missing: many }), 'Ready')?.message ?? ''
  expect(message).toContain('Trigger "t-9" and 990 more')
  expect(message.length).toBeLessThan(500)
})

const unused: readonly (readonly [string, EventListenerSpec, string])[] = [
  [
    'fields of a Deployment and a Service',
    { resources: { kubernetesResource: { replicas: 3, serviceType: 'NodePort', spec: { template: { spec: {} } } } } },
    'spec.resources.kubernetesResource.replicas, spec.resources.kubernetesResource.serviceType, spec.resources.kubernetesResource.spec.template',
  ],
  [
    'a Knative Service',
    { resources: { customResource: { apiVersion: 'serving.knative.dev/v1', kind: 'Service' } } },
    'spec.resources.customResource',
  ],
  [
    'TLS',
    {
      resources: {
        kubernetesResource: {
          spec: { template: { spec: { containers: [{ env: [{ name: 'TLS_CERT' }, { name: 'TLS_KEY' }] }] } } },
        },
      },
    },
    'spec.resources.kubernetesResource.spec.template; TLS_CERT and TLS_KEY (TLS ends at a proxy in front of the hooks port)',
  ],
  [
    'a service account',
    { serviceAccountName: 'listener' },
    'the service account of the listener (there is no Pod that would have it)',
  ],
  [
    'a service account of the Pod',
    { resources: { kubernetesResource: { spec: { template: { spec: { serviceAccountName: 'pod' } } } } } },
    'spec.resources.kubernetesResource.spec.template; the service account of the listener (there is no Pod that would have it)',
  ],
]

test.each(unused)('%s: accepted, and said to be unused', (_, spec, fields) => {
  const { reason, message = '' } = conditionOf(statusOf(listener(spec)), 'tektite.dev/UnusedFields') ?? {}
  expect(reason).toBe('NoDeployment')
  expect(message.split(': ').slice(1).join(': ')).toBe(fields)
})

test('odd resources are no reason to fail', () => {
  const spec = {
    resources: {
      kubernetesResource: { spec: { template: { spec: { containers: [null, { env: [null] }, 7] } } } },
    },
  }
  expect(conditionOf(statusOf(listener(spec)), 'tektite.dev/UnusedFields')?.status).toBe('True')
  expect(conditionOf(statusOf(listener({ resources: { kubernetesResource: [] } as never })), 'Ready')?.status).toBe(
    'True',
  )
})
