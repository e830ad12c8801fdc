/** Every write of late, in order: what streams are resumed from, and older states are worked out with. */
import type { AnyKind } from '../../resources/kinds.js'
import type { Database } from '../../storage/lmdb.js'
import type { Decoder } from './decode.js'
import type { Stored } from './keys.js'
import { withVersion } from './revise.js'
import { type EventText, type EventType, encoded, eventIn, eventRow, kindIn } from './rows.js'

/** One write to one object. Versions grow from event to event, over all kinds; gaps have no meaning. */
export interface StoreEvent {
  readonly type: EventType
  readonly version: number
  readonly kind: AnyKind
  /** The new state; for `deleted` the last one, under the version of the deletion. */
  readonly object: Stored
  /** `object`, encoded. */
  readonly json: string
  /** The state before; undefined only for `added`. */
  readonly previous: Stored | undefined
}

export interface EventPage {
  /** Oldest first. */
  readonly events: readonly StoreEvent[]
  /** All events of the kind up to this version are among these and those before. */
  readonly upTo: number
  readonly isLast: boolean
}

export interface ChangeLog {
  /** The version of the newest write that can be read. */
  version(): number
  /** Counts on through failed commits: a version is never used twice for different things while the process lives. */
  nextVersion(): number
  /** Inside a transaction. */
  append(event: StoreEvent): void
  /**
   * Events of a kind (or of all) among the next `limit` behind a version. Undefined when some of them are compacted away,
   * or what they changed is, or when the version was never given out.
   */
  after(version: number, kind: AnyKind | 'all', limit: number): EventPage | undefined
  /** Now and then, forgets the oldest events beyond either bound. To be called in each transaction that writes. */
  compact(): void
}

export interface Keep {
  readonly events: number
  /** Room on disk, roughly. */
  readonly bytes: number
}

/** Writes between compactions: few enough that one is short, many enough that it costs next to nothing per write. */
const COMPACT_EVERY = 512
/** The same in bytes, as a share of what is kept: an eighth. */
const COMPACT_EVERY_SHARE = 8

/**
 * A state that much older than the event that replaces it is written down with the event, as it may be compacted away
 * before the event is; a younger one is found under its own version.
 */
const OLD = 512

export function openChangeLog(database: Database, decoder: Decoder, keep: Keep): ChangeLog {
  const log = database.textTable('changes')
  let lastVersion = newestVersion()
  let since = { events: 0, chars: 0 }

  function newestVersion(): number {
    return (log.range({ reverse: true, limit: 1 })[0]?.key[0] as number | undefined) ?? 0
  }

  function previousJson({ previousVersion, previousJson: written }: EventText): string | undefined {
    if (written !== undefined || previousVersion === undefined) return written
    const row = log.get([previousVersion])
    return row === undefined ? undefined : eventIn(previousVersion, row).json
  }

  /** Undefined when the state before it is lost. */
  function decoded(text: EventText, kind: AnyKind): StoreEvent | undefined {
    const { type, version, json, previousVersion } = text
    const object = decoder.decode(text)
    const event = { type, version, kind, object, json }
    if (previousVersion === undefined) return { ...event, previous: undefined }
    if (type === 'deleted') return { ...event, previous: withVersion(object, `${previousVersion}`) }
    const before = previousJson(text)
    return before === undefined
      ? undefined
      : { ...event, previous: decoder.decode({ version: previousVersion, json: before }) }
  }

  return {
    version: newestVersion,
    nextVersion: () => ++lastVersion,
    append({ type, version, json, previous }) {
      const previousVersion = previous === undefined ? undefined : Number(previous.metadata.resourceVersion)
      const isOld = type === 'modified' && previousVersion !== undefined && version - previousVersion > OLD
      const before = isOld ? encoded(previous!) : undefined
      const row = eventRow({ type, previousVersion, previousJson: before, json })
      log.put([version], row)
      since = { events: since.events + 1, chars: since.chars + row.length }
    },
    after(version, kind, limit) {
      const oldest = (log.range({ limit: 1 })[0]?.key[0] as number | undefined) ?? 1
      const isKnown = Number.isSafeInteger(version) && version >= oldest - 1 && version <= newestVersion()
      if (!isKnown) return undefined
      const rows = log.range({ after: [version], limit })
      const events: StoreEvent[] = []
      for (const { key, value } of rows) {
        const text = eventIn(key[0] as number, value)
        const of = kindIn(text.json)
        if (kind !== 'all' && kind !== of) continue
        const event = decoded(text, of)
        if (event === undefined) return undefined
        events.push(event)
      }
      return { events, upTo: (rows.at(-1)?.key[0] as number | undefined) ?? version, isLast: rows.length < limit }
    },
    compact() {
      if (since.events < COMPACT_EVERY && since.chars < keep.bytes / COMPACT_EVERY_SHARE) return
      since = { events: 0, chars: 0 }
      const end = newestVersion() - keep.events
      let surplus = log.bytes() - keep.bytes
      // Twice what came in, so that a log that is too long (less is kept than before) gets shorter.
      for (const { key, value } of log.range({ limit: 2 * COMPACT_EVERY })) {
        if ((key[0] as number) > end && surplus <= 0) return
        log.remove(key)
        surplus -= value.length
      }
    },
  }
}
