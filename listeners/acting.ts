/** Objects are created with the rights of the account that a trigger acts with, where the cluster knows such rights. */
import { type Cluster, ClusterError } from '../src/cluster/cluster.js'
import type { Key } from '../src/resources/meta.js'
import { accountUser, isAccountName } from '../src/trigger/acting-account.js'

/** The cluster as somebody with this user name sees it. */
export type CreatingAs = (user: string) => Pick<Cluster, 'create'>

/** What objects are created with, and what is found in their way is looked at with. */
export type Creator = Pick<Cluster, 'get' | 'create'>

/**
 * Without `creatingAs`, our own rights. A no of the account's says whose it is, and the way out. A name that no account can
 * have never becomes a user name: those have a syntax of their own.
 */
export function creatorFor(cluster: Creator, account: Key, creatingAs: CreatingAs | undefined): Creator {
  if (creatingAs === undefined) return cluster
  if (!isAccountName(account.name)) return { get: cluster.get, create: () => Promise.reject(noAccount(account.name)) }
  const user = accountUser(account)
  const { create } = creatingAs(user)
  return {
    get: cluster.get,
    create: (kind, object) =>
      create(kind, object).catch((error: unknown) => {
        throw error instanceof ClusterError && error.reason === 'Forbidden' ? explained(error, account, user) : error
      }),
  }
}

function noAccount(name: string): ClusterError {
  const rule = 'write lower-case letters, digits, "-" and ".", 253 characters at most'
  return new ClusterError(
    'Invalid',
    `serviceAccountName ${JSON.stringify(name)} is no name of a ServiceAccount: ${rule}`,
  )
}

function explained(error: ClusterError, { namespace, name }: Key, user: string): ClusterError {
  const isOurs = error.message.includes('cannot impersonate')
  const wayOut = isOurs
    ? 'the listeners may not act as service accounts: allow them the verb impersonate on serviceaccounts'
    : error.message.includes(user)
      ? `triggers act with the rights of ServiceAccount "${namespace}/${name}": bind a Role to it that may create this`
      : ''
  return new ClusterError('Forbidden', wayOut === '' ? error.message : `${error.message} → ${wayOut}`, { cause: error })
}
