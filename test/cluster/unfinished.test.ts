/** `Selector.unfinished` in the embedded store: a list passes over what has ended, and a watch tells of its end. */
import { expect, test } from 'vitest'
import type { Change, Cluster, Selector } from '../../src/cluster/cluster.js'
import { openEmbeddedCluster } from '../../src/cluster/embedded/store.js'
import type { ConditionStatus, Resource } from '../../src/resources/meta.js'
import { SCHEDULE_UID_LABEL } from '../../src/resources/schedules.js'
import type { TaskRun } from '../../src/resources/tekton.js'
import { createMemoryDatabase } from '../helpers/memory-database.js'
import { configMap } from './open-cluster.js'

const names = (items: readonly Resource[]) => items.map(item => item.metadata.name)

async function taskRun(cluster: Cluster, name: string, status?: ConditionStatus): Promise<TaskRun> {
  const metadata = { namespace: 'ns', name }
  const made = await cluster.create('TaskRun', { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', metadata, spec: {} })
  if (status === undefined) return made
  return cluster.replaceStatus('TaskRun', { ...made, status: { conditions: [{ type: 'Succeeded', status }] } })
}

async function pod(cluster: Cluster, name: string, phase: 'Running' | 'Succeeded' | 'Failed'): Promise<void> {
  const spec = { restartPolicy: 'Never' as const, containers: [{ name: 's', image: 'alpine' }] }
  const made = await cluster.create('Pod', { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'ns', name }, spec })
  await cluster.replaceStatus('Pod', { ...made, status: { phase } })
}

test('what has ended is left out of a list, also after the store was opened anew', async () => {
  const database = createMemoryDatabase()
  const first = openEmbeddedCluster({ database })
  await taskRun(first, 'new')
  await taskRun(first, 'running', 'Unknown')
  await taskRun(first, 'succeeded', 'True')
  await taskRun(first, 'failed', 'False')
  await pod(first, 'open', 'Running')
  await pod(first, 'over', 'Succeeded')
  await pod(first, 'broken', 'Failed')
  await first.create('ConfigMap', configMap('never-ends'))
  await first.close()
  const cluster = openEmbeddedCluster({ database })
  expect(names(await cluster.list('TaskRun', { unfinished: true }))).toEqual(['new', 'running'])
  expect(names(await cluster.list('Pod', { namespace: 'ns', unfinished: true }))).toEqual(['open'])
  expect(names(await cluster.list('ConfigMap', { unfinished: true }))).toEqual(['never-ends'])
  expect(names(await cluster.list('TaskRun'))).toEqual(['failed', 'new', 'running', 'succeeded'])
  const succeeded = await cluster.get('TaskRun', { namespace: 'ns', name: 'succeeded' })
  expect(Number(succeeded?.metadata.resourceVersion)).toBeGreaterThan(0)
  await cluster.close()
})

test('a watch tells that what it follows has ended, and nothing of it after that', async () => {
  const cluster = openEmbeddedCluster({ database: createMemoryDatabase() })
  await taskRun(cluster, 'before', 'True')
  const changes: Change<TaskRun>[] = []
  const stop = new AbortController()
  const followed = (async () => {
    for await (const change of cluster.watch('TaskRun', { unfinished: true }, stop.signal)) {
      changes.push(change)
      if (change.type === 'put' && change.item.metadata.name === 'last') stop.abort()
    }
  })()
  const ended = await taskRun(cluster, 'one', 'True')
  await cluster.replace('TaskRun', { ...ended, metadata: { ...ended.metadata, labels: { seen: 'yes' } } })
  await cluster.delete('TaskRun', ended.metadata)
  await taskRun(cluster, 'last')
  await followed
  const told = changes.map(change =>
    change.type === 'listed' ? `listed ${names(change.items)}` : `${change.type} ${change.item.metadata.name}`,
  )
  expect(told.filter(line => !line.includes('before'))).toEqual(['listed ', 'put one', 'removed one', 'put last'])
  expect(told.join()).not.toContain('before')
  await cluster.close()
})

test('what has a label can be asked for, whatever the label says', async () => {
  const database = createMemoryDatabase()
  const first = openEmbeddedCluster({ database })
  const uid = SCHEDULE_UID_LABEL
  const given: [string, string, Record<string, string>][] = [
    ['b', 'one', { [uid]: 'u2' }],
    ['a', 'two', { [uid]: 'u1' }],
    ['a', 'one', { [uid]: 'u2', other: 'x' }],
    ['a', 'none', { other: 'x' }],
  ]
  for (const [namespace, name, labels] of given) {
    await first.create('ConfigMap', configMap(name, { namespace, labels }))
  }
  await first.close()
  const cluster = openEmbeddedCluster({ database })
  const found = async (selector: Selector) =>
    (await cluster.list('ConfigMap', selector)).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
  expect(await found({ hasLabel: uid })).toEqual(['a/one', 'a/two', 'b/one'])
  expect(await found({ hasLabel: uid, namespace: 'b' })).toEqual(['b/one'])
  expect(await found({ labels: { [uid]: 'u2' } })).toEqual(['a/one', 'b/one'])
  expect(await found({ labels: { [uid]: 'u2', other: 'x' } })).toEqual(['a/one'])
  expect(await found({ hasLabel: 'other' })).toEqual(['a/none', 'a/one'])
  const one = (await cluster.get('ConfigMap', { namespace: 'a', name: 'one' }))!
  await cluster.replace('ConfigMap', { ...one, metadata: { ...one.metadata, labels: {} } })
  await cluster.delete('ConfigMap', { namespace: 'b', name: 'one' })
  expect(await found({ hasLabel: uid })).toEqual(['a/two'])
})

test('a store from before there was an index is read all the same, and gets one with its first write', async () => {
  const database = createMemoryDatabase()
  const first = openEmbeddedCluster({ database })
  await taskRun(first, 'running', 'Unknown')
  await taskRun(first, 'ended', 'True')
  await first.create('ConfigMap', configMap('a', { labels: { [SCHEDULE_UID_LABEL]: 'u' } }))
  await first.close()
  const index = database.textTable('index')
  await database.transaction(() => {
    for (const { key } of index.range()) index.remove(key)
  })
  const cluster = openEmbeddedCluster({ database })
  const found = async () => [
    names(await cluster.list('TaskRun', { unfinished: true })),
    names(await cluster.list('ConfigMap', { hasLabel: SCHEDULE_UID_LABEL })),
  ]
  expect(await found()).toEqual([['running'], ['a']])
  await cluster.create('Secret', { ...configMap('s'), kind: 'Secret' })
  expect(await found()).toEqual([['running'], ['a']])
  expect(index.range().length).toBeGreaterThan(2)
})
