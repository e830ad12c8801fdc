import { expect, onTestFinished, test, vi } from 'vitest'
import { followingCatalogue } from '../../listeners/catalogue.js'
import { keepListenerStatuses } from '../../listeners/listener-status.js'
import { startListeners } from '../../listeners/main.js'
import type { Cluster } from '../../src/cluster/cluster.js'
import { SILENT } from '../../src/lib/log.js'
import { applyTo, clusterWith, inboxFor } from './world.js'

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

async function keep(cluster: Cluster) {
  const catalogue = followingCatalogue(cluster)
  const urlOf = ({ namespace, name }: { namespace: string; name: string }) => `http://here/hooks/${namespace}/${name}`
  const statuses = keepListenerStatuses({ cluster, catalogue, urlOf, now: Date.now, log: SILENT, pauses: PAUSES })
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
