/** Events as they go over the wire, each encoded once for all who watch in the same form. */
import type { Resource } from '../../resources/meta.js'
import type { Form } from '../form.js'
import type { ListRow } from '../lists/read-list.js'
import { isAsStored, shownObject } from '../present.js'
import type { WatchChange } from './changes.js'

/** Long enough that whoever keeps up finds what the first of them made; who reads old events makes their own. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024

/** By the object itself, which belongs to one version of one store. The oldest go first. */
const kept = new Map<Resource, Map<string, Buffer>>()
let keptBytes = 0

/** @param withHeaders whether a table says what its columns are: the first one of a watch does */
export function encodedChange(form: Form, change: WatchChange, withHeaders: boolean): Buffer {
  const { type, object } = change
  const key = `${type} ${form.key} ${withHeaders}`
  const found = kept.get(object)?.get(key)
  if (found !== undefined) return found
  const bytes = Buffer.from(eventText(type, textOf(form, change, withHeaders)))
  keep(object, key, bytes)
  return bytes
}

/** As `encodedChange`, for what nobody else is about to be sent. */
export function encodedRow(form: Form, row: ListRow, withHeaders: boolean): Buffer {
  return Buffer.from(eventText('ADDED', textOf(form, row, withHeaders)))
}

function textOf(form: Form, row: Pick<ListRow, 'object'> & { readonly json?: string }, withHeaders: boolean): string {
  if (isAsStored(form) && row.json !== undefined) return row.json
  return JSON.stringify(shownObject(form, row.object, withHeaders))
}

export function encodedEvent(type: WatchChange['type'] | 'BOOKMARK' | 'ERROR', object: unknown): Buffer {
  return Buffer.from(eventText(type, JSON.stringify(object)))
}

function eventText(type: string, objectText: string): string {
  return `{"type":"${type}","object":${objectText}}\n`
}

function keep(object: Resource, key: string, bytes: Buffer): void {
  const forms = kept.get(object) ?? new Map<string, Buffer>()
  kept.set(object, forms.set(key, bytes))
  keptBytes += bytes.length
  for (const [oldest, its] of kept) {
    if (keptBytes <= MAX_KEPT_BYTES) return
    for (const each of its.values()) keptBytes -= each.length
    kept.delete(oldest)
  }
}
