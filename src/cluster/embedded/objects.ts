/** The newest state of every object, and the log of how it came to be. Reads anywhere, writes inside a transaction. */
import type { AnyKind } from '../../resources/kinds.js'
import type { Key } from '../../resources/meta.js'
import type { Database, Range, TableKey } from '../../storage/lmdb.js'
import { ClusterError, type Selector } from '../cluster.js'
import { MAX_NAME_CHARS, MAX_OBJECT_BYTES } from './admission.js'
import { type ChangeLog, type Keep, openChangeLog, type StoreEvent } from './change-log.js'
import { createDecoder, type Decoder } from './decode.js'
import { hasEnded } from './ended.js'
import { openIndexes } from './indexes.js'
import { addressOf, objectKey, type Stored } from './keys.js'
import { withVersion } from './revise.js'
import { type EventType, encoded, isMarkedEnded, type StateText, stateIn, stateRow } from './rows.js'
import { isSelected } from './watch.js'

export interface Objects {
  readonly log: ChangeLog
  readonly decoder: Decoder
  get(kind: AnyKind, key: Key): Stored | undefined
  /** By namespace, then name. */
  list(kind: AnyKind, selector?: Selector): readonly Stored[]
  /** All, or all of a namespace: at most `limit` of them behind a key, without parsing them. */
  texts(kind: AnyKind, namespace: string | undefined, after: Key | undefined, limit: number): readonly StateAt[]
  /** Without a namespace: in all of them. */
  isEmpty(kind: AnyKind, namespace?: string): boolean
  /** Stores a state under the next version. `previous` is what `get` gave in the same transaction. */
  put(object: Stored, previous: Stored | undefined): StoreEvent
  remove(stored: Stored): StoreEvent
}

export interface StateAt extends StateText {
  readonly key: Key
}

export function openObjects(database: Database, keep: Keep): Objects {
  const states = database.textTable('objects')
  const decoder = createDecoder()
  const log = openChangeLog(database, decoder, keep)
  const indexes = openIndexes(database)

  function write(type: EventType, state: Stored, previous: Stored | undefined): StoreEvent {
    const version = log.nextVersion()
    const object = withVersion(state, `${version}`)
    const json = encoded(object)
    const { kind, key } = addressOf(object)
    checkSize(json, kind, key)
    if (type === 'deleted') states.remove(objectKey(kind, key))
    else states.put(objectKey(kind, key), stateRow({ version, json }, hasEnded(object)))
    if (previous !== undefined) decoder.forget(Number(previous.metadata.resourceVersion))
    if (type !== 'deleted') decoder.remember({ version, json }, object)
    const event = { type, version, kind, object, previous, json }
    log.append(event)
    indexes.note(previous, type === 'deleted' ? undefined : object, everything)
    return event
  }

  function* everything(): Generator<Stored> {
    for (const { value } of states.range()) yield decoder.decode(stateIn(value))
  }

  return {
    log,
    decoder,
    get(kind, key) {
      // No such names are let in, and LMDB refuses to look for keys as long as that.
      if (key.name.length > MAX_NAME_CHARS || key.namespace.length > MAX_NAME_CHARS) return undefined
      const row = states.get(objectKey(kind, key))
      return row === undefined ? undefined : decoder.decode(stateIn(row), 'keep')
    },
    list(kind, selector = {}) {
      const { unfinished = false, labels, hasLabel } = selector
      const namespace = selector.namespace || undefined
      if (namespace !== undefined && namespace.length > MAX_NAME_CHARS) return []
      const keys = indexes.find(kind, selector)
      const rows = keys
        ? keys.map(key => states.get(objectKey(kind, key))!)
        : states.range({ prefix: prefixOf(kind, namespace) }).map(({ value }) => value)
      const mayMatch = labelFilter(labels, hasLabel)
      return rows
        .filter(row => !(unfinished && isMarkedEnded(row)) && mayMatch(row))
        .map(row => decoder.decode(stateIn(row)))
        .filter(object => isSelected(object, selector))
    },
    texts(kind, namespace, after, limit) {
      if (namespace !== undefined && namespace.length > MAX_NAME_CHARS) return []
      const range: Range = { prefix: prefixOf(kind, namespace), limit }
      const rows = states.range(after === undefined ? range : { ...range, after: placeOf(kind, namespace, after) })
      return rows.map(({ key: [, of, name], value }) => ({
        ...stateIn(value),
        key: { namespace: of as string, name: name as string },
      }))
    },
    isEmpty: (kind, namespace) => states.range({ prefix: prefixOf(kind, namespace), limit: 1 }).length === 0,
    put: (object, previous) => write(previous === undefined ? 'added' : 'modified', object, previous),
    remove: stored => write('deleted', stored, stored),
  }
}

/** Whether an object can have all of the labels, told from its text. */
export function labelFilter(
  labels: Readonly<Record<string, string>> = {},
  hasLabel?: string,
): (json: string) => boolean {
  const texts = Object.entries(labels).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
  if (hasLabel !== undefined) texts.push(`${JSON.stringify(hasLabel)}:`)
  return json => texts.every(text => json.includes(text))
}

function prefixOf(kind: AnyKind, namespace: string | undefined): readonly string[] {
  return namespace === undefined ? [kind] : [kind, namespace]
}

/** The place may come from anywhere: it must not lead out of the namespace, nor be longer than a key may be. */
function placeOf(kind: AnyKind, namespace: string | undefined, after: Key): TableKey {
  return [kind, namespace ?? after.namespace.slice(0, MAX_NAME_CHARS), after.name.slice(0, MAX_NAME_CHARS)]
}

function checkSize(json: string, kind: AnyKind, key: Key): void {
  // A character is at most three bytes: counted only when it could matter.
  if (json.length * 3 <= MAX_OBJECT_BYTES) return
  const bytes = Buffer.byteLength(json)
  if (bytes <= MAX_OBJECT_BYTES) return
  const limit = `Too long: ${bytes} bytes, may not be more than ${MAX_OBJECT_BYTES}`
  throw new ClusterError('Invalid', `${kind} ${JSON.stringify(key.name)} is invalid: ${limit}`, { by: 'size' })
}
