import { expect, test } from 'vitest'
import { type Cluster, ClusterError } from '../../src/cluster/cluster.js'
import { createEntrypointSource, ON_A_CLUSTER } from '../../src/reconcile/observe/entrypoint-source.js'
import { reconcile } from '../../src/reconcile/reconcile.js'
import type { AnyKind } from '../../src/resources/kinds.js'
import type { Key } from '../../src/resources/meta.js'
import { depsFor, ENTRYPOINT, NOW, storeWith, TASK_RUN } from './real-store.js'

const CONTENT = { ...ENTRYPOINT, offer: { ...ENTRYPOINT.offer, hasNodes: true } }
const KEY = { namespace: 'default', name: ENTRYPOINT.name }
const MINUTE = 60_000

function configMap(binary: string, immutable = true): string {
  return `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${ENTRYPOINT.name}}, immutable: ${immutable}, binaryData: {entrypoint-amd64: ${binary}}}`
}

const NODE =
  '{apiVersion: v1, kind: Node, metadata: {name: a, labels: {kubernetes.io/arch: arm64}}, spec: {taints: [{key: x, value: z, effect: NoSchedule}]}}'

function countingReads(cluster: Cluster): { readonly cluster: Cluster; readonly reads: string[] } {
  const reads: string[] = []
  return {
    reads,
    cluster: {
      ...cluster,
      get(kind: AnyKind, key: Key) {
        reads.push(kind)
        return cluster.get(kind, key) as Promise<undefined>
      },
      list(kind: AnyKind) {
        reads.push(kind)
        return cluster.list(kind) as Promise<never>
      },
    },
  }
}

test('a ConfigMap that was seen is not read again for every Pod, and is after a while', async () => {
  const { cluster, reads } = countingReads(await storeWith(configMap('AAAA')))
  const source = createEntrypointSource(CONTENT, ON_A_CLUSTER)
  for (const now of [NOW, NOW + 1, NOW + MINUTE - 1]) {
    expect(await source.find(cluster, 'default', now)).toMatchObject({ exists: true })
  }
  expect(reads).toEqual(['ConfigMap'])
  await source.find(cluster, 'default', NOW + MINUTE)
  expect(reads).toEqual(['ConfigMap', 'ConfigMap'])
})

test('one that is missing is asked for until it is there', async () => {
  const { cluster } = countingReads(await storeWith())
  const source = createEntrypointSource(CONTENT, ON_A_CLUSTER)
  expect(await source.find(cluster, 'default', NOW)).toMatchObject({ exists: false })
  await cluster.create('ConfigMap', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: KEY,
    immutable: true,
    binaryData: CONTENT.binaryData(),
  })
  expect(await source.find(cluster, 'default', NOW)).toMatchObject({ exists: true })
})

test('nodes are listed once for many Pods, and none of them waits for newer knowledge', async () => {
  const { cluster, reads } = countingReads(await storeWith(NODE))
  const source = createEntrypointSource(CONTENT, ON_A_CLUSTER)
  const nodes = await Promise.all([source.nodes(cluster, NOW), source.nodes(cluster, NOW + 4 * MINUTE)])
  const seen = [
    { name: 'a', labels: { 'kubernetes.io/arch': 'arm64' }, taints: [{ key: 'x', value: 'z', effect: 'NoSchedule' }] },
  ]
  expect(nodes).toEqual([seen, seen])
  expect(reads).toEqual(['Node'])

  await cluster.delete('Node', { namespace: '', name: 'a' })
  expect(await source.nodes(cluster, NOW + 6 * MINUTE), 'as it was').toEqual(seen)
  expect(await source.nodes(cluster, NOW + 6 * MINUTE)).toEqual([])
})

test('who may not read nodes knows none; a fault is not remembered', async () => {
  const store = await storeWith(NODE)
  const answers = [new ClusterError('Unavailable', 'away'), new ClusterError('Forbidden', 'no')]
  const cluster = { ...store, list: () => Promise.reject(answers.shift()) }
  const source = createEntrypointSource(CONTENT, ON_A_CLUSTER)
  await expect(source.nodes(cluster, NOW)).rejects.toThrow('away')
  expect(await source.nodes(cluster, NOW)).toBeUndefined()
})

test.each([
  ['something else', configMap('BBBB')],
  ['the same, that may be changed afterwards,', configMap('AAAA', false)],
])('%s under the name of the entrypoint is replaced before a Pod is made', async (_, planted) => {
  const cluster = await storeWith(TASK_RUN, planted)
  await reconcile(depsFor(cluster), 'TaskRun/default/one')
  expect(await cluster.get('ConfigMap', KEY)).toMatchObject({ immutable: true, binaryData: CONTENT.binaryData() })
  expect(await cluster.get('Pod', { namespace: 'default', name: 'one-pod' })).toBeDefined()
})

test('a Pod whose entrypoint was deleted after it was made gets it back', async () => {
  const cluster = await storeWith(TASK_RUN)
  let now = NOW
  const entrypoint = createEntrypointSource({ ...CONTENT, offer: ENTRYPOINT.offer }, ON_A_CLUSTER)
  const deps = { ...depsFor(cluster, () => now), entrypoint }
  await reconcile(deps, 'TaskRun/default/one')
  await cluster.delete('ConfigMap', KEY)
  const pod = await cluster.get('Pod', { namespace: 'default', name: 'one-pod' })
  if (pod === undefined) throw new Error('no Pod was made')
  const waiting = { waiting: { reason: 'ContainerCreating' } }
  const step = { name: 'step-s', state: waiting, ready: false, restartCount: 0, image: 'alpine', imageID: '' }
  await cluster.replaceStatus('Pod', { ...pod, status: { phase: 'Pending', containerStatuses: [step] } })

  const looks: number[] = []
  for (let turn = 0; turn < 3; turn += 1) {
    expect(await cluster.get('ConfigMap', KEY), `after ${now - NOW} ms`).toBeUndefined()
    const outcome = await reconcile(deps, 'TaskRun/default/one')
    if (outcome.kind !== 'again') break
    looks.push(now - NOW)
    if (await cluster.get('ConfigMap', KEY)) break
    now += outcome.afterMs
  }
  expect(looks).toEqual([0, 10_000])
  const later = await reconcile(deps, 'TaskRun/default/one')
  expect(later, 'and we look again when it has waited twice as long').toEqual({ kind: 'again', afterMs: 10_000 })
})
