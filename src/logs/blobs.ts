/**
 * Logs in an object store or a shared folder:
 * `logs/<namespace>/<pod>/<pod uid>/<container>.log/…`, and `.times/…` beside it.
 *
 * Each `append` is one object (`blob-chain.ts`): who appends decides how much goes into one, and how long it waits. With
 * `finish` they become few large ones and an index, so that a range of a log of 100 MB costs a request or two.
 */
import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'
import type { BlobEntry, Blobs } from '../blobs/blobs.js'
import { removeAll, removeEach } from '../blobs/remove-all.js'
import { pathSegment } from '../lib/path-segment.js'
import { pause } from '../timers.js'
import { type Chain, type Chunk, chainOf, chunkName, isSame, readChunkName, type Writer } from './blob-chain.js'
import { compacted, readPieces } from './blob-pieces.js'
import { INDEX_NAME, indexText, readIndex } from './log-index.js'
import type { LogKey, MarkedLogStore } from './log-store.js'

export interface BlobLogStoreOptions {
  readonly blobs: Blobs
  /** How often a follower looks for more. */
  readonly pollMs?: number
}

const POLL_MS = 1_000
/** Of one object. What is appended at once is cut to it. */
const MOST_BYTES = 8 * 1024 * 1024
/** Logs that were asked for and not written to: a few hundred bytes each. */
const MOST_SEEN = 1_000

interface Seen extends Chain {
  readonly isFinished: boolean
  readonly chunks: readonly Chunk[]
}

interface Writing {
  readonly writer: Writer
  size: number
}

const NOTHING: Seen = { ...chainOf([]), chunks: [], isFinished: false }

