import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Blobs } from '../../src/blobs/blobs.js'
import { openFolderBlobs } from '../../src/blobs/folder.js'
import { openS3Blobs } from '../../src/blobs/s3.js'
import { createBlobLogStore } from '../../src/logs/blobs.js'
import type { LogKey, LogRange, LogStore, MarkedLogStore } from '../../src/logs/log-store.js'
import { logStoreContract } from '../contract/log-store.js'
import { type ObjectStore, startObjectStore } from '../helpers/swift.js'

const root = mkdtempSync(join(tmpdir(), 'tektite-blob-logs-'))
const folder = openFolderBlobs({ folder: join(root, 'shared') })
let objectStore: ObjectStore
let bucket: Blobs & { close(): void }

beforeAll(async () => {
  objectStore = await startObjectStore()
  await objectStore.createBucket('logs')
  const { endpoint, region, credentials } = objectStore
  const place = { bucket: 'logs', prefix: '', endpoint, region, pathStyle: true }
  bucket = await openS3Blobs({ place, credentials })
}, 30_000)
afterAll(async () => {
  bucket?.close()
  await objectStore?.close()
  rmSync(root, { recursive: true })
})

const open = (blobs: Blobs): MarkedLogStore => createBlobLogStore({ blobs, pollMs: 10 })
let serial = 0
const nextKey = (): LogKey => {
  serial += 1
  return { namespace: 'own', pod: `pod-${serial}`, podUid: 'uid', container: 'step' }
}

logStoreContract('blobs in a folder', () => ({ store: open(folder), reopened: () => open(folder) }))
logStoreContract('blobs in a bucket', () => ({ store: open(bucket), reopened: () => open(bucket) }))

describe('writers that follow upon each other', () => {
  test('the next one finds where the log ends, and what was marked with that', async () => {
    const key = nextKey()
    expect(await open(folder).resume(key)).toEqual({ size: 0, mark: undefined, isFinished: false })
    const first = open(folder)
    await first.append(key, 0, bytes('one\n'), '1~a')
    await first.append(key, 4, bytes('two\n'), '2~b')
    const next = open(folder)
    expect(await next.resume(key)).toEqual({ size: 8, mark: '2~b', isFinished: false })
    await next.append(key, 8, bytes('three'), '3~c')
    await next.finish(key)
    expect(await open(folder).resume(key)).toMatchObject({ size: 13, isFinished: true })
    expect(await text(next, key)).toBe('one\ntwo\nthree')
  })

  test('what a frozen one still writes behind its successor counts for nothing, however far it goes', async () => {
    const key = nextKey()
    const frozen = open(folder)
    await frozen.append(key, 0, bytes('abc'))
    const next = open(folder)
    await next.resume(key)
    // Between the successor's look and its first append.
    await frozen.append(key, 3, bytes('OLD'), 'old')
    await next.append(key, 3, bytes('d'), 'new')
    await frozen.append(key, 6, bytes('OLDER'))
    expect(await text(open(folder), key)).toBe('abcd')
    expect(await open(folder).resume(key)).toEqual({ size: 4, mark: 'new', isFinished: false })
    await next.append(key, 4, bytes('efghijk'))
    await expect(frozen.finish(key)).rejects.toThrow('written by another')
    await next.finish(key)
    await frozen.append(key, 11, bytes('GHOST'))
    expect(await text(open(folder), key)).toBe('abcdefghijk')
    expect(await text(open(folder), key, { tail: 3 })).toBe('ijk')
  })

  test('one that goes on from an earlier mark takes over from there', async () => {
    const key = nextKey()
    const first = open(folder)
    await first.append(key, 0, bytes('line one\nsecr'), '9~x')
    const next = open(folder)
    expect(await next.resume(key)).toMatchObject({ size: 13, mark: '9~x' })
    await next.append(key, 9, bytes('***\n'))
    expect(await text(next, key)).toBe('line one\nsecr')
    await next.append(key, 13, bytes('line three\n'))
    expect(await text(open(folder), key)).toBe('line one\nsecrline three\n')
  })

  test('many that write at once, each from where it looked, leave a log that one of them would have left', async () => {
    const key = nextKey()
    const whole = Array.from({ length: 300 }, (_, line) => `line ${line} ${'x'.repeat(line % 40)}\n`).join('')
    const write = async (pieces: number): Promise<void> => {
      const store = open(folder)
      for (let { size } = await store.resume(key); size < whole.length; ) {
        const piece = whole.slice(size, size + pieces)
        await store.append(key, size, bytes(piece))
        size += piece.length
      }
    }
    await Promise.all([write(700), write(311), write(97), write(1003)])
    const last = open(folder)
    expect(await last.resume(key)).toMatchObject({ size: whole.length })
    await last.finish(key)
    expect(await text(open(folder), key)).toBe(whole)
  })
})

