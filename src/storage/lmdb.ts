import { type Database as LmdbTable, open, type RootDatabase } from 'lmdb'
import { acquireWriterLock } from './writer-lock.js'

/** Parts are compared one after the other: numbers by value, strings by code point; numbers sort before strings. */
export type TableKey = readonly (string | number)[]

export interface Range {
  /** Only keys that begin with these parts. */
  readonly prefix?: TableKey
  /** Only keys behind this one (before it, when `reverse`). It must have the same prefix, and need not exist. */
  readonly after?: TableKey
  /** From the last key to the first. */
  readonly reverse?: boolean
  readonly limit?: number
}

export interface Entry<V> {
  readonly key: TableKey
  readonly value: V
}

/**
 * An ordered map on disk. Reads are synchronous and allowed anywhere: inside a transaction they see its own writes,
 * outside they see what is committed, and all reads of one synchronous stretch see the same state.
 * `put` and `remove` are allowed inside `Database.transaction` only.
 */
export interface Table<V> {
  get(key: TableKey): V | undefined
  put(key: TableKey, value: V): void
  remove(key: TableKey): void
  /** A copy: the table may be changed while it is walked through. */
  range(range?: Range): readonly Entry<V>[]
  /** Room that the table takes in the file, free parts of its pages included. Not for every write: it costs 0.2 ms. */
  bytes(): number
}

export interface Database {
  readonly directory: string
  /** A table of JSON values. The same name gives the same table. */
  table<V>(name: string): Table<V>
  /** A table of plain strings, without the cost of JSON. */
  textTable(name: string): Table<string>
  bytesTable(name: string): Table<Uint8Array>
  /**
   * Runs `fn` (synchronously, but not before this call returns) in a write transaction; resolves with its result when
   * that is committed, and for a durable database on disk. Calls run one after the other, in order of the calls;
   * those that wait at the same time share one commit. When `fn` throws, nothing of it is written and the call rejects
   * with what was thrown.
   */
  transaction<T>(fn: () => T): Promise<T>
  /** Resolves when every transaction asked for so far has been committed (and is on disk, if durable). */
  flushed(): Promise<void>
  /** Finishes the waiting transactions, then closes and lets the next writer in. Safe to call twice. */
  close(): Promise<void>
}

export interface DatabaseOptions {
  /** False: never waits for the disk. Survives the death of the process, but not a power cut. */
  readonly durable: boolean
}

/**
 * Bytes of address space, not of disk. Large from the start, because growing a map in use is where LMDB bindings have
 * crashed.
 */
const MAP_BYTES = 64 * 1024 ** 3
/** Enough for all tables of the store and the inbox; each costs a few bytes per transaction. */
const MAX_TABLES = 24
/** Sorts behind every string and number that may follow a prefix. */
const LAST = new Uint8Array([0xff])

/**
 * Opens (or makes) the database in a directory on a local disk. One process may have it open.
 * @throws Error when another process has it open, or when LMDB cannot read what is there.
 */
