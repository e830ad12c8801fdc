import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { type Database, openDatabase, type TableKey } from '../../src/storage/lmdb.js'
import { anyText } from '../helpers/any-text.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'

function opened(directory = temporaryDirectory('lmdb')): Database {
  const database = openDatabase(directory, { durable: false })
  onTestFinished(() => database.close())
  return database
}

test('values come back as they were put, after closing and opening too', async () => {
  const directory = temporaryDirectory('lmdb')
  const first = openDatabase(directory, { durable: true })
  await first.transaction(() => {
    first.table('things').put(['a', 1], { deep: [1, 'two', null], __proto: 'x' })
    first.textTable('texts').put(['a'], 'text \u{1f980} \u0000 end')
    first.bytesTable('bytes').put(['a'], new Uint8Array([0, 255, 7]))
  })
  await first.close()

  const second = opened(directory)
  expect(second.table('things').get(['a', 1])).toEqual({ deep: [1, 'two', null], __proto: 'x' })
  expect(second.textTable('texts').get(['a'])).toBe('text \u{1f980} \u0000 end')
  expect([...second.bytesTable('bytes').get(['a'])!]).toEqual([0, 255, 7])
  expect(second.table('things').get(['a', 2])).toBeUndefined()
})

test('the key __proto__ of a JSON value is plain data', async () => {
  const database = opened()
  const table = database.table<Record<string, unknown>>('things')
  await database.transaction(() => table.put(['x'], JSON.parse('{"__proto__":{"evil":true}}')))
  expect(Object.keys(table.get(['x'])!)).toEqual(['__proto__'])
})

test('a transaction sees its own writes, and readers see them when it has resolved', async () => {
  const database = opened()
  const table = database.table<number>('n')
  const seen = await database.transaction(() => {
    table.put(['x'], 1)
    return table.get(['x'])
  })
  expect(seen).toBe(1)
  expect(table.get(['x'])).toBe(1)
})

test('a transaction that throws writes nothing and rejects with what was thrown', async () => {
  const database = opened()
  const table = database.table<number>('n')
  const thrown = new Error('no')
  const outcomes = await Promise.allSettled([
    database.transaction(() => table.put(['before'], 1)),
    database.transaction(() => {
      table.put(['x'], 1)
      throw thrown
    }),
    database.transaction(() => table.put(['after'], 1)),
  ])
  expect(outcomes.map(one => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect((outcomes[1] as PromiseRejectedResult).reason).toBe(thrown)
  expect(table.range().map(entry => entry.key[0])).toEqual(['after', 'before'])
})

test('an async function is refused as a transaction', async () => {
  const database = opened()
  await expect(database.transaction(async () => 1)).rejects.toThrow('must not be async')
})

test('a write outside of a transaction is refused', () => {
  const table = opened().table<number>('n')
  expect(() => table.put(['x'], 1)).toThrow('outside of a transaction')
  expect(() => table.remove(['x'])).toThrow('outside of a transaction')
})

test('concurrent read-modify-writes all count', async () => {
  const database = opened()
  const table = database.table<number>('n')
  await Promise.all(
    Array.from({ length: 500 }, () => database.transaction(() => table.put(['sum'], (table.get(['sum']) ?? 0) + 1))),
  )
  expect(table.get(['sum'])).toBe(500)
})

test('flushed and close wait for transactions that were asked for', async () => {
  const directory = temporaryDirectory('lmdb')
  const database = openDatabase(directory, { durable: true })
  const table = database.table<number>('n')
  const first = database.transaction(() => table.put(['x'], 1))
  await database.flushed()
  expect(table.get(['x'])).toBe(1)
  const second = database.transaction(() => table.put(['y'], 2))
  await database.close()
  await Promise.all([first, second, database.close()])
  await expect(database.transaction(() => 1)).rejects.toThrow('is closed')
  const again = opened(directory).table<number>('n')
  expect(again.range().map(entry => entry.value)).toEqual([1, 2])
})

test('closing leaves no draft files', async () => {
  const directory = temporaryDirectory('lmdb')
  await openDatabase(directory, { durable: false }).close()
  expect(readdirSync(directory).filter(name => name.includes('draft'))).toEqual([])
})

const part = fc.oneof(
  anyText({ maxLength: 12 }),
  fc.constantFrom('', '__proto__', 'a', 'ab', 'a-b', '\u0000', '￿', '\u{10ffff}'),
  fc.integer(),
)
const key = fc.array(part, { minLength: 1, maxLength: 3 })

test('ranges over any keys: a prefix holds exactly its keys, in one order, both ways, and pages add up', async () => {
  const database = opened()
  let run = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(key, { minLength: 1, maxLength: 12 }),
      key,
      fc.integer({ min: 1, max: 4 }),
      async (keys, other, limit) => {
        const space = `run-${run++}`
        const table = database.table<string>('t')
        await database.transaction(() => {
          for (const one of keys) table.put([space, ...one], JSON.stringify(one))
        })
        const all = table.range({ prefix: [space] })
        const wanted = new Set(keys.map(one => JSON.stringify(one)))
        expect(new Set(all.map(entry => entry.value))).toEqual(wanted)
        expect(all).toHaveLength(wanted.size)
        for (const entry of all) {
          expect(JSON.stringify(entry.key.slice(1))).toBe(entry.value)
          expect(table.get(entry.key)).toBe(entry.value)
        }
        expect(table.range({ prefix: [space], reverse: true })).toEqual([...all].reverse())

        for (const reverse of [false, true]) {
          const paged: string[] = []
          let after: TableKey | undefined
          for (;;) {
            const page = table.range({ prefix: [space], reverse, limit, ...(after ? { after } : {}) })
            paged.push(...page.map(entry => entry.value))
            after = page.at(-1)?.key
            if (page.length < limit || after === undefined) break
          }
          const whole = all.map(entry => entry.value)
          expect(paged).toEqual(reverse ? whole.reverse() : whole)
        }

        const prefix = [space, other[0]!]
        expect(table.range({ prefix }).map(entry => entry.value)).toEqual(
          all.filter(entry => entry.key[1] === other[0]).map(entry => entry.value),
        )
      },
    ),
    { numRuns: 150 },
  )
})
