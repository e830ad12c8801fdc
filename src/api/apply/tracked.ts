/** Objects as managed fields see them: without what the server sets itself, and without the part that another path writes. Pure. */
import { asRecord, type Json } from '../../resources/shape.js'
import type { Schema } from '../openapi/schemas.js'

/** What of metadata has a manager. */
const METADATA = ['generateName', 'labels', 'annotations', 'finalizers', 'ownerReferences']

/** One version of a kind. */
export interface Form {
  readonly schema: Schema | undefined
  /** The object in this version. */
  readonly show: (object: Json) => Json
}

/** What of an object a request can write. */
export interface Scope {
  /** `status`, or undefined for the object itself. */
  readonly subresource?: string
  /** The kind has a status that only its own path writes. */
  readonly hasStatus: boolean
}

export function trackedPart(object: Json, { subresource, hasStatus }: Scope): Json {
  const { apiVersion: _v, kind: _k, metadata, status, ...content } = object
  if (subresource === 'status') return status === undefined ? {} : { status }
  const given = asRecord(metadata)
  const kept = Object.fromEntries(METADATA.filter(key => given[key] !== undefined).map(key => [key, given[key]]))
  return { metadata: kept, ...content, ...(!hasStatus && status !== undefined && { status }) }
}

/** The object with its tracked part replaced. */
export function withTrackedPart(object: Json, part: Json, { subresource, hasStatus }: Scope): Json {
  const { apiVersion, kind, metadata, status } = object
  if (subresource === 'status') {
    const { status: _status, ...rest } = object
    return { ...rest, ...(part['status'] !== undefined && { status: part['status'] }) }
  }
  const kept = Object.entries(asRecord(metadata)).filter(([key]) => !METADATA.includes(key))
  return {
    apiVersion,
    kind,
    ...part,
    metadata: { ...Object.fromEntries(kept), ...asRecord(part['metadata']) },
    ...(hasStatus && status !== undefined && { status }),
  }
}

/** What an object of a kind is before anything is set: Kubernetes' own kinds have a spec even then. */
export function blank(object: Json, isOfKubernetes: boolean): Json {
  const spec = isOfKubernetes && object['spec'] !== undefined ? { spec: {} } : {}
  return { metadata: {}, ...spec }
}
