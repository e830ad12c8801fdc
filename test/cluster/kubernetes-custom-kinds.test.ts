/** Kinds of CustomResourceDefinitions, whose paths the adapter learns from discovery. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Change, isClusterError } from '../../src/cluster/cluster.js'
import type { KubernetesCluster } from '../../src/cluster/kubernetes.js'
import type { Opaque } from '../../src/resources/core.js'
import { widget, widgets } from '../helpers/custom-resources.js'
import { type ServedStore, serveStore } from './served-cluster.js'

const KIND = 'Widget.example.com'
const key = { namespace: 'default', name: 'x' }
const seen: string[] = []

let served: ServedStore
let cluster: KubernetesCluster

beforeEach(async () => {
  served = await serveStore()
  seen.length = 0
  cluster = served.adapter({ onCall: ({ verb, resource, code }) => void seen.push(`${verb} ${resource} ${code}`) })
})
afterEach(() => served.close())

test('objects of a defined kind are written, read and followed; discovery is asked once', async () => {
  await cluster.create('CustomResourceDefinition', widgets({}) as never)
  const changes: Change<Opaque>[] = []
  const stop = new AbortController()
  const following = (async () => {
    for await (const change of cluster.watch(KIND, { namespace: 'default' }, stop.signal)) changes.push(change)
  })()
  await vi.waitFor(() => expect(changes).toMatchObject([{ type: 'listed', items: [] }]))

  const made = await cluster.create(KIND, { ...widget('x'), metadata: key } as never)
  expect(made).toMatchObject({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: key })
  const bigger = await cluster.replace(KIND, { ...made, spec: { size: 4 } } as Opaque)
  const ready = await cluster.replaceStatus(KIND, { ...bigger, status: { phase: 'Ready' } } as Opaque)
  expect(ready).toMatchObject({ spec: { size: 4 }, status: { phase: 'Ready' }, metadata: { generation: 2 } })
  expect(await cluster.get(KIND, key)).toEqual(ready)
  expect(await cluster.list(KIND)).toEqual([ready])
  await cluster.delete(KIND, key)
  await vi.waitFor(() => expect(changes.map(({ type }) => type)).toEqual(['listed', 'put', 'put', 'put', 'removed']))
  stop.abort()
  await following
  expect(seen.filter(call => call.startsWith('get apis'))).toEqual(['get apis 200', 'get apis 200'])
  const refused = await cluster
    .create(KIND, { ...widget('y', { size: 0 }), metadata: key } as never)
    .catch(error => error)
  expect(isClusterError(refused, 'Invalid')).toBe(true)
  expect((refused as Error).message).toContain('spec.size')
})

test('a kind that nobody defined is an error that names it, and is found once it is defined', async () => {
  for (const kind of [KIND, 'Widget...', 'Widget.unknown.example.com'] as const) {
    const error = await cluster.list(kind).catch(thrown => thrown as Error)
    expect(isClusterError(error, 'NotFound')).toBe(true)
    expect((error as Error).message).toContain('no matches for kind "Widget"')
  }
  await cluster.create('CustomResourceDefinition', widgets({}) as never)
  expect(await cluster.list(KIND)).toEqual([])
})
