/**
 * Lines as a kubelet stamps them, out of a stream that is cut anywhere: `2026-03-29T01:02:03.000000456Z text`. A line is not
 * waited for: it may be longer than the memory. Pure.
 */

export interface LinePart {
  /** Nanoseconds since 1970, where a line begins. */
  readonly at?: bigint
  /** Of the line, with its newline. */
  readonly bytes: Uint8Array
  readonly ends: boolean
  /** The line has no time: the kubelet itself speaks. */
  readonly isStray?: true
}

const NEWLINE = 10
const SPACE = 32
/** With nanoseconds and the zone as an offset. */
const MOST_STAMP_BYTES = 40
const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/

export interface LineReader {
  read(piece: Uint8Array): readonly LinePart[]
  /** In the middle of a line, or of its stamp. */
  isInside(): boolean
}

export function createLineReader(): LineReader {
  /** What there is of a stamp that is not all there. */
  let stamp: Uint8Array | undefined = new Uint8Array(0)
  let isStray = false

  const part = (bytes: Uint8Array, at?: bigint): LinePart => {
    const ends = bytes.at(-1) === NEWLINE
    const found = { bytes, ends, ...(at !== undefined && { at }), ...(isStray && { isStray }) }
    if (ends) {
      stamp = new Uint8Array(0)
      isStray = false
    }
    return found
  }

  return {
    read(given) {
      const parts: LinePart[] = []
      let piece = given
      if (stamp !== undefined && stamp.length > 0) {
        piece = Buffer.concat([stamp, given])
        stamp = new Uint8Array(0)
      }
      for (let from = 0; from < piece.length; ) {
        const newline = piece.indexOf(NEWLINE, from)
        const to = newline < 0 ? piece.length : newline + 1
        if (stamp === undefined) {
          parts.push(part(piece.subarray(from, to)))
        } else {
          const space = piece.subarray(from, Math.min(to, from + MOST_STAMP_BYTES)).indexOf(SPACE)
          if (space < 0 && newline < 0 && to - from < MOST_STAMP_BYTES) {
            stamp = piece.slice(from)
            break
          }
          const at =
            space < 0 ? undefined : readStamp(Buffer.from(piece.subarray(from, from + space)).toString('latin1'))
          isStray = at === undefined
          stamp = undefined
          parts.push(part(piece.subarray(at === undefined ? from : from + space + 1, to), at))
        }
        from = to
      }
      return parts
    },
    isInside: () => stamp === undefined || stamp.length > 0,
  }
}

function readStamp(text: string): bigint | undefined {
  const [, seconds, fraction = '', zone = ''] = STAMP.exec(text) ?? []
  const ms = Date.parse(`${seconds}${zone}`)
  if (seconds === undefined || Number.isNaN(ms)) return undefined
  return BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}
