import { expect, test } from 'vitest'
import { ClusterError } from '../../src/cluster/cluster.js'
import { inNamespace } from '../../src/cluster/in-namespace.js'
import { clusterWith } from '../listeners/world.js'

const map = (name: string, namespace: string) => `
apiVersion: v1
kind: ConfigMap
metadata: { name: ${name}, namespace: ${namespace} }
`

test('what names no namespace is of the one; what names one is there; what is in none is not there', async () => {
  const whole = await clusterWith(map('a', 'ci'), map('b', 'other'))
  const cluster = inNamespace(whole, 'ci')
  const names = async (selector?: { readonly namespace: string }) =>
    (await cluster.list('ConfigMap', selector)).map(({ metadata }) => metadata.name)
  expect(await names()).toEqual(['a'])
  expect(await names({ namespace: 'other' })).toEqual(['b'])
  expect((await cluster.get('ConfigMap', { namespace: 'other', name: 'b' }))?.metadata.name).toBe('b')
  expect(await whole.list('Namespace')).not.toEqual([])
  expect(await cluster.list('Namespace')).toEqual([])
  expect((await cluster.get('Namespace', { namespace: '', name: 'ci' }))?.metadata.name).toBe('ci')
  await whole.create('Node', { apiVersion: 'v1', kind: 'Node', metadata: { namespace: '', name: 'n' } } as never)
  expect(await whole.get('Node', { namespace: '', name: 'n' })).toBeDefined()
  expect(await cluster.get('Node', { namespace: '', name: 'n' })).toBeUndefined()
})

test('settings that may not be read in another namespace are as if there were none; anything else is refused', async () => {
  const refuse = () => Promise.reject(new ClusterError('Forbidden', 'no'))
  const cluster = inNamespace({ ...(await clusterWith()), get: refuse }, 'ci')
  expect(await cluster.get('ConfigMap', { namespace: 'other', name: 'a' })).toBeUndefined()
  await expect(cluster.get('ConfigMap', { namespace: 'ci', name: 'a' })).rejects.toThrow('no')
  await expect(cluster.get('Task', { namespace: 'other', name: 'a' })).rejects.toThrow('no')
})

test('watches are of the one namespace, too, and end with their signal', async () => {
  const cluster = inNamespace(await clusterWith(map('a', 'ci'), map('b', 'other')), 'ci')
  const stop = new AbortController()
  const first = async (kind: 'ConfigMap' | 'Namespace') => {
    for await (const change of cluster.watch(kind, {}, stop.signal)) {
      stop.abort()
      return change.type === 'listed' && change.items.map(({ metadata }) => metadata.name)
    }
    return 'nothing'
  }
  expect(await first('ConfigMap')).toEqual(['a'])
  const hidden = new AbortController()
  const seen: string[] = []
  const watching = (async () => {
    for await (const change of cluster.watch('Namespace', {}, hidden.signal)) {
      seen.push(change.type)
      setImmediate(() => hidden.abort())
    }
  })()
  await watching
  expect(seen).toEqual(['listed'])
})
