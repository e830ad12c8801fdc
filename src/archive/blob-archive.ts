/** The archive in a blob store, which other processes may read and, for a moment, write too. */
import { setImmediate } from 'node:timers/promises'
import type { Blobs } from '../blobs/blobs.js'
import { removeEach } from '../blobs/remove-all.js'
import { describeError } from '../lib/fault.js'
import type { Log } from '../lib/log.js'
import { type RunSummary, readSummary } from '../resources/run-summary.js'
import { asRecord } from '../resources/shape.js'
import { textAt } from '../resources/value-at.js'
import { hasStatus, matches, NO_COUNTS, type RunFilter, type StatusCounts } from '../run-index/run-filter.js'
import { byPlace } from '../run-index/run-order.js'
import type { Archive, LogPlace, PutRun, RunId } from './archive.js'
import {
  placeOfTime,
  placeText,
  RECENT,
  recordKey,
  SEGMENTS,
  type SegmentRange,
  segmentRange,
  UNSETTLED,
  unsettledKey,
} from './archive-keys.js'
import { readRecord, recordBytes } from './record-text.js'
import { encodeSegment, readLine } from './segment.js'
import { createSegmentCache } from './segment-cache.js'
import { isByNamespaceOnly, mayMatch } from './text-filter.js'

export interface BlobArchiveOptions {
  readonly blobs: Blobs
  readonly log: Log
  /** Others write, too: what they wrote is seen after so long (ms). Without it nobody does. */
  readonly othersWrite?: { readonly seenAfterMs: number }
  /** Of summaries that are held as text. */
  readonly heldChars?: number
  /** Summaries that become a segment; as many again stay single. */
  readonly segmentRuns?: number
}

const HELD_CHARS = 64 * 1024 ** 2
const SEGMENT_RUNS = 1_000
const READS_AT_ONCE = 32

