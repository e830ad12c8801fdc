/** What every Blobs promises. */
import { describe, expect, test } from 'vitest'
import type { Blobs } from '../../src/blobs/blobs.js'
import { removeAll } from '../../src/blobs/remove-all.js'

export interface BlobsUnderTest {
  readonly blobs: Blobs
  /** The same objects, as another process sees them. */
  other(): Blobs
}

export function blobsContract(name: string, make: () => BlobsUnderTest): void {
  let serial = 0
  /** Each test has its own corner. */
  const corner = () => {
    serial += 1
    return { ...make(), at: `contract-${serial}` }
  }

  describe(`Blobs contract: ${name}`, () => {
    test(`${name}: what is not there is undefined, lists as nothing, and may be removed`, async () => {
      const { blobs, at } = corner()
      expect(await blobs.get(`${at}/none`)).toBeUndefined()
      expect(await blobs.get(`${at}/none`, { start: 1, end: 2 })).toBeUndefined()
      expect(await blobs.list(`${at}/`)).toEqual({ entries: [], more: false })
      await blobs.remove(`${at}/none`)
    })

    test(`${name}: bytes come back as they were put, to others too; the later put wins`, async () => {
      const { blobs, other, at } = corner()
      const every = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256)
      await blobs.put(`${at}/a`, every)
      expect(Buffer.compare((await other().get(`${at}/a`))!, every)).toBe(0)
      await other().put(`${at}/a`, bytes('shorter'))
      expect(text(await blobs.get(`${at}/a`))).toBe('shorter')
      await blobs.put(`${at}/empty`, bytes(''))
      expect(text(await blobs.get(`${at}/empty`))).toBe('')
      expect((await blobs.list(`${at}/`)).entries).toEqual([
        { key: `${at}/a`, size: 7 },
        { key: `${at}/empty`, size: 0 },
      ])
    })

    test.each([
      [{ start: 0 }, '0123456789'],
      [{ start: 4 }, '456789'],
      [{ start: 2, end: 5 }, '234'],
      [{ start: 8, end: 99 }, '89'],
      [{ start: 9, end: 10 }, '9'],
      [{ start: 10 }, ''],
      [{ start: 99, end: 100 }, ''],
      [{ start: 3, end: 3 }, ''],
    ])(`${name}: of range %j of ten digits comes %j`, async (range, expected) => {
      const { blobs, at } = corner()
      await blobs.put(`${at}/digits`, bytes('0123456789'))
      expect(text(await blobs.get(`${at}/digits`, range))).toBe(expected)
    })

    test(`${name}: lists are in the order of bytes, by any prefix, from any key on, in pages`, async () => {
      const { blobs, at } = corner()
      const names = ['a', 'a-b', 'a.b', 'a/b', 'a/b-', 'a/b/c', 'a0', 'B', 'b/a', 'b%2Fa', 'ab/c/d']
      const keys = names.map(each => `${at}/${each === 'a' ? 'a_' : each === 'a/b' ? 'a/b~' : each}`)
      for (const key of keys) await blobs.put(key, bytes(key))
      await blobs.put(`${at}0/other`, bytes('x'))
      const sorted = [...keys].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
      expect(await listed(blobs, `${at}/`)).toEqual(sorted)
      expect(await listed(blobs, `${at}/`, 3)).toEqual(sorted)
      expect(await listed(blobs, `${at}/a`)).toEqual(sorted.filter(key => key.startsWith(`${at}/a`)))
      expect(await listed(blobs, `${at}/a/`, 1)).toEqual(sorted.filter(key => key.startsWith(`${at}/a/`)))
      const { entries } = await blobs.list(`${at}/`, { after: `${at}/a/b`, limit: 2 })
      expect(entries.map(({ key }) => key)).toEqual(sorted.filter(key => key > `${at}/a/b`).slice(0, 2))
      expect(await blobs.list(`${at}/`, { after: sorted.at(-1)! })).toEqual({ entries: [], more: false })
      const full = await blobs.list(`${at}/`, { limit: sorted.length })
      expect(full.more).toBe(false)
    })

    test(`${name}: what is removed is gone for others, and nothing else is`, async () => {
      const { blobs, other, at } = corner()
      for (const key of ['x/1', 'x/2', 'x2/1']) await blobs.put(`${at}/${key}`, bytes(key))
      await other().remove(`${at}/x/1`)
      expect(await blobs.get(`${at}/x/1`)).toBeUndefined()
      expect(await listed(blobs, `${at}/`)).toEqual([`${at}/x/2`, `${at}/x2/1`])
      for (let index = 0; index < 20; index++) await blobs.put(`${at}/x/many-${index}`, bytes('y'))
      await removeAll(blobs, `${at}/x/`)
      await removeAll(blobs, `${at}/x/`)
      expect(await listed(blobs, `${at}/`)).toEqual([`${at}/x2/1`])
      await blobs.put(`${at}/x/1`, bytes('again'))
      expect(text(await other().get(`${at}/x/1`))).toBe('again')
    })

    test(`${name}: of two that write one key over and over, a reader sees one or the other, whole`, async () => {
      const { blobs, other, at } = corner()
      const versions = ['a', 'b'].map(letter => bytes(letter.repeat(50_000)))
      await blobs.put(`${at}/contested`, versions[0]!)
      const write = async (by: Blobs, content: Uint8Array) => {
        for (let round = 0; round < 8; round++) await by.put(`${at}/contested`, content)
      }
      let isOver = false
      const writing = Promise.all([write(blobs, versions[0]!), write(other(), versions[1]!)]).finally(() => {
        isOver = true
      })
      do {
        const seen = text(await blobs.get(`${at}/contested`))
        expect([seen.length, new Set(seen).size]).toEqual([50_000, 1])
      } while (!isOver)
      await writing
    })

    test(`${name}: puts and removes in one corner do not hinder each other`, async () => {
      const { blobs, other, at } = corner()
      const churn = async (by: Blobs, own: string) => {
        for (let round = 0; round < 10; round++) {
          await by.put(`${at}/deep/er/${own}`, bytes(own))
          await by.remove(`${at}/deep/er/${own}`)
        }
        await by.put(`${at}/deep/er/${own}`, bytes('last'))
      }
      await Promise.all([churn(blobs, 'one'), churn(other(), 'two')])
      expect(await listed(blobs, at)).toEqual([`${at}/deep/er/one`, `${at}/deep/er/two`])
    })

    test.each([
      '',
      '/',
      '..',
      '../x',
      'a/../../x',
      './x',
      'a//b',
      '/etc/x',
      '.drafts/x',
      'a/',
      'a\0b',
      'a b',
      'ä',
      'a\\b',
    ])(`${name}: %j is no key`, async key => {
      const { blobs } = corner()
      const problem = 'is no key of an object'
      await expect(blobs.put(key, bytes('x'))).rejects.toThrow(problem)
      await expect(blobs.get(key)).rejects.toThrow(problem)
      await expect(blobs.remove(key)).rejects.toThrow(problem)
    })
  })
}

async function listed(blobs: Blobs, prefix: string, limit?: number): Promise<readonly string[]> {
  const keys: string[] = []
  for (;;) {
    const after = keys.at(-1)
    const page = await blobs.list(prefix, {
      ...(after !== undefined && { after }),
      ...(limit !== undefined && { limit }),
    })
    keys.push(...page.entries.map(({ key }) => key))
    if (!page.more) return keys
  }
}

function bytes(content: string): Uint8Array {
  return Buffer.from(content)
}

function text(content: Uint8Array | undefined): string {
  if (content === undefined) throw new Error('nothing is there')
  return Buffer.from(content).toString()
}
