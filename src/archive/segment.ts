/**
 * Many summaries in one object, which never changes: a head with counts, then one line of JSON each, newest first. Lines
 * are searched as text, and only those that can match are parsed.
 */
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { type RunSummary, readSummary } from '../resources/run-summary.js'
import { asRecord } from '../resources/shape.js'
import { NO_COUNTS, type StatusCounts } from '../run-index/run-filter.js'
import { byPlace } from '../run-index/run-order.js'
import { placeText, segmentKey } from './archive-keys.js'

/** A message of 500 characters, labels as many as there may be: more than any real thousand of summaries. */
const MAX_SEGMENT_BYTES = 64 * 1024 ** 2

export interface Segment {
  readonly counts: SegmentCounts
  readonly lines: readonly string[]
  /** Of all lines together. */
  readonly chars: number
}

/** By namespace. */
export type SegmentCounts = Readonly<Record<string, StatusCounts>>

export async function encodeSegment(
  runs: readonly RunSummary[],
): Promise<{ readonly key: string; readonly bytes: Uint8Array }> {
  const sorted = [...runs].sort(byPlace)
  const counts: Record<string, StatusCounts> = {}
  for (const { namespace, status } of sorted) {
    const own = counts[namespace] ?? { ...NO_COUNTS }
    counts[namespace] = { ...own, [status]: own[status] + 1 }
  }
  const text = [JSON.stringify({ version: 1, counts }), ...sorted.map(run => JSON.stringify(run))].join('\n')
  // The same runs make the same object, whoever writes it.
  const id = createHash('sha256').update(text).digest('hex').slice(0, 16)
  const range = { first: placeText(sorted[0]!), last: placeText(sorted.at(-1)!) }
  return { key: segmentKey(range, id), bytes: await promisify(gzip)(Buffer.from(text)) }
}

/** @throws Error when it is no segment */
export async function decodeSegment(bytes: Uint8Array, place: string): Promise<Segment> {
  try {
    const text = (await promisify(gunzip)(bytes, { maxOutputLength: MAX_SEGMENT_BYTES })).toString()
    const [head = '', ...lines] = text.split('\n')
    const { version, counts } = asRecord(JSON.parse(head))
    if (version !== 1) throw new Error('it is of another version')
    return { counts: counts as SegmentCounts, lines, chars: text.length }
  } catch (cause) {
    throw new Error(`${place} is no segment of an archive that can be read`, { cause })
  }
}

/** Undefined for a line that is none. */
export function readLine(line: string): RunSummary | undefined {
  try {
    return readSummary(JSON.parse(line))
  } catch {
    return undefined
  }
}