export function createBlobArchive(options: BlobArchiveOptions): Archive {
  const { blobs, log, othersWrite, heldChars = HELD_CHARS, segmentRuns = SEGMENT_RUNS } = options
  const cache = createSegmentCache(blobs, heldChars)
  /** By place. */
  const recent = new Map<string, RunSummary>()
  let segments: readonly (SegmentRange & { readonly key: string })[] = []
  let seenAt = Number.NEGATIVE_INFINITY
  let looking: Promise<void> | undefined
  /** Writes to the lists, one after the other. */
  let writing: Promise<unknown> = Promise.resolve()

  /** Reads what the store lists, where it may be other than what is known. */
  function look(): Promise<void> {
    const age = performance.now() - seenAt
    if (age < (othersWrite?.seenAfterMs ?? Number.POSITIVE_INFINITY)) return Promise.resolve()
    looking ??= lookAgain().finally(() => {
      looking = undefined
    })
    return looking
  }

  async function lookAgain(): Promise<void> {
    const began = performance.now()
    // In this order: what moves from the one to the other meanwhile is seen twice, and not never.
    const places = (await keysUnder(RECENT)).map(key => key.slice(RECENT.length))
    const found = (await keysUnder(SEGMENTS)).flatMap(key => {
      const range = segmentRange(key)
      return range === undefined ? [] : [{ key, ...range }]
    })
    const there = new Set(places)
    for (const place of [...recent.keys()]) if (!there.has(place)) recent.delete(place)
    await each(
      places.filter(place => !recent.has(place)),
      async place => {
        const run = await readJson(RECENT + place)
        const summary = readSummary(run)
        if (summary !== undefined) recent.set(place, summary)
        else if (run !== undefined) log.warn('an archived run cannot be read', { key: RECENT + place })
      },
    )
    segments = found
    cache.retain(new Set(found.map(({ key }) => key)))
    seenAt = began
  }

  async function keysUnder(prefix: string): Promise<readonly string[]> {
    const keys: string[] = []
    for (let after: string | undefined; ; after = keys.at(-1)) {
      const { entries, more } = await blobs.list(prefix, after === undefined ? {} : { after })
      keys.push(...entries.map(({ key }) => key))
      if (!more || entries.length === 0) return keys
    }
  }

  async function readJson(key: string): Promise<unknown> {
    const bytes = await blobs.get(key)
    if (bytes === undefined) return undefined
    try {
      return JSON.parse(Buffer.from(bytes).toString()) as unknown
    } catch {
      return null
    }
  }

  const putJson = (key: string, value: unknown) => blobs.put(key, Buffer.from(JSON.stringify(value)))

  /** A segment that is gone, or cannot be read, holds nothing: the others are listed all the same. */
  async function runsIn(key: string, select: (line: string) => boolean): Promise<readonly RunSummary[]> {
    try {
      const segment = await cache.read(key)
      return (segment?.lines ?? []).filter(select).flatMap(line => readLine(line) ?? [])
    } catch (error) {
      log.warn('archived runs cannot be read', { key, error: describeError(error) })
      return []
    }
  }

  const everything = () => true

  function inOrder<T>(work: () => Promise<T>): Promise<T> {
    const mine = writing.then(work)
    writing = mine.catch(() => undefined)
    return mine
  }

  /** The oldest of the recent ones become a segment. Killed in the middle, they are both, and are tidied up later. */
  async function compact(): Promise<void> {
    if (recent.size < 2 * segmentRuns) return
    const oldest = [...recent.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).slice(-segmentRuns)
    await addSegment(oldest.map(([, run]) => run))
    await removeEach(
      blobs,
      oldest.map(([place]) => RECENT + place),
    )
    for (const [place] of oldest) recent.delete(place)
  }

  async function addSegment(runs: readonly RunSummary[]): Promise<string> {
    const { key, bytes } = await encodeSegment(runs)
    await blobs.put(key, bytes)
    const range = segmentRange(key)
    if (range !== undefined) segments = [...segments.filter(each => each.key !== key), { key, ...range }].sort(byKey)
    return key
  }

  async function dropSegments(keys: readonly string[]): Promise<void> {
    await removeEach(blobs, keys)
    segments = segments.filter(({ key }) => !keys.includes(key))
    cache.retain(new Set(segments.map(({ key }) => key)))
  }

  /** Keys of segments that have a run which another one has, too. */
  async function segmentsWithDoubles(): Promise<readonly string[]> {
    const found = new Set<string>()
    let seen = new Map<string, string>()
    let end = ''
    for (const [index, { key, first, last }] of segments.entries()) {
      // No earlier one reaches so far.
      const isFirst = first > end
      if (isFirst) seen = new Map()
      end = end > last ? end : last
      const next = segments[index + 1]
      if (isFirst && (next === undefined || next.first > last)) continue
      for (const { uid } of await runsIn(key, everything)) {
        const other = seen.get(uid)
        if (other !== undefined) found.add(other).add(key)
        seen.set(uid, key)
      }
    }
    return [...found]
  }

  /** What a writer that was killed, or two at once, left double. */
  async function tidyUp(): Promise<void> {
    const twice = await segmentsWithDoubles()
    if (twice.length > 0) {
      const runs = new Map<string, RunSummary>()
      for (const key of twice) for (const run of await runsIn(key, everything)) runs.set(run.uid, run)
      const sorted = [...runs.values()].sort(byPlace)
      const made: string[] = []
      for (let at = 0; at < sorted.length; at += segmentRuns)
        made.push(await addSegment(sorted.slice(at, at + segmentRuns)))
      await dropSegments(twice.filter(key => !made.includes(key)))
    }
    const double: string[] = []
    for (const { key, first, last } of segments) {
      const within = [...recent.keys()].filter(place => place >= first && place <= last)
      if (within.length === 0) continue
      const uids = new Set((await runsIn(key, everything)).map(({ uid }) => uid))
      double.push(...within.filter(place => uids.has(recent.get(place)!.uid)))
    }
    await removeEach(
      blobs,
      double.map(place => RECENT + place),
    )
    for (const place of double) recent.delete(place)
  }

  async function removeRecords(
    runs: readonly RunSummary[],
    removeLogs: (logs: readonly LogPlace[]) => Promise<void>,
  ): Promise<void> {
    await each(runs, async run => {
      const record = await get(run).catch(() => undefined)
      await removeLogs(record?.logs ?? [])
      await blobs.remove(recordKey(run))
    })
  }

  async function get(id: RunId) {
    const bytes = await blobs.get(recordKey(id))
    return bytes && readRecord(bytes, recordKey(id))
  }

  return {
    get,
    async has(id) {
      return (await blobs.get(recordKey(id), { start: 0, end: 1 })) !== undefined
    },

    async put(record) {
      const { summary, run } = record
      await blobs.put(recordKey(summary), await recordBytes(record))
      await putJson(unsettledKey(summary), { summary, resourceVersion: run.metadata.resourceVersion })
    },

    enter: run =>
      inOrder(async () => {
        await look()
        const place = placeText(run)
        const archived = { ...run, archived: true }
        await putJson(RECENT + place, archived)
        recent.set(place, archived)
        await compact()
      }),

    settled: id => blobs.remove(unsettledKey(id)),

    async unsettled() {
      const found: PutRun[] = []
      await each(await keysUnder(UNSETTLED), async key => {
        const marker = await readJson(key)
        const summary = readSummary(asRecord(marker)['summary'])
        const resourceVersion = textAt(marker, 'resourceVersion')
        if (summary !== undefined) {
          found.push({ summary, resourceVersion, namespace: summary.namespace, uid: summary.uid })
        }
      })
      return found
    },

    async list(filter, { limit, after, isLive }) {
      if (filter.archived === false) return { items: [], remaining: 0, counts: NO_COUNTS }
      await look()
      const from = after === undefined ? '' : placeText(after)
      const counts: Record<keyof StatusCounts, number> = { ...NO_COUNTS }
      const items: RunSummary[] = []
      const seen = new Set<string>()
      let behind = 0
      const take = (run: RunSummary) => {
        if (isLive(run.uid) || seen.has(run.uid) || !matches(filter, run)) return
        seen.add(run.uid)
        counts[run.status] += 1
        if (!hasStatus(filter, run) || placeText(run) <= from) return
        items.push(run)
        behind += 1
      }
      for (const run of recent.values()) take(run)
      const select = mayMatch(filter)
      const canCount = isByNamespaceOnly(filter)
      let isFull = false
      for (const { key, first, last } of segments) {
        // Those that follow begin further behind.
        isFull ||= items.length >= limit && first > lastOfPage(items, limit)
        const isNeeded = last > from && (first <= from || !isFull)
        if (canCount && !isNeeded) {
          const found = countsOf(filter, await cache.counts(key).catch(() => ({})))
          for (const status of STATUSES) {
            counts[status] += found[status]
            if (first > from && hasStatus(filter, { status } as RunSummary)) behind += found[status]
          }
          continue
        }
        for (const run of await runsIn(key, select)) take(run)
        // There may be a thousand of them, and others want their turn.
        await setImmediate()
      }
      const page = items.sort(byPlace).slice(0, limit)
      return { items: page, remaining: behind - page.length, counts }
    },

    async find(namespace, uidOrName) {
      await look()
      const isIt = (run: RunSummary) => run.namespace === namespace && (run.uid === uidOrName || run.name === uidOrName)
      const found = [...recent.values()].filter(isIt)
      const select = mayMatch({ namespace, words: [uidOrName.toLowerCase()] })
      for (const { key, first } of segments) {
        // What is behind is older than what was found.
        if (found.some(run => placeText(run) < first)) break
        found.push(...(await runsIn(key, select)).filter(isIt))
      }
      return found.find(run => run.uid === uidOrName) ?? found.sort(byPlace)[0]
    },

    removeBefore: (time, removeLogs) =>
      inOrder(async () => {
        await look()
        await tidyUp()
        const place = placeOfTime(time)
        const old = [...recent.entries()].filter(([each]) => each > place)
        let removed = old.length
        await removeRecords(
          old.map(([, run]) => run),
          removeLogs,
        )
        await removeEach(
          blobs,
          old.map(([each]) => RECENT + each),
        )
        for (const [each] of old) recent.delete(each)
        for (const { key, first, last } of segments.filter(each => each.last > place)) {
          const runs = await runsIn(key, everything)
          const isOld = (run: RunSummary) => placeText(run) > place
          const kept = first > place ? [] : runs.filter(run => !isOld(run))
          await removeRecords(runs.filter(isOld), removeLogs)
          if (kept.length > 0) await addSegment(kept)
          if (last > place) await dropSegments([key])
          removed += runs.length - kept.length
        }
        return removed
      }),
  }
}

const STATUSES = Object.keys(NO_COUNTS) as (keyof StatusCounts)[]

function countsOf({ namespace }: RunFilter, counts: Readonly<Record<string, StatusCounts>>): StatusCounts {
  if (namespace !== undefined) return { ...NO_COUNTS, ...(Object.hasOwn(counts, namespace) && counts[namespace]) }
  const sum: Record<keyof StatusCounts, number> = { ...NO_COUNTS }
  for (const own of Object.values(counts)) for (const status of STATUSES) sum[status] += own[status] ?? 0
  return sum
}

/** The place of the last run of the page, as far as it is known: it can only come nearer. */
function lastOfPage(items: readonly RunSummary[], limit: number): string {
  return placeText([...items].sort(byPlace)[limit - 1]!)
}

function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key < b.key ? -1 : 1
}

async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items]
  const serve = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(READS_AT_ONCE, left.length) }, serve))
}
