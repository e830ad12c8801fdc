/**
 * Writes that are done once, though their answer may be lost and they are sent again. What the second answer says is then
 * no answer to the caller's question: a create finds its own object in the way, a replace its own version, a delete
 * nothing. Each looks at what is stored and tells which it was.
 *
 * What cannot be told: whose write it was, when two wrote the very same; and whether ours was done at all, when another
 * came after it. The first counts as done, the second is a Conflict: both are true of what is stored.
 */
import type { Key } from '../../resources/meta.js'
import { ClusterError, type DeleteOptions } from '../cluster.js'
import type { Calls } from './calls.js'
import { errorFrom } from './errors.js'
import { getObject, isAbsence, objectIn } from './get.js'
import {
  collectionPath,
  isImpossible,
  objectPath,
  objectText,
  type ServedKind,
  sent,
  type WireObject,
} from './resources.js'
import { isMadeByUs, isReplaced, isStatusReplaced, uidOf } from './sameness.js'

/** As k8s.io/apiserver pkg/storage/names: 63 characters with the five that are added. */
const MAX_GENERATE_NAME_CHARS = 58
/** As k8s.io/apimachinery pkg/util/rand: no vowels and no 0, 1 and 3, so that no words come out. */
const NAME_LETTERS = 'bcdfghjklmnpqrstvwxz2456789'
const NAME_TRIES = 8

export interface Writes {
  create(served: ServedKind, object: WireObject): Promise<WireObject>
  replace(served: ServedKind, object: WireObject, subresource?: 'status'): Promise<WireObject>
  delete(served: ServedKind, key: Key, options: DeleteOptions): Promise<void>
}

/** `reading`: what is looked at with, where that is somebody else. */
export function createWrites(calls: Calls, random: () => number, reading = calls): Writes {
  const find = (served: ServedKind, key: Key) => getObject(reading, served, key)

  /** Names are made here, not there: a try that is made again must not make a twin. */
  async function create(served: ServedKind, object: WireObject): Promise<WireObject> {
    const { name, generateName } = (object.metadata ?? {}) as { name?: string; generateName?: string }
    if (name || !generateName) return createNamed(served, object)
    for (let tries = 1; ; tries++) {
      const metadata = { ...object.metadata, name: generatedName(generateName, random) }
      try {
        return await createNamed(served, { ...object, metadata })
      } catch (error) {
        const isTaken = error instanceof ClusterError && error.reason === 'AlreadyExists'
        if (!isTaken || tries === NAME_TRIES) throw error
      }
    }
  }

  async function createNamed(served: ServedKind, object: WireObject): Promise<WireObject> {
    const { namespace = '', name = '' } = (object.metadata ?? {}) as Partial<Key>
    // Anything else is said better by the API server, but this would go to another path.
    if (served.namespaced && isImpossible(served, { namespace, name: 'x' })) {
      const what = `metadata.namespace: Invalid value: ${JSON.stringify(namespace)}: is no name of a namespace`
      throw new ClusterError('Invalid', `${objectText(served, name)} is invalid: ${what}`)
    }
    const path = collectionPath(served, namespace)
    // The status is what becomes of an object, not part of what is asked for: some kinds would take it.
    const { status: _status, ...rest } = object
    const body = sentObject(served, rest)
    const reply = await calls.send({ verb: 'create', resource: served.plural, path, body })
    if (reply.code >= 200 && reply.code < 300) return objectIn(reply, served, path)
    const refusal = errorFrom(reply, `create ${path}`)
    if (refusal.reason !== 'AlreadyExists' || !reply.mayBeDone) throw refusal
    const found = await find(served, { namespace, name })
    const times = { servedAt: found?.reply.headers.date, sinceFirstTryMs: reply.ms + (found?.reply.ms ?? 0) }
    if (found === undefined || !isMadeByUs(found.object, body, times)) throw refusal
    return found.object
  }

  async function replace(served: ServedKind, object: WireObject, subresource?: 'status'): Promise<WireObject> {
    const key = object.metadata as unknown as Key
    const gone = () => new ClusterError('NotFound', `${objectText(served, key.name)} not found`)
    if (isImpossible(served, key)) throw gone()
    const path = objectPath(served, key, subresource)
    const resource = subresource === undefined ? served.plural : `${served.plural}/${subresource}`
    const body = sentObject(served, object)
    const reply = await calls.send({ verb: 'update', resource, path, body: sent(served, body) })
    if (reply.code >= 200 && reply.code < 300) return objectIn(reply, served, path)
    const refusal = errorFrom(reply, `update ${path}`)
    if (reply.mayBeDone && refusal.reason === 'NotFound' && takesAway(object)) return object
    if (refusal.reason !== 'Conflict') throw refusal
    // Also when no answer was lost: a namesake is a conflict there, and for the port is somebody else.
    const found = await find(served, key)
    if (found === undefined || uidOf(found.object) !== uidOf(object)) throw gone()
    const isDone = subresource === 'status' ? isStatusReplaced : isReplaced
    if (!reply.mayBeDone) throw refusal
    if (isDone(found.object, body)) return found.object
    throw new ClusterError('Conflict', `${refusal.message} (an earlier try may have been carried out)`)
  }

  /** Pinned to the object that is there now: a namesake made since the first try must outlive the second. */
  async function remove(served: ServedKind, key: Key, options: DeleteOptions): Promise<void> {
    const { uid, resourceVersion, propagationPolicy, graceSeconds } = options
    const target = uid ?? uidOf((await find(served, key))?.object ?? {})
    if (target === undefined || isImpossible(served, key)) return
    const path = objectPath(served, key)
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid: target, ...(resourceVersion !== undefined && { resourceVersion }) },
      ...(propagationPolicy !== undefined && { propagationPolicy }),
      ...(graceSeconds !== undefined && { gracePeriodSeconds: graceSeconds }),
    }
    const reply = await calls.send({ verb: 'delete', resource: served.plural, path, body })
    if (reply.code >= 200 && reply.code < 300) return
    if (isAbsence(reply)) return
    const refusal = errorFrom(reply, `delete ${path}`)
    if (refusal.reason !== 'Conflict') throw refusal
    const found = await find(served, key)
    if (found === undefined || uidOf(found.object) !== target) return
    // A Namespace says so for as long as its content takes to go; and an earlier try of ours may have marked the object.
    const isMarked = found.object.metadata?.['deletionTimestamp'] !== undefined
    if (!isMarked || (resourceVersion !== undefined && !reply.mayBeDone)) throw refusal
  }

  return { create, replace, delete: remove }
}

/** A replace after which nothing is left. */
function takesAway({ metadata = {} }: WireObject): boolean {
  const { deletionTimestamp, finalizers } = metadata
  return deletionTimestamp !== undefined && !(Array.isArray(finalizers) && finalizers.length > 0)
}

/** As API servers have them: cluster-scoped objects have no namespace. */
function sentObject(served: ServedKind, object: WireObject): WireObject {
  if (served.namespaced) return object
  const { namespace: _none, ...metadata } = object.metadata ?? {}
  return { ...object, metadata }
}

function generatedName(generateName: string, random: () => number): string {
  const letter = () => NAME_LETTERS[Math.floor(random() * NAME_LETTERS.length)]
  return generateName.slice(0, MAX_GENERATE_NAME_CHARS) + Array.from({ length: 5 }, letter).join('')
}
