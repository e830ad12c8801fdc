/** One object. */
import type { Key } from '../../resources/meta.js'
import { ClusterError } from '../cluster.js'
import type { Calls, Reply } from './calls.js'
import { errorFrom, isUnknownResource, statusIn } from './errors.js'
import { isImpossible, objectPath, received, type ServedKind, type WireObject } from './resources.js'

/** An object, with the answer it came in. */
export interface Found {
  readonly object: WireObject
  readonly reply: Reply
}

export async function getObject(calls: Calls, served: ServedKind, key: Key): Promise<Found | undefined> {
  if (isImpossible(served, key)) return undefined
  const path = objectPath(served, key)
  const reply = await calls.send({ verb: 'get', resource: served.plural, path })
  if (reply.code === 200) return { object: objectIn(reply, served, path), reply }
  if (isAbsence(reply)) return undefined
  throw errorFrom(reply, `get ${path}`)
}

/** The object is not there, its kind is. */
export function isAbsence({ code, body }: Reply): boolean {
  return code === 404 && !isUnknownResource(statusIn(body))
}

export function objectIn(reply: Reply, served: ServedKind, path: string): WireObject {
  try {
    const object = JSON.parse(reply.body.toString('utf8')) as WireObject | null
    if (object !== null && typeof object === 'object' && object.metadata) return received(served, object)
  } catch (cause) {
    throw new ClusterError('Unavailable', `${path}: the answer is no JSON`, { cause })
  }
  throw new ClusterError('Unavailable', `${path}: the answer is no object`)
}
