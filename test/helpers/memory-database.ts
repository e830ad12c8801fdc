/**
 * The database port in memory: for tests that put thousands of writes through the real store, and for which nothing may
 * depend on a clock or a disk. With it the store has to pass the contract of clusters (test/cluster/memory.test.ts).
 */
import type { Database, Entry, Range, Table, TableKey } from '../../src/storage/lmdb.js'

export function createMemoryDatabase(): Database {
  const tables = new Map<string, Table<unknown>>()
  let undo: (() => void)[] | undefined
  let last: Promise<unknown> = Promise.resolve()

  function tableOf<V>(name: string): Table<V> {
    const table = (tables.get(name) ?? createTable(name)) as Table<V>
    tables.set(name, table as Table<unknown>)
    return table
  }

  function createTable(name: string): Table<unknown> {
    const values = new Map<string, unknown>()
    const keys: { readonly text: string; readonly key: TableKey }[] = []

    /** The index of the first key that is not before this text. */
    function place(text: string): number {
      let [low, high] = [0, keys.length]
      while (low < high) {
        const middle = (low + high) >> 1
        if (keys[middle]!.text < text) low = middle + 1
        else high = middle
      }
      return low
    }

    function set(key: TableKey, value: unknown): void {
      if (undo === undefined) throw new Error(`table "${name}" was written to outside of a transaction`)
      const text = textOf(key)
      const before = values.get(text)
      undo.push(() => assign(key, text, before))
      assign(key, text, value)
    }

    function assign(key: TableKey, text: string, value: unknown): void {
      const isThere = values.has(text)
      if (value === undefined) {
        if (isThere) keys.splice(place(text), 1)
        values.delete(text)
        return
      }
      if (!isThere) keys.splice(place(text), 0, { text, key })
      values.set(text, value)
    }

    function range({ prefix = [], after, reverse = false, limit = Number.POSITIVE_INFINITY }: Range = {}) {
      const start = textOf(prefix)
      let from = place(start)
      let to = place(`${start}${LAST}`)
      if (after !== undefined && !reverse) from = place(`${textOf(after)}${FIRST}`)
      if (after !== undefined && reverse) to = place(textOf(after))
      const found: Entry<unknown>[] = []
      for (let n = 0; n < limit && from + n < to; n++) {
        const { text, key } = keys[reverse ? to - 1 - n : from + n]!
        found.push({ key, value: values.get(text) })
      }
      return found
    }

    const bytes = () => [...values.values()].reduce<number>((sum, value) => sum + JSON.stringify(value).length, 0)
    return { get: key => values.get(textOf(key)), put: set, remove: key => set(key, undefined), range, bytes }
  }

  return {
    directory: 'memory',
    table: tableOf,
    textTable: tableOf,
    bytesTable: tableOf,
    transaction<T>(fn: () => T): Promise<T> {
      const result = last.then(() => {
        undo = []
        try {
          return fn()
        } catch (error) {
          for (const step of undo.reverse()) step()
          throw error
        } finally {
          undo = undefined
        }
      })
      last = result.catch(() => undefined)
      return result
    },
    async flushed() {
      await last
    },
    async close() {
      await last
    },
  }
}

const FIRST = '\u0000'
const LAST = '\uffff'

/** Sorts as the key does: numbers by value and before strings, parts one after the other. */
function textOf(key: TableKey): string {
  return key.map(part => (typeof part === 'number' ? `1${`${part}`.padStart(16, '0')}` : `2${part}`) + FIRST).join('')
}