test('of a finished log of many appends few objects are left, and a range costs few requests', async () => {
  const key = nextKey()
  const counted = counting(folder)
  const writer = open(folder)
  const piece = Buffer.alloc(320 * 1024, 'x')
  let size = 0
  for (let index = 0; index < 60; index++) {
    piece.write(`piece ${index} begins\n`)
    await writer.append(key, size, piece)
    size += piece.length
  }
  await writer.finish(key)
  const { entries } = await folder.list(`logs/own/${key.pod}/`)
  expect(entries.length).toBeLessThan(size / (4 * 1024 * 1024) + 2)
  const reader = open(counted.blobs)
  const at = 45 * piece.length
  expect((await text(reader, key, { offset: at, limit: 16 })).trim()).toBe('piece 45 begins')
  expect(counted.requests()).toEqual(['list', 'get', 'get'])
  expect(await text(reader, key, { tail: 5 })).toBe('xxxxx')
  expect(counted.requests()).toEqual(['list', 'get', 'get'])
  let read = 0
  for await (const bytes of (await reader.read(key, { follow: true }, new AbortController().signal))!)
    read += bytes.length
  expect(read).toBe(size)
})

test('a reader in the middle of a log that is finished meanwhile reads on', async () => {
  const key = nextKey()
  const writer = open(folder)
  for (let index = 0; index < 40; index++) await writer.append(key, index * 100_000, Buffer.alloc(100_000, 65 + index))
  let read = 0
  for await (const piece of (await open(folder).read(key, { follow: true }, new AbortController().signal))!) {
    const from = read
    expect(piece.every((byte, index) => byte === 65 + Math.floor((from + index) / 100_000))).toBe(true)
    if (read === 0) await writer.finish(key)
    read += piece.length
  }
  expect(read).toBe(4_000_000)
})

test('what was appended while the store refused is appended when it is tried again', async () => {
  const key = nextKey()
  let failures = 2
  const put: Blobs['put'] = async (where, content) => {
    failures -= 1
    // The answer may be lost after it was carried out.
    if (failures === 0) await folder.put(where, content)
    if (failures >= 0) throw new Error('the store is away')
    return folder.put(where, content)
  }
  const store = open({ ...folder, put })
  await expect(store.append(key, 0, bytes('one'))).rejects.toThrow('away')
  await expect(store.append(key, 0, bytes('one'))).rejects.toThrow('away')
  await store.append(key, 0, bytes('one, two'))
  await store.finish(key)
  expect(await text(open(folder), key)).toBe('one, two')
})

function counting(blobs: Blobs): { readonly blobs: Blobs; requests(): readonly string[] } {
  let made: string[] = []
  const noted = {
    ...blobs,
    get: (...args: Parameters<Blobs['get']>) => {
      made.push('get')
      return blobs.get(...args)
    },
    list: (...args: Parameters<Blobs['list']>) => {
      made.push('list')
      return blobs.list(...args)
    },
  }
  return {
    blobs: noted,
    requests() {
      const before = made
      made = []
      return before
    },
  }
}

function bytes(content: string): Uint8Array {
  return Buffer.from(content)
}

async function text(store: LogStore, key: LogKey, range: Partial<LogRange> = {}): Promise<string> {
  const chunks: Uint8Array[] = []
  const log = await store.read(key, { follow: false, ...range }, new AbortController().signal)
  for await (const chunk of log ?? []) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
