/** Bytes of a log out of its objects, a few requests at a time; and fewer, larger objects out of many. */
import type { Blobs } from '../blobs/blobs.js'
import { groupsOf, type Piece, piecesIn, type Writer } from './blob-chain.js'

/** Requests under way together, and what they may bring: so a reader needs no more memory. */
const AT_ONCE = 16
const MOST_AT_ONCE_BYTES = 2 * 1024 * 1024
/** So many objects are as good as one. */
const FEW = 3

/** In order. Ends early where an object is not there any more. */
export async function* readPieces(
  blobs: Pick<Blobs, 'get'>,
  place: string,
  pieces: readonly Piece[],
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  const wanted = piecesIn(pieces, start, end).flatMap(cut)
  for (let at = 0; at < wanted.length; ) {
    const batch = nextBatch(wanted, at)
    at += batch.length
    const parts = await Promise.all(batch.map(piece => getPiece(blobs, place, piece)))
    for (const part of parts) {
      if (part === undefined) return
      yield part
    }
  }
}

export async function compacted(
  { blobs, place, most }: { readonly blobs: Pick<Blobs, 'get' | 'put'>; readonly place: string; readonly most: number },
  pieces: readonly Piece[],
  writer: Writer,
): Promise<readonly Piece[]> {
  if (pieces.length <= FEW) return pieces
  const result: Piece[] = []
  for (const group of groupsOf(pieces, most)) {
    const [first, last] = [group[0], group.at(-1)]
    if (first === undefined || last === undefined) continue
    if (first === last) {
      result.push(first)
      continue
    }
    const [start, end] = [first.start, last.end]
    const bytes = Buffer.allocUnsafeSlow(end - start)
    let filled = 0
    for await (const part of readPieces(blobs, place, group, start, end)) {
      bytes.set(part, filled)
      filled += part.length
    }
    if (filled < bytes.length) throw new Error(`objects of ${place} went while they were put together`)
    // The writer's own name: whoever does the same at the same time puts others.
    const name = `o${start}-${writer.generation}-${writer.id}-${end}`
    await blobs.put(place + name, bytes)
    result.push({ name, start, end, skip: 0 })
  }
  return result
}

async function getPiece(blobs: Pick<Blobs, 'get'>, place: string, piece: Piece): Promise<Uint8Array | undefined> {
  const length = piece.end - piece.start
  const bytes = await blobs.get(place + piece.name, { start: piece.skip, end: piece.skip + length })
  return bytes?.length === length ? bytes : undefined
}

function cut(piece: Piece): readonly Piece[] {
  const parts: Piece[] = []
  for (let start = piece.start; start < piece.end; start += MOST_AT_ONCE_BYTES) {
    const end = Math.min(piece.end, start + MOST_AT_ONCE_BYTES)
    parts.push({ ...piece, start, end, skip: piece.skip + start - piece.start })
  }
  return parts
}

function nextBatch(pieces: readonly Piece[], at: number): readonly Piece[] {
  const batch: Piece[] = []
  let bytes = 0
  for (const piece of pieces.slice(at, at + AT_ONCE)) {
    bytes += piece.end - piece.start
    if (batch.length > 0 && bytes > MOST_AT_ONCE_BYTES) break
    batch.push(piece)
  }
  return batch
}
