import { expect, onTestFinished, test, vi } from 'vitest'
import { followingCatalogue } from '../../listeners/catalogue.js'
import { keepListenerStatuses } from '../../listeners/listener-status.js'
import { startListeners } from '../../listeners/listeners.js'
import type { Cluster } from '../../src/cluster/cluster.js'
import { type Log, SILENT } from '../../src/lib/log.js'
import { applyTo, clusterWith, inboxFor, recordingLog } from './world.js'

const KEY = { namespace: 'ci', name: 'app' }
const PAUSES = { betweenMs: 1, againMs: 20 }
const LISTENER = `
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: app, namespace: ci }
spec:
  triggers:
    - { triggerRef: gone }
    - name: push
      interceptors: [{ ref: { name: github }, params: [{ name: secretRef, value: { secretName: hook, secretKey: token } }] }]
      bindings: [{ ref: text }, { ref: everywhere, kind: ClusterTriggerBinding }]
      template: { ref: run }
`
const GONE = `
apiVersion: triggers.tekton.dev/v1beta1
kind: Trigger
metadata: { name: gone, namespace: ci }
spec: { template: { ref: run } }
`
const TEMPLATE = `
apiVersion: triggers.tekton.dev/v1beta1
kind: TriggerTemplate
metadata: { name: run, namespace: ci }
spec: { resourcetemplates: [{ apiVersion: v1, kind: ConfigMap, metadata: { generateName: x- } }] }
`
const BINDING = `
apiVersion: triggers.tekton.dev/v1beta1
kind: TriggerBinding
metadata: { name: text, namespace: ci }
spec: { params: [{ name: text, value: a }] }
`
const CLUSTER_BINDING = `
apiVersion: triggers.tekton.dev/v1beta1
kind: ClusterTriggerBinding
metadata: { name: everywhere }
spec: { params: [{ name: place, value: b }] }
`
const SECRET = 'apiVersion: v1\nkind: Secret\nmetadata: { name: hook, namespace: ci }\nstringData: { token: hunter2 }\n'

async function keep(cluster: Cluster, log: Log = SILENT) {
  const catalogue = followingCatalogue(cluster)
  const urlOf = ({ namespace, name }: { namespace: string; name: string }) => `http://here/hooks/${namespace}/${name}`
  const statuses = keepListenerStatuses({ cluster, catalogue, urlOf, now: Date.now, log, pauses: PAUSES })
  onTestFinished(async () => {
    await statuses.close()
    await catalogue.close()
  })
}

async function readyMessage(cluster: Cluster): Promise<string> {
  const conditions = (await cluster.get('EventListener', KEY))?.status?.conditions ?? []
  return conditions.find(({ type }) => type === 'Ready')?.message ?? ''
}

test('what is missing is told, and told no more once it is there, whatever kind it is', async () => {
  const cluster = await clusterWith(LISTENER)
  await keep(cluster)
  const missing = [
    'Trigger "gone"',
    'TriggerTemplate "ci/run"',
    'TriggerBinding "ci/text"',
    'ClusterTriggerBinding "everywhere"',
    'a value under the key "token" of Secret "ci/hook"',
  ]
  const manifests = [GONE, TEMPLATE, BINDING, CLUSTER_BINDING, SECRET]
  for (const [index, manifest] of manifests.entries()) {
    const named = missing.slice(index).join(', ')
    await vi.waitFor(async () => expect(await readyMessage(cluster)).toContain(`not there: ${named}. Create it`))
    await applyTo(cluster, manifest)
  }
  await vi.waitFor(async () => expect(await readyMessage(cluster)).toBe('EventListener is ready'))
  await cluster.delete('TriggerTemplate', { namespace: 'ci', name: 'run' })
  await vi.waitFor(async () => expect(await readyMessage(cluster)).toContain('TriggerTemplate "ci/run"'))
})

