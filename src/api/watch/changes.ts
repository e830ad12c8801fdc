/** What an event of the store is to somebody who watches a selection. Pure. */
import type { StoreEvent } from '../../cluster/embedded/store.js'
import type { Resource } from '../../resources/meta.js'
import { isSelected, type Selection } from '../selectors/selection.js'

export interface WatchChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: Resource
  /** `object`, encoded, where somebody has done that already. */
  readonly json?: string
}

/**
 * Undefined when it is nothing to them. What is selected no longer is gone for them: its last selected state, under the
 * version of the change.
 */
export function changeFor(event: StoreEvent, selection: Selection): WatchChange | undefined {
  const { type, object, previous, version, json } = event
  const isNow = isSelected(selection, object)
  if (type === 'deleted') return isNow ? { type: 'DELETED', object, json } : undefined
  const wasBefore = previous !== undefined && isSelected(selection, previous)
  if (isNow) return { type: wasBefore ? 'MODIFIED' : 'ADDED', object, json }
  return wasBefore ? { type: 'DELETED', object: withVersion(previous, version) } : undefined
}

function withVersion(object: Resource, version: number): Resource {
  return { ...object, metadata: { ...object.metadata, resourceVersion: `${version}` } }
}
