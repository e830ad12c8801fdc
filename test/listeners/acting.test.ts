/** Whose name an object is created in: a Trigger says an account of its namespace, and can say nothing else. */
import { expect, test } from 'vitest'
import { creatorFor } from '../../listeners/acting.js'
import type { Cluster } from '../../src/cluster/cluster.js'
import { actingAccount } from '../../src/trigger/acting-account.js'

const OURS = { get: async () => undefined, create: () => Promise.reject(new Error('with our own rights')) } as Pick<
  Cluster,
  'get' | 'create'
>
const POD = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'team', name: 'a' } } as const

async function userFor(serviceAccountName: string): Promise<readonly string[]> {
  const users: string[] = []
  const listener = { metadata: { namespace: 'team', name: 'l', uid: 'u' }, spec: { triggers: [] } }
  const account = actingAccount(listener as never, { namespace: 'team', serviceAccountName })
  const creator = creatorFor(OURS, account, user => {
    users.push(user)
    return { create: async (_kind, object) => object as never }
  })
  await creator.create('ConfigMap', POD)
  return users
}

test.each(['ci', 'team.ci-2', `${'a'.repeat(126)}.${'b'.repeat(126)}`])('%s is the name of an account', async name => {
  expect(await userFor(name)).toEqual([`system:serviceaccount:team:${name}`])
})

test.each([
  'kube-system:admin',
  'ci\r\nImpersonate-Group: system:masters',
  '../kube-system/ci',
  ' ci',
  'ci ',
  'Ci',
  'ci.',
  '.',
  'č',
  'a'.repeat(254),
])('%j is none, and nothing is asked in its name', async name => {
  await expect(userFor(name)).rejects.toThrow(
    `serviceAccountName ${JSON.stringify(name)} is no name of a ServiceAccount`,
  )
})