export function createBlobLogStore({ blobs, pollMs = POLL_MS }: BlobLogStoreOptions): MarkedLogStore {
  const id = randomBytes(4).toString('hex')
  /** Appends to one log, one after the other. */
  const queues = new Map<string, Promise<unknown>>()
  const writing = new Map<string, Writing>()
  /** As it was when somebody asked where to go on: what came later is by a writer that is not the newest any more. */
  const seen = new Map<string, Seen>()

  async function inOrder<T>(place: string, work: () => Promise<T>): Promise<T> {
    const mine = (queues.get(place) ?? Promise.resolve()).then(work)
    const settled = mine.catch(() => undefined)
    queues.set(place, settled)
    try {
      return await mine
    } finally {
      if (queues.get(place) === settled) queues.delete(place)
    }
  }

  /** What is stored under a place, as far as it is there. Undefined when nothing is. */
  async function look(place: string): Promise<Seen | undefined> {
    const chunks: Chunk[] = []
    let hasIndex = false
    for (let after: string | undefined, more = true; more; ) {
      const page = await blobs.list(place, after === undefined ? {} : { after })
      for (const { key } of page.entries) {
        const name = key.slice(place.length)
        const chunk = readChunkName(name)
        if (chunk) chunks.push(chunk)
        else if (name === INDEX_NAME) hasIndex = true
      }
      after = page.entries.at(-1)?.key
      more = page.more && after !== undefined
    }
    // Comes after all chunks in a list, and was there before the first of them was removed.
    const bytes = hasIndex ? await blobs.get(place + INDEX_NAME) : undefined
    if (bytes) return { ...NOTHING, ...readIndex(bytes), isFinished: true }
    return chunks.length === 0 ? undefined : { ...chainOf(chunks), chunks, isFinished: false }
  }

  async function lookAndKeep(place: string): Promise<Seen> {
    const found = (await look(place)) ?? NOTHING
    seen.delete(place)
    seen.set(place, found)
    const [oldest] = seen.keys()
    if (seen.size > MOST_SEEN && oldest !== undefined) seen.delete(oldest)
    return found
  }

  /** Undefined when there is nothing to be added. */
  async function begin(key: LogKey, place: string, offset: number, end: number): Promise<Writing | undefined> {
    const stored = seen.get(place) ?? (await lookAndKeep(place))
    if (offset > stored.size) throw gap(key, offset, stored.size)
    if (end <= stored.size) return undefined
    if (stored.isFinished) throw finished(key)
    const writer = { generation: (stored.newest?.generation ?? 0) + 1, id }
    const mine = { writer, size: offset }
    seen.delete(place)
    writing.set(place, mine)
    return mine
  }

  async function write(key: LogKey, offset: number, bytes: Uint8Array, mark?: string): Promise<void> {
    const place = placeOf(key)
    const mine = writing.get(place) ?? (await begin(key, place, offset, offset + bytes.length))
    if (mine === undefined) return
    if (offset > mine.size) throw gap(key, offset, mine.size)
    const end = offset + bytes.length
    while (mine.size < end) {
      const to = Math.min(end, mine.size + MOST_BYTES)
      const name = chunkName(mine.writer, { start: mine.size, end: to }, to === end ? mark : undefined)
      await blobs.put(place + name, bytes.subarray(mine.size - offset, to - offset))
      mine.size = to
    }
  }

  async function finish(key: LogKey): Promise<void> {
    const place = placeOf(key)
    const found = (await look(place)) ?? NOTHING
    if (found.isFinished) return
    const mine = writing.get(place)
    const known = mine ? { size: mine.size, newest: mine.writer } : seen.get(place)
    // What another has begun may not be whole.
    if (known && (known.size !== found.size || !isSame(known.newest, found.newest))) {
      throw new TakenOver(`${nameOf(key)} is written by another`)
    }
    const writer = mine?.writer ?? { generation: (found.newest?.generation ?? 0) + 1, id }
    const pieces = await compacted({ blobs, place, most: MOST_BYTES }, found.pieces, writer)
    await blobs.put(place + INDEX_NAME, Buffer.from(indexText({ size: found.size, pieces })))
    const used = new Set(pieces.map(({ name }) => name))
    const rest = found.chunks.filter(({ name }) => !used.has(name)).map(({ name }) => place + name)
    await removeEach(blobs, rest)
  }

  async function* follow(
    place: string,
    first: Seen,
    { start, end, isFollowing }: { start: number; end: number; isFollowing: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    let position = start
    for (let known: Seen | undefined = first; known && !signal.aborted; known = await look(place)) {
      for await (const bytes of readPieces(blobs, place, known.pieces, position, Math.min(end, known.size))) {
        position += bytes.length
        yield bytes
        if (signal.aborted) return
      }
      // What was not found was compacted meanwhile: it is looked for again, at once.
      if (position < Math.min(end, known.size)) continue
      if (known.isFinished || !isFollowing || position >= end) return
      await pause(pollMs, signal)
    }
  }

  return {
    async size(key) {
      const place = placeOf(key)
      return writing.get(place)?.size ?? (await lookAndKeep(place)).size
    },

    async resume(key) {
      const place = placeOf(key)
      return inOrder(place, async () => {
        writing.delete(place)
        const { size, mark, isFinished } = await lookAndKeep(place)
        return { size, mark, isFinished }
      })
    },

    append: (key, offset, bytes, mark) => inOrder(placeOf(key), () => write(key, offset, bytes, mark)),

    finish(key) {
      const place = placeOf(key)
      return inOrder(place, async () => {
        await finish(key)
        writing.delete(place)
        seen.delete(place)
      })
    },

    isFinished: async key => (await look(placeOf(key)))?.isFinished ?? false,

    async read(key, { follow: isFollowing, offset = 0, limit = Number.POSITIVE_INFINITY, tail }, signal) {
      const place = placeOf(key)
      const found = await look(place)
      if (found === undefined) return undefined
      const start = tail === undefined ? offset : Math.max(offset, found.size - tail)
      return follow(place, found, { start, end: start + limit, isFollowing }, signal)
    },

    async pods(namespace, name) {
      const prefix = dirname(podPlace({ namespace, pod: name, podUid: '' }))
      const found = new Map<string, Set<string>>()
      for await (const { key } of allOf(blobs, `${prefix}/`)) {
        const [podUid = '', part = ''] = key
          .slice(prefix.length + 1)
          .split('/')
          .map(decodeURIComponent)
        const containers = found.get(podUid) ?? new Set()
        if (part.endsWith('.log')) containers.add(part.slice(0, -'.log'.length))
        found.set(podUid, containers)
      }
      return [...found].map(([podUid, containers]) => ({ podUid, containers: [...containers] }))
    },

    async remove(pod) {
      const prefix = podPlace(pod)
      for (const map of [writing, seen]) {
        for (const place of map.keys()) if (place.startsWith(prefix)) map.delete(place)
      }
      await removeAll(blobs, prefix)
    },
  }
}

/** Somebody else has gone on with this log: what we have of it is there already, or will be. */
export class TakenOver extends Error {
  override readonly name = 'TakenOver'
}

async function* allOf(blobs: Blobs, prefix: string): AsyncGenerator<BlobEntry> {
  for (let after: string | undefined, more = true; more; ) {
    const page = await blobs.list(prefix, after === undefined ? {} : { after })
    yield* page.entries
    after = page.entries.at(-1)?.key
    more = page.more && after !== undefined
  }
}

function podPlace({ namespace, pod, podUid }: Pick<LogKey, 'namespace' | 'pod' | 'podUid'>): string {
  return `logs/${pathSegment(namespace)}/${pathSegment(pod)}/${pathSegment(podUid)}/`
}

function placeOf(key: LogKey): string {
  return `${podPlace(key)}${pathSegment(key.container)}${key.part === 'times' ? '.times' : '.log'}/`
}

function nameOf({ container, namespace, pod, podUid }: LogKey): string {
  return `log of container "${container}" of pod "${namespace}/${pod}" (uid ${podUid})`
}

function gap(key: LogKey, offset: number, size: number): Error {
  return new Error(
    `${nameOf(key)}: bytes at offset ${offset} refused, because only ${size} are stored; go on from size()`,
  )
}

function finished(key: LogKey): Error {
  return new Error(`${nameOf(key)} is finished; nothing can be added`)
}
