/** What an event of the store is to somebody who watches a selection. Pure. */
import type { StoreEvent } from '../../cluster/embedded/change-log.js'
import type { Resource } from '../../resources/meta.js'
import { canLapse, isSelected, type Selection } from '../selectors/selection.js'

export interface WatchChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: Resource
}

/**
 * Undefined when it is nothing to them. What is selected no longer is gone for them: its last selected state, under the
 * version of the change. `unknown` when the state before is forgotten, so that nobody can tell.
 */
export function changeFor(event: StoreEvent, selection: Selection): WatchChange | 'unknown' | undefined {
  const { type, object, previous, version } = event
  if (type === 'deleted') return isSelected(selection, object) ? { type: 'DELETED', object } : undefined
  const isNow = isSelected(selection, object)
  if (type === 'added') return isNow ? { type: 'ADDED', object } : undefined
  if (previous === undefined) {
    if (isNow) return { type: 'MODIFIED', object }
    return canLapse(selection) && isInPlace(selection, object) ? 'unknown' : undefined
  }
  const wasBefore = isSelected(selection, previous)
  if (isNow) return { type: wasBefore ? 'MODIFIED' : 'ADDED', object }
  return wasBefore ? { type: 'DELETED', object: withVersion(previous, version) } : undefined
}

function isInPlace({ namespace, name }: Selection, { metadata }: Resource): boolean {
  return (namespace === '' || metadata.namespace === namespace) && (name === undefined || metadata.name === name)
}

function withVersion(object: Resource, version: number): Resource {
  return { ...object, metadata: { ...object.metadata, resourceVersion: `${version}` } }
}
