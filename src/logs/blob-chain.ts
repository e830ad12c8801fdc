/**
 * How a log lies in objects while it is written, and what of them it consists of. Pure.
 *
 * A writer puts what it adds as one object after the other, named by the offsets it spans. Each writer has a generation,
 * one above those it found when it began. Where a later writer began, it counts from there on, and what an earlier one
 * still puts behind that is none of the log: so a worker that was frozen and thaws does no harm, and no store has to
 * know how to put "only if".
 */

export interface Chunk extends Span {
  readonly name: string
  readonly writer: Writer
  /** What the writer wanted to find again: see `MarkedLogStore`. */
  readonly mark: string | undefined
}

interface Span {
  readonly start: number
  /** Not included. */
  readonly end: number
}

export interface Writer {
  readonly generation: number
  readonly id: string
}

/** Bytes of a log, in an object. */
export interface Piece extends Span {
  readonly name: string
  /** So many bytes of the object come before them. */
  readonly skip: number
}

export interface Chain {
  readonly pieces: readonly Piece[]
  readonly size: number
  /** Of the last piece. */
  readonly mark: string | undefined
  readonly newest: Writer | undefined
}

const CHUNK = /^c(\d{15})-(\d{6})-([0-9a-f]{8})-(\d{15})(?:@([A-Za-z0-9_~=.-]+))?$/

const digits = (number: number, width: number): string => String(number).padStart(width, '0')

/** In the order of their names they are in the order of their beginnings. */
export function chunkName({ generation, id }: Writer, { start, end }: Span, mark?: string): string {
  return `c${digits(start, 15)}-${digits(generation, 6)}-${id}-${digits(end, 15)}${mark === undefined ? '' : `@${mark}`}`
}

export function readChunkName(name: string): Chunk | undefined {
  const [, start, generation, id, end, mark] = CHUNK.exec(name) ?? []
  if (id === undefined) return undefined
  return { name, start: Number(start), end: Number(end), writer: { generation: Number(generation), id }, mark }
}

export function isSame(one: Writer | undefined, other: Writer | undefined): boolean {
  return one?.generation === other?.generation && one?.id === other?.id
}

function isLater(one: Writer, other: Writer): boolean {
  return one.generation === other.generation ? one.id > other.id : one.generation > other.generation
}

export function chainOf(chunks: readonly Chunk[]): Chain {
  const writers = new Map<string, { writer: Writer; chunks: Chunk[] }>()
  for (const chunk of chunks) {
    const name = `${chunk.writer.generation}-${chunk.writer.id}`
    const known = writers.get(name)
    if (known) known.chunks.push(chunk)
    else writers.set(name, { writer: chunk.writer, chunks: [chunk] })
  }
  const inOrder = [...writers.values()].sort((one, other) => (isLater(one.writer, other.writer) ? 1 : -1))
  const pieces: Piece[] = []
  let [size, mark] = [0, undefined as string | undefined]
  for (const [index, { chunks: own }] of inOrder.entries()) {
    const until = Math.min(...inOrder.slice(index + 1).flatMap(later => later.chunks.map(({ start }) => start)))
    own.sort((one, other) => one.start - other.start || one.end - other.end)
    for (const { name, start, end: written, mark: told } of own) {
      const end = Math.min(written, until)
      if (start > size || end <= size) continue
      pieces.push({ name, start: size, end, skip: size - start })
      size = end
      mark = end === written ? told : undefined
    }
  }
  return { pieces, size, mark, newest: inOrder.at(-1)?.writer }
}

/** Those that touch or hold bytes from `start` up to `end`, cut to that. */
export function piecesIn(pieces: readonly Piece[], start: number, end: number): readonly Piece[] {
  return pieces
    .filter(piece => piece.end > start && piece.start < end)
    .map(piece => {
      const from = Math.max(start, piece.start)
      return { ...piece, start: from, end: Math.min(end, piece.end), skip: piece.skip + from - piece.start }
    })
}

/** Neighbours that are put into one object of at most `most` bytes; what is large already stays by itself. */
export function groupsOf(pieces: readonly Piece[], most: number): readonly (readonly Piece[])[] {
  const groups: Piece[][] = []
  let room = 0
  for (const piece of pieces) {
    const length = piece.end - piece.start
    const last = groups.at(-1)
    if (last && length <= room) {
      last.push(piece)
      room -= length
    } else {
      groups.push([piece])
      room = most - length
    }
  }
  return groups
}
