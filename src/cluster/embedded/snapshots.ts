/** Lists in pages, and as they were at an earlier version: the newest states, with what came after undone. */
import type { AnyKind } from '../../resources/kinds.js'
import { type Key, keyOf } from '../../resources/meta.js'
import { compareKeys, type Stored } from './keys.js'
import { labelFilter, type Objects, type StateAt } from './objects.js'
import { encoded } from './rows.js'
import { isSelected } from './watch.js'

/** Rows read at once where it is not known how many of them match. */
const CHUNK = 512

export interface PageOptions<T> {
  readonly namespace?: string
  /** All of them must be equal; what has others is not even parsed. */
  readonly labels?: Readonly<Record<string, string>>
  readonly matches?: (object: T) => boolean
  readonly limit?: number
  /** Where to go on: `next` of the page before, whose version is to be given, too. */
  readonly after?: Key
  /** As it was then. Without one: as it is now. */
  readonly version?: string
}

/** One object of a list: the text can be sent without the object ever being made. */
export interface Row<T> {
  readonly key: Key
  readonly json: string
  /** Parsed when it is first asked for, and frozen. */
  readonly object: T
}

export interface Page<T> {
  readonly version: string
  /** By namespace, then name. */
  readonly rows: readonly Row<T>[]
  /** Set when there are more. */
  readonly next?: Key
}

/** Undefined when the version is compacted away, or was never given out. */
export function readPage(objects: Objects, kind: AnyKind, options: PageOptions<Stored>): Page<Stored> | undefined {
  const newest = objects.log.version()
  const version = options.version === undefined ? newest : Number(options.version)
  const undone = undoneSince(objects, kind, version)
  if (undone === undefined) return undefined
  const { limit = Number.POSITIVE_INFINITY, matches, labels = {} } = options
  const mayMatch = labelFilter(labels)
  const hasLabels = Object.keys(labels).length > 0
  const rows: Row<Stored>[] = []
  for (const state of statesThen(objects, kind, options, undone)) {
    if (!mayMatch(state.json)) continue
    const row = new LazyRow(state, objects)
    if (hasLabels && !isSelected(row.object, { labels })) continue
    if (matches?.(row.object) === false) continue
    if (rows.length === limit) return { version: `${version}`, rows, next: rows.at(-1)!.key }
    rows.push(row)
  }
  return { version: `${version}`, rows }
}

/** What changed since the version: each object as it was then, undefined for one that was not there. */
type Undone = ReadonlyMap<string, StateAt | undefined>

function undoneSince(objects: Objects, kind: AnyKind, version: number): Undone | undefined {
  const undone = new Map<string, StateAt | undefined>()
  for (let place = version; ; ) {
    const page = objects.log.after(place, kind, CHUNK)
    if (page === undefined) return undefined
    for (const { object, previous } of page.events) {
      const key = keyOf(object)
      if (undone.has(textOf(key))) continue
      const version = Number(previous?.metadata.resourceVersion)
      undone.set(textOf(key), previous && { key, version, json: encoded(previous) })
    }
    if (page.isLast) return undone
    place = page.upTo
  }
}

function* statesThen(
  objects: Objects,
  kind: AnyKind,
  { namespace, after, limit = CHUNK }: Pick<PageOptions<Stored>, 'namespace' | 'after' | 'limit'>,
  undone: Undone,
): Generator<StateAt> {
  const isAsked = ({ key }: StateAt) =>
    (namespace === undefined || key.namespace === namespace) && (after === undefined || compareKeys(key, after) > 0)
  const others = [...undone.values()].filter(state => state !== undefined && isAsked(state)) as StateAt[]
  others.sort((a, b) => compareKeys(a.key, b.key))
  const size = Math.min(CHUNK, limit + 1)
  let n = 0
  let rows: readonly StateAt[]
  let place = after
  do {
    rows = objects.texts(kind, namespace, place, size)
    for (const state of rows) {
      while (n < others.length && compareKeys(others[n]!.key, state.key) <= 0) yield others[n++]!
      if (!undone.has(textOf(state.key))) yield state
    }
    place = rows.at(-1)?.key
  } while (rows.length === size)
  yield* others.slice(n)
}

function textOf({ namespace, name }: Key): string {
  return `${namespace}/${name}`
}

class LazyRow implements Row<Stored> {
  readonly #state: StateAt
  readonly #objects: Objects
  constructor(state: StateAt, objects: Objects) {
    this.#state = state
    this.#objects = objects
  }
  get key(): Key {
    return this.#state.key
  }
  get json(): string {
    return this.#state.json
  }
  get object(): Stored {
    return this.#objects.decoder.decode(this.#state)
  }
}
