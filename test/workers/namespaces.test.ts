/** Namespaces of a real store, and the ServiceAccount of each. */
import { expect, onTestFinished, test } from 'vitest'
import { SILENT } from '../../src/lib/log.js'
import { startNamespaces } from '../../workers/namespaces.js'
import { until } from '../kubelet/until.js'
import { storeWith } from '../reconcile/real-store.js'

const named = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, namespace: '' } }) as const

test('there are namespaces from the start, and an account in each; a second start leaves them', async () => {
  const cluster = await storeWith()
  const first = await startNamespaces({ cluster, log: SILENT })
  const names = (await cluster.list('Namespace')).map(({ metadata }) => metadata.name)
  expect(names).toEqual(['default', 'tekton-pipelines', 'tekton-pipelines-resolvers'])
  const accounts = await until('the accounts', async () => {
    const found = await cluster.list('ServiceAccount')
    return found.length === 3 && found
  })
  expect(accounts.map(({ metadata }) => [metadata.namespace, metadata.name])).toEqual(
    names.map(name => [name, 'default']),
  )
  await first.close()
  const second = await startNamespaces({ cluster, log: SILENT })
  await second.close()
  expect(await cluster.list('ServiceAccount')).toEqual(accounts)
})

test('a later namespace gets its account, which is not made again by a change of it', async () => {
  const cluster = await storeWith()
  const namespaces = await startNamespaces({ cluster, log: SILENT })
  onTestFinished(() => namespaces.close())
  const team = await cluster.create('Namespace', named('team'))
  const key = { namespace: 'team', name: 'default' }
  const account = await until('the account', () => cluster.get('ServiceAccount', key))
  await cluster.replace('Namespace', { ...team, metadata: { ...team.metadata, labels: { a: 'b' } } })
  await cluster.create('Namespace', named('last'))
  await until('the last account', () => cluster.get('ServiceAccount', { ...key, namespace: 'last' }))
  expect(await cluster.get('ServiceAccount', key)).toEqual(account)
})

test('a namespace that goes takes its account along, also one that went as it came', async () => {
  const cluster = await storeWith()
  const namespaces = await startNamespaces({ cluster, log: SILENT })
  onTestFinished(() => namespaces.close())
  const key = { namespace: '', name: 'brief' }
  const isGone = async () => (await cluster.get('Namespace', key)) === undefined
  for (let round = 0; round < 20; round++) {
    await cluster.create('Namespace', named('brief'))
    await cluster.delete('Namespace', key)
    await until('the namespace to be gone', isGone)
  }
  await until('its account to be gone', async () => {
    return (await cluster.list('ServiceAccount', { namespace: 'brief' })).length === 0
  })
})
