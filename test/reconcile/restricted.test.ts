import { expect, test } from 'vitest'
import { ClusterError } from '../../src/cluster/cluster.js'
import { createRestricted } from '../../src/reconcile/observe/restricted.js'
import { reconcile } from '../../src/reconcile/reconcile.js'
import { depsFor, NOW, storeWith, TASK_RUN } from './real-store.js'

const MINUTE = 60_000
const namespace = (name: string, level: string) =>
  `{apiVersion: v1, kind: Namespace, metadata: {name: ${name}, labels: {pod-security.kubernetes.io/enforce: ${level}}}}`

test('a namespace is asked once a minute what it enforces', async () => {
  const cluster = await storeWith(namespace('strict', 'restricted'), namespace('easy', 'baseline'))
  const isRestricted = createRestricted(cluster)
  expect(await isRestricted('strict', NOW)).toBe(true)
  expect(await isRestricted('easy', NOW)).toBe(false)
  expect(await isRestricted('gone', NOW)).toBe(false)
  const strict = await cluster.get('Namespace', { namespace: '', name: 'strict' })
  await cluster.replace('Namespace', { ...strict!, metadata: { ...strict!.metadata, labels: {} } })
  expect(await isRestricted('strict', NOW + MINUTE - 1)).toBe(true)
  expect(await isRestricted('strict', NOW + MINUTE)).toBe(false)
})

test('who may not read namespaces goes by none; a fault is one', async () => {
  const store = await storeWith()
  const answers = [new ClusterError('Unavailable', 'away'), new ClusterError('Forbidden', 'no')]
  const isRestricted = createRestricted({ ...store, get: () => Promise.reject(answers.shift()) })
  await expect(isRestricted('strict', NOW)).rejects.toThrow('away')
  expect(await isRestricted('strict', NOW)).toBe(false)
})

test('steps in such a namespace keep to the profile without having to say so', async () => {
  const cluster = await storeWith(TASK_RUN)
  await reconcile({ ...depsFor(cluster), isRestricted: async () => true }, 'TaskRun/default/one')
  const pod = await cluster.get('Pod', { namespace: 'default', name: 'one-pod' })
  expect(pod?.spec.containers.map(({ securityContext }) => securityContext)).toEqual([
    {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  ])
})
