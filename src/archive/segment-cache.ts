/** Segments as they were read last: as many as may be held at once, and the counts of all of them. */
import type { Blobs } from '../blobs/blobs.js'
import { decodeSegment, type Segment, type SegmentCounts } from './segment.js'

export interface SegmentCache {
  /** Undefined when it is not there any more. @throws BlobsError, Error for what is no segment */
  read(key: string): Promise<Segment | undefined>
  /** Read once, and remembered as long as the segment is there. */
  counts(key: string): Promise<SegmentCounts>
  /** Only these are there. */
  retain(keys: ReadonlySet<string>): void
}

/** @param maxChars of text; a character is a byte of memory, or two in a segment with others than Latin ones */
export function createSegmentCache(blobs: Pick<Blobs, 'get'>, maxChars: number): SegmentCache {
  const counted = new Map<string, SegmentCounts>()
  /** Used last at the end. */
  const held = new Map<string, Segment>()
  let chars = 0

  function forget(key: string): void {
    chars -= held.get(key)?.chars ?? 0
    held.delete(key)
  }

  async function read(key: string): Promise<Segment | undefined> {
    const known = held.get(key)
    if (known !== undefined) {
      held.delete(key)
      held.set(key, known)
      return known
    }
    const bytes = await blobs.get(key)
    if (bytes === undefined) return undefined
    const segment = await decodeSegment(bytes, key)
    counted.set(key, segment.counts)
    forget(key)
    held.set(key, segment)
    chars += segment.chars
    for (const oldest of held.keys()) {
      if (chars <= maxChars) break
      forget(oldest)
    }
    return segment
  }

  return {
    read,
    async counts(key) {
      return counted.get(key) ?? (await read(key))?.counts ?? {}
    },
    retain(keys) {
      for (const key of [...held.keys()]) if (!keys.has(key)) forget(key)
      for (const key of [...counted.keys()]) if (!keys.has(key)) counted.delete(key)
    },
  }
}
