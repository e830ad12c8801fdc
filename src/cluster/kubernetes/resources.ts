/** Kinds as paths and parameters of requests, objects as they are sent and received. Pure. */

import { specAsRead } from '../../resources/as-read.js'
import { groupResource, groupVersion, groupVersionPath, type KindEntry } from '../../resources/kind-table.js'
import { isKind, KINDS, type Kind } from '../../resources/kinds.js'
import type { Key } from '../../resources/meta.js'
import { withoutEmptyFields, withRequiredFields } from '../../resources/required-status.js'
import { isRecord } from '../../resources/shape.js'
import type { Selector } from '../cluster.js'
import { hasEnded } from '../embedded/ended.js'
import type { Stored } from '../embedded/keys.js'

/** A kind as an API server serves it. */
export type ServedKind = Pick<KindEntry, 'kind' | 'group' | 'version' | 'plural' | 'namespaced' | 'status'>

/** An object as it comes and goes. */
export interface WireObject {
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

export function collectionPath({ group, version, plural, namespaced }: ServedKind, namespace = ''): string {
  const root = groupVersionPath(group, version)
  // Without a namespace a path means all of them, for whatever is read.
  const place = namespaced && namespace !== '' ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  return `${root}${place}/${plural}`
}

export function objectPath(served: ServedKind, { namespace, name }: Key, subresource?: 'status'): string {
  const path = `${collectionPath(served, namespace)}/${encodeURIComponent(name)}`
  return subresource === undefined ? path : `${path}/${subresource}`
}

/**
 * No object can have such a key: no part of a path in Kubernetes may be these (apimachinery
 * pkg/api/validation/path/name.go). Asked for all the same, another path than was meant would be: `..` climbs, and
 * nothing at all is the collection.
 */
export function isImpossible({ namespaced }: ServedKind, { namespace, name }: Key): boolean {
  return isNoSegment(name) || (namespaced ? isNoSegment(namespace) : namespace !== '')
}

/** As above, of what a selector asks for: nothing can be in such a namespace. */
export function isNowhere({ namespaced }: ServedKind, { namespace = '' }: Selector): boolean {
  return namespace !== '' && (!namespaced || isNoSegment(namespace))
}

export function isNoSegment(text: string): boolean {
  return text === '' || text === '.' || text === '..' || /[/%]/.test(text)
}

export function labelSelectorText({ labels = {}, hasLabel }: Selector): string {
  const parts = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
  return [...parts, ...(hasLabel === undefined ? [] : [hasLabel])].join(',')
}

export function queryText(values: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(values))
    if (value !== undefined && value !== '') query.set(name, `${value}`)
  return query.size === 0 ? '' : `?${query}`
}

/** `pipelineruns.tekton.dev "build-7"`: how API servers name an object in their messages. */
export function objectText(served: ServedKind, name: string): string {
  return `${groupResource(served)} ${JSON.stringify(name)}`
}

/**
 * As the port has objects: items of a list come without kind and apiVersion, cluster-scoped objects without a namespace,
 * and what nobody has looked at before it was stored comes in whatever spelling it was written in (`resources/as-read.ts`).
 * `managedFields` is left out: nobody here reads it, it often is half of the object, and an API server keeps what it has
 * when a replace comes without.
 */
export function received(served: ServedKind, { metadata = {}, ...content }: WireObject): WireObject {
  const { group, version, kind } = served
  const { managedFields: _managed, ...kept } = metadata
  const { spec, status } = content
  const isOurs = isBuiltIn(served)
  return {
    apiVersion: groupVersion(group, version),
    kind,
    ...content,
    ...(isOurs && spec !== undefined && { spec: specAsRead(served.kind as Kind, `${kept['name']}`, spec) }),
    ...(isOurs && isRecord(status) && { status: withoutEmptyFields(kind, status) }),
    metadata: { namespace: '', ...kept },
  }
}

/** As an API server takes it, whoever defined the kind. */
export function sent(served: ServedKind, object: WireObject): WireObject {
  const { status } = object
  return isBuiltIn(served) && isRecord(status) ? { ...object, status: withRequiredFields(served.kind, status) } : object
}

/** A kind of the same name in another group is none of ours. */
function isBuiltIn({ kind, group }: ServedKind): boolean {
  return isKind(kind) && KINDS[kind].group === group
}

export function versionOf({ metadata }: WireObject): string {
  return typeof metadata?.['resourceVersion'] === 'string' ? metadata['resourceVersion'] : ''
}

/** An API server cannot be asked for what is unfinished, so it is told apart here: at least nobody keeps the others. */
export function isPassedOver(item: WireObject, { unfinished }: Selector): boolean {
  return unfinished === true && hasEnded(item as unknown as Stored)
}
