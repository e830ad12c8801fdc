/** How states and events are written down, so that an object is encoded once for both. Pure. */
import { kindIdOf } from '../../resources/kind-table.js'
import type { AnyKind } from '../../resources/kinds.js'
import type { Stored } from './keys.js'

export type EventType = 'added' | 'modified' | 'deleted'

/** A state of an object, not parsed. */
export interface StateText {
  /** The version that it was stored under: it names one state of one object for good. */
  readonly version: number
  readonly json: string
}

export interface EventText extends StateText {
  readonly type: EventType
  readonly previousVersion: number | undefined
  /** The state before a modification, where it was written down with the event. */
  readonly previousJson: string | undefined
}

const LETTERS = { added: 'A', modified: 'M', deleted: 'D' } as const
const TYPES: Readonly<Record<string, EventType>> = { A: 'added', M: 'modified', D: 'deleted' }
/** A number with a dot behind it is still that number. */
const ENDED = '.'
/** Not in the JSON of an object, which is written without any. */
const NEWLINE = '\n'
const BEGINNING = /^\{"apiVersion":"([^"\\]*)","kind":"([^"\\]*)"/

/** Without the namespace '' of cluster-scoped objects, as others know them: the text is what goes out. */
export function encoded(object: Stored): string {
  const json = JSON.stringify(object)
  // The first of its like: only an apiVersion, a kind and names come before it.
  return object.metadata.namespace === '' ? json.replace('"namespace":"",', '') : json
}

/** `<version> <JSON>`, with a dot behind the version of one that has ended, so that it is passed over without being parsed. */
export function stateRow({ version, json }: StateText, hasEnded: boolean): string {
  return `${version}${hasEnded ? ENDED : ''} ${json}`
}

export function stateIn(row: string): StateText {
  const space = row.indexOf(' ')
  return { version: Number(row.slice(0, space)), json: row.slice(space + 1) }
}

export function isMarkedEnded(row: string): boolean {
  return row[row.indexOf(' ') - 1] === ENDED
}

/** `<letter><previous version> <JSON>`, and on a second line the state before, when it may be forgotten before this event is. */
export function eventRow({ type, previousVersion, previousJson, json }: Omit<EventText, 'version'>): string {
  const row = `${LETTERS[type]}${previousVersion ?? ''} ${json}`
  return previousJson === undefined ? row : `${row}${NEWLINE}${previousJson}`
}

export function eventIn(version: number, row: string): EventText {
  const space = row.indexOf(' ')
  const end = row.indexOf(NEWLINE, space)
  const before = row.slice(1, space)
  return {
    version,
    type: TYPES[row[0]!]!,
    previousVersion: before === '' ? undefined : Number(before),
    json: row.slice(space + 1, end < 0 ? undefined : end),
    previousJson: end < 0 ? undefined : row.slice(end + 1),
  }
}

/** The kind of the object in a text, without parsing all of it: objects are stored with these two fields first. */
export function kindIn(json: string): AnyKind {
  const [, apiVersion, kind] = BEGINNING.exec(json) ?? []
  return kindIdOf(
    apiVersion === undefined || kind === undefined
      ? (JSON.parse(json) as { apiVersion: string; kind: string })
      : { apiVersion, kind },
  )
}