test('an interceptor that is not there is told, and the Secret of one that is somebody else’s is not missed', async () => {
  const interceptors = `
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: app, namespace: ci }
spec:
  triggers:
    - interceptors:
        - { ref: { name: github }, params: [{ name: secretRef, value: { secretName: hook, secretKey: token } }] }
        - { ref: { name: policy } }
        - { ref: { name: check, kind: NamespacedInterceptor } }
      template: { spec: { resourcetemplates: [{ apiVersion: v1, kind: ConfigMap, metadata: { name: a } }] } }
`
  const object = (kind: string, name: string) => `
apiVersion: triggers.tekton.dev/v1alpha1
kind: ${kind}
metadata: { name: ${name}, namespace: ${kind === 'Interceptor' ? 'ci' : '""'} }
spec: { clientConfig: { url: "https://hooks.example" } }
`
  const cluster = await clusterWith(interceptors)
  await keep(cluster)
  const missing = [
    'ClusterInterceptor "policy"',
    'Interceptor "check"',
    'a value under the key "token" of Secret "ci/hook"',
  ]
  const manifests = [object('ClusterInterceptor', 'policy'), object('Interceptor', 'check')]
  for (const [index, manifest] of manifests.entries()) {
    const named = missing.slice(index).join(', ')
    await vi.waitFor(async () => expect(await readyMessage(cluster)).toContain(`not there: ${named}. Create it`))
    await applyTo(cluster, manifest)
  }
  await applyTo(cluster, object('ClusterInterceptor', 'github'))
  await vi.waitFor(async () => expect(await readyMessage(cluster)).toBe('EventListener is ready'))
})

test('a git host’s interceptor without a secret is warned of once', async () => {
  const open = (text: string) => `
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: app, namespace: ci }
spec:
  triggers:
    - name: open
      interceptors: [{ ref: { name: github }, params: [{ name: eventTypes, value: [push] }] }]
      bindings: [{ name: x, value: ${text} }]
      template: { ref: gone }
`
  const cluster = await clusterWith(open('a'))
  const { lines, log } = recordingLog()
  await keep(cluster, log)
  await vi.waitFor(async () => expect(await readyMessage(cluster)).toContain('TriggerTemplate "ci/gone"'))
  const stored = await cluster.get('EventListener', KEY)
  const [changed] = stored?.spec.triggers ?? []
  await cluster.replace('EventListener', {
    ...stored!,
    spec: { triggers: [{ ...changed, template: { ref: 'other' } }] },
  })
  await vi.waitFor(async () => expect(await readyMessage(cluster)).toContain('TriggerTemplate "ci/other"'))
  expect(lines).toMatchObject([
    {
      message: 'anybody may send this event: the interceptor github has no secretRef, so no signature is looked at',
      listener: 'ci/app',
      trigger: 'ci/open',
    },
  ])
})

test('a status is written once, and put right when somebody else writes it', async () => {
  const cluster = await clusterWith(GONE, TEMPLATE, BINDING, CLUSTER_BINDING, SECRET, LISTENER)
  let writes = 0
  const counting: Cluster = {
    ...cluster,
    replaceStatus: (kind, object) => {
      writes += 1
      return cluster.replaceStatus(kind, object)
    },
  }
  await keep(counting)
  await vi.waitFor(async () => expect(await readyMessage(cluster)).toBe('EventListener is ready'))
  const listener = await cluster.get('EventListener', KEY)
  await cluster.replaceStatus('EventListener', { ...listener!, status: { address: { url: 'http://elsewhere' } } })
  await vi.waitFor(async () => expect(await readyMessage(cluster)).toBe('EventListener is ready'))
  expect((await cluster.get('EventListener', KEY))?.status?.address?.url).toBe('http://here/hooks/ci/app')
  // A conflict with the write from outside may have cost one more.
  expect(writes).toBeLessThanOrEqual(3)
  await applyTo(cluster, LISTENER.replace('name: app', 'name: next'))
  const next = { namespace: 'ci', name: 'next' }
  await vi.waitFor(async () => expect((await cluster.get('EventListener', next))?.status).toBeDefined())
})

test.each([
  ['the address that the server has', undefined, (port: number) => `http://127.0.0.1:${port}/hooks/ci/app`],
  ['the address that senders see', 'https://ci.example.com', () => 'https://ci.example.com/hooks/ci/app'],
] as const)('a status gives %s', async (_, publicUrl, expected) => {
  const cluster = await clusterWith(LISTENER)
  const deps = { cluster, inbox: inboxFor(), admission: () => ({}), log: SILENT, now: Date.now, newEventId: () => 'id' }
  const listeners = await startListeners(deps, { port: 0, host: '127.0.0.1', ...(publicUrl && { publicUrl }) })
  onTestFinished(() => listeners.close())
  await vi.waitFor(async () => {
    expect((await cluster.get('EventListener', KEY))?.status?.address?.url).toBe(expected(listeners.port))
  })
})