export function openDatabase(directory: string, options: DatabaseOptions): Database {
  const lock = acquireWriterLock(directory)
  let root: RootDatabase
  try {
    root = open({
      path: directory,
      maxDbs: MAX_TABLES,
      mapSize: MAP_BYTES,
      noSync: !options.durable,
      // Without it a commit is on disk when it resolves. It was no faster when measured, alone or with 64 writers.
      overlappingSync: false,
      // With the default (true), a commit that fails, as on a full disk, leaves a rejected promise that no one can
      // reach, and Node ends the process (lmdb 3.5.6; test/storage/full-disk.test.ts). No slower when measured.
      eventTurnBatching: false,
    })
  } catch (error) {
    lock.release()
    throw new Error(`opening the LMDB database in ${directory}`, { cause: error })
  }

  let inTransaction = false
  let closing: Promise<void> | undefined
  let last: Promise<unknown> = Promise.resolve()

  function tableOf<V>(name: string, encoding: 'string' | 'binary', codec: Codec<V>): Table<V> {
    const table = root.openDB<never, LmdbKey>({ name, encoding, cache: false }) as LmdbTable<unknown, LmdbKey>
    function writable(): LmdbTable<unknown, LmdbKey> {
      if (!inTransaction) throw new Error(`table "${name}" of ${directory} was written to outside of a transaction`)
      return table
    }
    return {
      get(key) {
        const stored = table.get(key as LmdbKey)
        return stored === undefined ? undefined : codec.decode(stored)
      },
      put(key, value) {
        void writable().put(key as LmdbKey, codec.encode(value))
      },
      remove(key) {
        void writable().remove(key as LmdbKey)
      },
      range(range = {}) {
        return Array.from(table.getRange(lmdbRange(range)), ({ key, value }) => ({
          // lmdb hands out a key of one part as that part.
          key: (Array.isArray(key) ? key : [key]) as TableKey,
          value: codec.decode(value),
        }))
      },
      bytes() {
        const { pageSize, treeBranchPageCount, treeLeafPageCount, overflowPages } = table.getStats() as PageCounts
        return pageSize * (treeBranchPageCount + treeLeafPageCount + overflowPages)
      },
    }
  }

  return {
    directory,
    table: <V>(name: string) => tableOf<V>(name, 'string', JSON_CODEC as Codec<V>),
    textTable: name => tableOf<string>(name, 'string', AS_IS as Codec<string>),
    bytesTable: name => tableOf<Uint8Array>(name, 'binary', AS_IS as Codec<Uint8Array>),

    transaction<T>(fn: () => T): Promise<T> {
      if (closing) return Promise.reject(new Error(`the database in ${directory} is closed`))
      // A child transaction, because lmdb keeps the writes of a plain one whose callback throws.
      const result = root.childTransaction(() => {
        inTransaction = true
        try {
          const value = fn()
          if (value instanceof Promise) throw new Error('a transaction function must not be async')
          return value
        } finally {
          inTransaction = false
        }
      })
      const settled = result.catch(async (error: unknown) => {
        throw await commitFailure(error, directory)
      })
      last = settled.catch(() => {
        // The caller is told; here we only remember when it was over.
      })
      return settled
    },

    async flushed() {
      await last
    },

    close() {
      closing ??= last.then(async () => {
        // lmdb gives up the snapshot of the last reads in a timer, and that throws when it finds the database closed.
        await new Promise(resolve => setTimeout(resolve, 1))
        await root.close()
        lock.release()
      })
      return closing
    },
  }
}

interface PageCounts {
  readonly pageSize: number
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
}

type LmdbKey = (string | number | Uint8Array)[]

interface Codec<V> {
  encode(value: V): unknown
  decode(stored: unknown): V
}

// JSON in a string: written as fast as bytes, and when measured faster in both directions than lmdb's own msgpack.
const JSON_CODEC: Codec<unknown> = {
  encode: value => JSON.stringify(value),
  decode: stored => JSON.parse(stored as string),
}
const AS_IS: Codec<unknown> = { encode: value => value, decode: stored => stored }

/** lmdb includes the start of a range and leaves out its end, in both directions. */
function lmdbRange({ prefix = [], after, reverse = false, limit }: Range) {
  const first = after !== undefined && !reverse ? after : prefix
  const final = after !== undefined && reverse ? after : [...prefix, LAST]
  const [start, end] = reverse ? [final, first] : [first, final]
  return {
    start: start as LmdbKey,
    end: end as LmdbKey,
    reverse,
    exclusiveStart: after !== undefined,
    ...(limit === undefined ? {} : { limit }),
  }
}

/** lmdb rejects with a stand-in whose `commitError`, a promise, has the reason: awaited here, so that it is handled. */
async function commitFailure(error: unknown, directory: string): Promise<unknown> {
  if (!(error instanceof Error && 'commitError' in error)) return error
  const cause = await Promise.resolve(error.commitError).then(
    () => error,
    (reason: unknown) => reason,
  )
  return new Error(`committing to the LMDB database in ${directory}`, { cause })
}
