/** What every LogStore promises. */
import { describe, expect, test } from 'vitest'
import type { LogKey, LogRange, LogStore } from '../../src/logs/log-store.js'

export interface StoreUnderTest {
  readonly store: LogStore
  /** The same logs, seen by a store that was opened after the first one's process was killed. */
  reopened(): LogStore
}

export function logStoreContract(name: string, make: () => StoreUnderTest): void {
  let serial = 0
  const nextKey = (): LogKey => {
    serial += 1
    return { namespace: 'ci', pod: `pod-${serial}`, podUid: `uid-${serial}`, container: 'step-build' }
  }

  describe(`LogStore contract: ${name}`, () => {
    test(`${name}: of an unknown log nothing is stored, and nothing is read`, async () => {
      const { store } = make()
      const key = nextKey()
      expect(await store.size(key)).toBe(0)
      expect(await store.read(key, { follow: true }, never())).toBeUndefined()
    })

    test(`${name}: appended bytes are read back, from any offset, also after a restart`, async () => {
      const { store, reopened } = make()
      const key = nextKey()
      await store.append(key, 0, bytes('hello '))
      await store.append(key, 6, bytes('world'))
      for (const seen of [store, reopened()]) {
        expect(await seen.size(key)).toBe(11)
        expect(await text(seen, key)).toBe('hello world')
        expect(await text(seen, key, 8)).toBe('rld')
        expect(await text(seen, key, 99)).toBe('')
      }
    })

    test(`${name}: the Pods that had a name are found by it, with the containers that said something or ended`, async () => {
      const { store, reopened } = make()
      const key = { ...nextKey(), podUid: 'first' }
      expect(await store.pods(key.namespace, key.pod)).toEqual([])
      await store.append(key, 0, bytes('a'))
      await store.append({ ...key, part: 'times' }, 0, bytes('0 1\n'))
      await store.finish({ ...key, container: 'step-silent' })
      await store.append({ ...key, podUid: 'second' }, 0, bytes('b'))
      await store.append({ ...key, pod: `${key.pod}-more`, podUid: 'other' }, 0, bytes('c'))
      const pods = [
        { podUid: 'first', containers: ['step-build', 'step-silent'] },
        { podUid: 'second', containers: ['step-build'] },
      ]
      for (const seen of [store, reopened()]) {
        const found = await seen.pods(key.namespace, key.pod)
        // Two of one millisecond are in any order.
        expect(found.toSorted((a, b) => (a.podUid < b.podUid ? -1 : 1))).toEqual(pods)
      }
      await store.remove({ ...key, podUid: 'first' })
      expect(await store.pods(key.namespace, key.pod)).toEqual(pods.slice(1))
    })

    test.each([
      [{ offset: 3, limit: 4 }, 'defg'],
      [{ offset: 8, limit: 4 }, 'ij'],
      [{ limit: 0 }, ''],
      [{ tail: 3 }, 'hij'],
      [{ tail: 99 }, 'abcdefghij'],
      [{ tail: 0 }, ''],
      [{ tail: 4, limit: 2 }, 'gh'],
      [{ offset: 8, tail: 5 }, 'ij'],
    ])(`${name}: of ten letters, range %j is %j, while it grows and when it is finished`, async (range, expected) => {
      const { store, reopened } = make()
      const key = nextKey()
      for (const [offset, piece] of [
        [0, 'abc'],
        [3, 'def'],
        [6, 'gh'],
        [8, 'i'],
        [9, 'j'],
      ] as const) {
        await store.append(key, offset, bytes(piece))
      }
      expect(await ranged(store, key, range)).toBe(expected)
      await store.finish(key)
      expect(await ranged(store, key, range)).toBe(expected)
      expect(await ranged(reopened(), key, { ...range, follow: true })).toBe(expected)
    })

    test(`${name}: a follower with a limit ends when it has as much, whoever goes on writing`, async () => {
      const { store } = make()
      const key = nextKey()
      await store.append(key, 0, bytes('one'))
      let seen = ''
      for await (const chunk of (await store.read(key, { follow: true, offset: 1, limit: 4 }, never()))!) {
        seen += Buffer.from(chunk).toString()
        if (seen === 'ne') await store.append(key, 3, bytes('two'))
      }
      expect(seen).toBe('netw')
    })

    test(`${name}: bytes that are stored already are not stored twice`, async () => {
      const { store, reopened } = make()
      const key = nextKey()
      await store.append(key, 0, bytes('abcdef'))
      await store.append(key, 0, bytes('abcdef'))
      await store.append(key, 3, bytes('defghi'))
      await reopened().append(key, 0, bytes('abcdefghijk'))
      expect(await text(reopened(), key)).toBe('abcdefghijk')
    })

    test(`${name}: a gap is refused, and stores nothing`, async () => {
      const { store } = make()
      const key = nextKey()
      await expect(store.append(key, 1, bytes('x'))).rejects.toThrow('bytes at offset 1 refused')
      await store.append(key, 0, bytes('abc'))
      await expect(store.append(key, 4, bytes('x'))).rejects.toThrow('only 3 are stored')
      expect(await text(store, key)).toBe('abc')
    })

    test(`${name}: appends that overlap in time keep their order`, async () => {
      const { store } = make()
      const key = nextKey()
      await Promise.all(
        Array.from({ length: 50 }, (_, index) => store.append(key, index * 2, bytes(String(10 + index)))),
      )
      expect(await text(store, key)).toBe(Array.from({ length: 50 }, (_, index) => 10 + index).join(''))
    })

    test(`${name}: a follower sees what comes, and ends with finish`, async () => {
      const { store } = make()
      const key = nextKey()
      await store.append(key, 0, bytes('one'))
      const seen: string[] = []
      for await (const chunk of (await store.read(key, { follow: true }, never()))!) {
        seen.push(Buffer.from(chunk).toString())
        if (seen.length === 1) await store.append(key, 3, bytes('two'))
        if (seen.length === 2) await store.finish(key)
      }
      expect(seen).toEqual(['one', 'two'])
    })

    test(`${name}: a follower that is aborted ends quietly`, async () => {
      const { store } = make()
      const key = nextKey()
      await store.append(key, 0, bytes('one'))
      const abort = new AbortController()
      let seen = ''
      for await (const chunk of (await store.read(key, { follow: true }, abort.signal))!) {
        seen += Buffer.from(chunk).toString()
        abort.abort()
      }
      expect(seen).toBe('one')
    })

    test(`${name}: finish is safe to repeat, keeps the log, and is remembered`, async () => {
      const { store, reopened } = make()
      const key = nextKey()
      await store.append(key, 0, bytes('all'))
      await store.finish(key)
      await store.finish(key)
      await store.append(key, 0, bytes('all')) // the same bytes again, after a restart of the writer
      await expect(store.append(key, 3, bytes('more'))).rejects.toThrow('is finished')
      expect(await reopened().size(key)).toBe(3)
      expect(await text(reopened(), key, 0, true)).toBe('all')
    })

    test(`${name}: a log that is finished without any output is empty, not unknown`, async () => {
      const { store } = make()
      const key = nextKey()
      await store.finish(key)
      expect(await text(store, key, 0, true)).toBe('')
    })

    test(`${name}: removing takes one pod's logs and no other's`, async () => {
      const { store } = make()
      const key = nextKey()
      const other = { ...key, podUid: `${key.podUid}-other` }
      await store.append(key, 0, bytes('mine'))
      await store.append({ ...key, container: 'step-test' }, 0, bytes('mine too'))
      await store.append(other, 0, bytes('theirs'))
      await store.remove(key)
      await store.remove(key)
      expect(await store.size(key)).toBe(0)
      expect(await store.read({ ...key, container: 'step-test' }, { follow: false }, never())).toBeUndefined()
      expect(await text(store, other)).toBe('theirs')
      await store.append(key, 0, bytes('again'))
      expect(await text(store, key)).toBe('again')
    })

    test(`${name}: a log and its times are apart, and go together`, async () => {
      const { store } = make()
      const key = nextKey()
      const times = { ...key, part: 'times' } as const
      await store.append(times, 0, bytes('0 17\n'))
      expect(await store.size(key)).toBe(0)
      await store.append(key, 0, bytes('out'))
      await store.finish(times)
      await store.append(key, 3, bytes('put'))
      await store.finish(key)
      expect([await text(store, key), await text(store, times)]).toEqual(['output', '0 17\n'])
      await store.remove(key)
      expect(await store.size(times)).toBe(0)
    })

    test(`${name}: hostile names are kept apart and inside`, async () => {
      const { store } = make()
      const names = ['..', '.', '../x', 'a/b', 'a%2Fb', 'a\0b', 'x'.repeat(300), `${'x'.repeat(299)}y`]
      for (const container of names)
        await store.append({ ...nextKey(), pod: '../..', podUid: 'hostile', container }, 0, bytes(container))
      for (const container of names)
        expect(await text(store, { ...nextKey(), pod: '../..', podUid: 'hostile', container })).toBe(container)
    })
  })
}

function bytes(content: string): Uint8Array {
  return Buffer.from(content)
}

function never(): AbortSignal {
  return new AbortController().signal
}

function ranged(store: LogStore, key: LogKey, range: Partial<LogRange>): Promise<string> {
  return joined(store.read(key, { follow: false, ...range }, never()))
}

async function joined(log: ReturnType<LogStore['read']>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of (await log) ?? []) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

async function text(store: LogStore, key: LogKey, offset = 0, follow = false): Promise<string> {
  const chunks: Uint8Array[] = []
  const log = await store.read(key, { follow, offset }, never())
  if (log === undefined) throw new Error(`nothing is stored of ${JSON.stringify(key)}`)
  for await (const chunk of log) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
