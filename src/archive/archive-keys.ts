/**
 * Where in a blob store what is. Pure.
 *
 *     records/NAMESPACE/UID       everything of a run
 *     unsettled/NAMESPACE/UID     its summary, while its objects may still be there
 *     recent/PLACE                its summary, listed
 *     segments/PLACE_PLACE_ID     many summaries, listed: the places of the first and the last
 *
 * A PLACE sorts as lists do: the newest first.
 */
import { pathSegment } from '../lib/path-segment.js'
import type { RunPlace } from '../run-index/run-order.js'
import type { RunId } from './archive.js'

export const RECENT = 'recent/'
export const SEGMENTS = 'segments/'
export const UNSETTLED = 'unsettled/'

/** Seconds from then on are counted backwards: the year 5138. */
const LATEST_SECONDS = 99_999_999_999

export function recordKey({ namespace, uid }: RunId): string {
  return `records/${pathSegment(namespace)}/${pathSegment(uid)}`
}

export function unsettledKey({ namespace, uid }: RunId): string {
  return `${UNSETTLED}${pathSegment(namespace)}/${pathSegment(uid)}`
}

export function placeText({ createdAt, uid }: RunPlace): string {
  return `${placeOfTime(Date.parse(createdAt))}-${pathSegment(uid)}`
}

/** What was created at that time or before is at this text or behind it. */
export function placeOfTime(epochMs: number): string {
  const seconds = LATEST_SECONDS - Math.floor((Number.isFinite(epochMs) ? epochMs : 0) / 1000)
  return String(Math.min(Math.max(seconds, 0), LATEST_SECONDS)).padStart(11, '0')
}

export interface SegmentRange {
  readonly first: string
  readonly last: string
}

export function segmentKey({ first, last }: SegmentRange, id: string): string {
  return `${SEGMENTS}${first}_${last}_${id}`
}

/** Undefined for what somebody else put there. */
export function segmentRange(key: string): SegmentRange | undefined {
  const [first, last, id, ...more] = key.slice(SEGMENTS.length).split('_')
  if (!first || !last || !id || more.length > 0 || first > last) return undefined
  return { first, last }
}
