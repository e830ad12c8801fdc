/** The newest state of every object, and the log of how it came to be. Reads anywhere, writes inside a transaction. */
import type { AnyKind } from '../../resources/kinds.js'
import type { Key } from '../../resources/meta.js'
import type { Database, Table } from '../../storage/lmdb.js'
import { ClusterError } from '../cluster.js'
import { MAX_NAME_CHARS, MAX_OBJECT_BYTES } from './admission.js'
import { hasEnded } from './ended.js'
import { addressOf, objectKey, type Stored } from './keys.js'
import { withVersion } from './revise.js'
import { deepFreeze } from './values.js'

/** One write to one object. Versions grow from event to event, over all kinds; gaps have no meaning. */
export interface StoreEvent {
  readonly type: 'added' | 'modified' | 'deleted'
  readonly version: number
  readonly kind: AnyKind
  /** The new state; for `deleted` the last one, under the version of the deletion. */
  readonly object: Stored
  /** The state before a modification. Undefined when it is no longer known, for an old event that is read again. */
  readonly previous: Stored | undefined
}

export interface ListOptions {
  readonly unfinished: boolean
  /** Only what may have all of these labels: others need not even be parsed. */
  readonly labels?: Readonly<Record<string, string>>
}

export interface Objects {
  get(kind: AnyKind, key: Key): Stored | undefined
  /** By namespace, then name. */
  list(kind: AnyKind, namespace?: string, options?: ListOptions): readonly Stored[]
  /** Without a namespace: in all of them. */
  isEmpty(kind: AnyKind, namespace?: string): boolean
  /** Stores a state under the next version. `previous` is what `get` gave in the same transaction. */
  put(object: Stored, previous: Stored | undefined): StoreEvent
  remove(stored: Stored): StoreEvent
  /** The version of the newest write that can be read. */
  version(): number
  /** Events after a version, oldest first, at most `limit`. Undefined when some of them are compacted away. */
  eventsAfter(version: number, limit: number): readonly StoreEvent[] | undefined
  /** Forgets the oldest events, keeping the newest `keep`; at most `limit` in one go. The number forgotten. */
  compact(keep: number, limit: number): number
}

const TYPES = { A: 'added', M: 'modified', D: 'deleted' } as const
type Letter = keyof typeof TYPES

/** A number with a dot behind it is still that number. */
const ENDED = '.'

/** Decoded objects that are kept, so that what is read often is parsed once. */
const MAX_DECODED = 2_000

/**
 * A state is kept as `<version> <JSON>` (see `decode`), with a dot behind the version of one that has ended, so that it
 * can be passed over without being parsed; and an event as `<letter><previous version> <JSON>`, so that
 * an object is encoded once for both.
 */
export function openObjects(database: Database): Objects {
  const states = database.textTable('objects')
  const log = database.textTable('changes')
  // Counts on through failed commits: a version is never used twice for different things while the process lives.
  let lastVersion = newestVersion(log)
  // By version, which names one state of one object for good: an entry can be superfluous, but never wrong.
  const decoded = new Map<number, Stored>()

  function remember(version: number, object: Stored): Stored {
    // Used last, forgotten last: what a long run reads in every pass outlives what passes by.
    if (!decoded.delete(version) && decoded.size >= MAX_DECODED) decoded.delete(decoded.keys().next().value!)
    decoded.set(version, object)
    return object
  }

  function decode(text: string, keep: boolean): Stored {
    const space = text.indexOf(' ')
    const version = Number(text.slice(0, space))
    const known = decoded.get(version)
    if (known !== undefined) return keep ? remember(version, known) : known
    const object = deepFreeze(JSON.parse(text.slice(space + 1))) as Stored
    return keep ? remember(version, object) : object
  }

  function decodeEvent(version: number, text: string): StoreEvent {
    const space = text.indexOf(' ')
    const type = TYPES[text[0] as Letter]
    const object = decode(`${version}${text.slice(space)}`, false)
    const before = type === 'modified' ? log.get([Number(text.slice(1, space))]) : undefined
    const previous =
      before === undefined ? undefined : decode(`${text.slice(1, space)}${before.slice(before.indexOf(' '))}`, false)
    return { type, version, kind: addressOf(object).kind, object, previous }
  }

  function write(letter: Letter, state: Stored, previous: Stored | undefined): StoreEvent {
    const version = ++lastVersion
    const object = withVersion(state, `${version}`)
    Object.freeze(object.metadata)
    Object.freeze(object)
    const json = JSON.stringify(object)
    const { kind, key } = addressOf(object)
    checkSize(json, kind, key)
    if (letter === 'D') states.remove(objectKey(kind, key))
    else states.put(objectKey(kind, key), `${version}${hasEnded(object) ? ENDED : ''} ${json}`)
    log.put([version], `${letter}${previous?.metadata.resourceVersion ?? ''} ${json}`)
    if (previous !== undefined) decoded.delete(Number(previous.metadata.resourceVersion))
    if (letter !== 'D') remember(version, object)
    return { type: TYPES[letter], version, kind, object, previous }
  }

  return {
    get(kind, key) {
      // No such names are let in, and LMDB refuses to look for keys as long as that.
      if (key.name.length > MAX_NAME_CHARS || key.namespace.length > MAX_NAME_CHARS) return undefined
      const text = states.get(objectKey(kind, key))
      return text === undefined ? undefined : decode(text, true)
    },
    list(kind, namespace, { unfinished, labels = {} }: ListOptions = { unfinished: false }) {
      if (namespace !== undefined && namespace.length > MAX_NAME_CHARS) return []
      const prefix = namespace === undefined ? [kind] : [kind, namespace]
      const rows = states.range({ prefix })
      const texts = Object.entries(labels).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
      const wanted = rows.filter(
        ({ value }) => !(unfinished && isMarkedEnded(value)) && texts.every(text => value.includes(text)),
      )
      return wanted.map(entry => decode(entry.value, false))
    },
    isEmpty(kind, namespace) {
      const prefix = namespace === undefined ? [kind] : [kind, namespace]
      return states.range({ prefix, limit: 1 }).length === 0
    },
    put: (object, previous) => write(previous === undefined ? 'A' : 'M', object, previous),
    remove: stored => write('D', stored, stored),
    version: () => newestVersion(log),
    eventsAfter(version, limit) {
      const oldest = log.range({ limit: 1 })[0]
      const compacted = oldest === undefined ? 0 : (oldest.key[0] as number) - 1
      if (version < compacted) return undefined
      return log.range({ after: [version], limit }).map(({ key, value }) => decodeEvent(key[0] as number, value))
    },
    compact(keep, limit) {
      const oldest = log.range({ limit })
      const end = newestVersion(log) - keep
      const old = oldest.filter(entry => (entry.key[0] as number) <= end)
      for (const entry of old) log.remove(entry.key)
      return old.length
    },
  }
}

function isMarkedEnded(row: string): boolean {
  return row[row.indexOf(' ') - 1] === ENDED
}

function checkSize(json: string, kind: AnyKind, key: Key): void {
  // A character is at most three bytes: counted only when it could matter.
  if (json.length * 3 <= MAX_OBJECT_BYTES) return
  const bytes = Buffer.byteLength(json)
  if (bytes <= MAX_OBJECT_BYTES) return
  const limit = `Too long: ${bytes} bytes, may not be more than ${MAX_OBJECT_BYTES}`
  throw new ClusterError('Invalid', `${kind} ${JSON.stringify(key.name)} is invalid: ${limit}`)
}

function newestVersion(log: Table<string>): number {
  return (log.range({ reverse: true, limit: 1 })[0]?.key[0] as number | undefined) ?? 0
}
