/** What authors do to single objects, inside a transaction: create and replace, or the reason why not. */
import type { KindEntry } from '../../resources/kind-table.js'
import { ClusterError } from '../cluster.js'
import { type Candidate, MAX_GENERATE_NAME_CHARS, refusal } from './admission.js'
import { objectText, type Stored } from './keys.js'
import { defaultServiceAccount, withNameLabel } from './namespaces.js'
import type { Objects } from './objects.js'
import type { Owners } from './owners.js'
import type { Removals } from './removals.js'
import { created, forbiddenChange, replaced, withFoldedStringData, withManagers, withStatus } from './revise.js'
import type { Transaction } from './writes.js'

export interface Authoring {
  /** @throws ClusterError 'AlreadyExists', 'Invalid', 'Forbidden' */
  create(transaction: Transaction, info: KindEntry, given: Candidate): Stored
  /** @throws ClusterError 'Conflict', 'NotFound', 'Invalid' */
  replace(transaction: Transaction, info: KindEntry, given: Stored): Stored
  /** @throws ClusterError 'Conflict', 'NotFound', 'Invalid' */
  replaceStatus(transaction: Transaction, info: KindEntry, given: Stored): Stored
}

export interface AuthoringDeps {
  readonly objects: Objects
  readonly owners: Owners
  readonly removals: Removals
  readonly now: () => number
  readonly uid: () => string
  /** A whole number from 0 up to, not including, `below`. */
  readonly random: (below: number) => number
}

/** As k8s.io/apimachinery pkg/util/rand: no vowels and no 0, 1 and 3, so that no words come out. */
const NAME_LETTERS = 'bcdfghjklmnpqrstvwxz2456789'
const NAME_TRIES = 8

export function createAuthoring({ objects, owners, removals, now, uid, random }: AuthoringDeps): Authoring {
  function freshName(info: KindEntry, { metadata: { generateName = '', namespace } }: Candidate): string {
    if (generateName === '') return ''
    const base = `${generateName}`.slice(0, MAX_GENERATE_NAME_CHARS)
    for (let tries = 0; tries < NAME_TRIES; tries++) {
      const end = Array.from({ length: 5 }, () => NAME_LETTERS[random(NAME_LETTERS.length)]).join('')
      if (objects.get(info.id, { namespace, name: base + end }) === undefined) return base + end
    }
    const text = 'already exists, the server was not able to generate a unique name for the object'
    throw new ClusterError('AlreadyExists', `${objectText(info, base)} ${text}`)
  }

  /** @throws ClusterError 'Forbidden': what is being deleted takes in nothing new. */
  function checkPlace(info: KindEntry, namespace: string, name: string): void {
    if (owners.isTerminating('Namespace', namespace)) {
      throw new ClusterError(
        'Forbidden',
        `${objectText(info, name)} is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
        { by: 'namespace' },
      )
    }
    if (info.definition && owners.isTerminating('CustomResourceDefinition', info.definition.metadata.name)) {
      throw new ClusterError(
        'Forbidden',
        `${objectText(info, name)} is forbidden: create not allowed while custom resource definition is terminating`,
      )
    }
  }

  /** The stored object that a caller wants to replace. */
  function current(info: KindEntry, { metadata }: Stored): Stored {
    const { name, namespace, uid, resourceVersion } = metadata
    const stored = objects.get(info.id, { namespace, name })
    if (stored === undefined || (uid && uid !== stored.metadata.uid)) {
      const other = stored === undefined ? '' : `: it has the uid ${stored.metadata.uid} now, not ${uid}`
      throw new ClusterError('NotFound', `${objectText(info, name)} not found${other}`)
    }
    if (!resourceVersion) refuse(info, name, 'metadata.resourceVersion: Required value: must be set for an update')
    if (resourceVersion !== stored.metadata.resourceVersion) {
      throw new ClusterError(
        'Conflict',
        `Operation cannot be fulfilled on ${objectText(info, name)}: the object has been modified; please apply your changes to the latest version and try again`,
      )
    }
    return stored
  }

  function putNamespace(transaction: Transaction, made: Stored): Stored {
    const namespace = transaction.put(withStatus(made, { phase: 'Active' }), undefined)
    const account = created(defaultServiceAccount(made.metadata.name), { name: 'default', uid: uid(), now: now() })
    // Objects may have been there before their namespace was.
    const isThere = objects.get('ServiceAccount', account.metadata) !== undefined
    if (!isThere) transaction.put(account, undefined)
    return namespace
  }

  return {
    create(transaction, info, given) {
      const name = given.metadata.name || freshName(info, given)
      const object = prepared(info, given, name)
      admit(info, { ...object, metadata: { ...object.metadata, name } })
      const key = { namespace: object.metadata.namespace, name }
      if (objects.get(info.id, key) !== undefined) {
        throw new ClusterError('AlreadyExists', `${objectText(info, name)} already exists`)
      }
      checkPlace(info, key.namespace, name)
      const made = created(object, { name, uid: uid(), now: now() })
      return info.id === 'Namespace' ? putNamespace(transaction, made) : transaction.put(made, undefined)
    },

    replace(transaction, info, given) {
      const stored = current(info, given)
      const object = prepared(info, given, given.metadata.name)
      admit(info, object)
      const next = replaced(info, stored, object)
      if (next === stored) return stored
      const problem = forbiddenChange(info.id, stored, next)
      if (problem !== undefined) refuse(info, stored.metadata.name, problem)
      return removals.settle(transaction, next, stored)
    },

    replaceStatus(transaction, info, given) {
      const stored = current(info, given)
      if (!info.status) refuse(info, stored.metadata.name, 'status: Forbidden: the kind has no status subresource')
      const next = withManagers(withStatus(stored, given['status']), given.metadata.managedFields)
      return next === stored ? stored : transaction.put(next, stored)
    },
  }
}

/** What an author gives, with what the store makes of it before it looks whether that is valid. */
function prepared<T extends Candidate>(info: KindEntry, given: T, name: string): T {
  const object = withFoldedStringData(info.id, given)
  return info.id === 'Namespace' ? withNameLabel(object, name) : object
}

/** @throws ClusterError 'Invalid' */
function admit(info: KindEntry, object: Candidate): void {
  const problem = refusal(info, object)
  if (problem !== undefined) refuse(info, object.metadata.name ?? '', problem)
}

function refuse({ kind, group }: KindEntry, name: string, problem: string): never {
  const of = group === '' ? kind : `${kind}.${group}`
  throw new ClusterError('Invalid', `${of} ${JSON.stringify(`${name}`.slice(0, 300))} is invalid: ${problem}`)
}
