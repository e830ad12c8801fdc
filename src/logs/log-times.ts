/**
 * When which part of a log came: lines of `OFFSET MS`, oldest first, written by the shim before the bytes they speak of.
 * What stands behind an offset came at its time (epoch ms), up to the next one. Pure.
 */

export interface LogTime {
  readonly offset: number
  readonly ms: number
}

/** Takes the text in pieces, cut anywhere. What is no such line is passed over. */
export function createTimesParser(): (piece: Uint8Array) => readonly LogTime[] {
  let rest = ''
  return piece => {
    const lines = (rest + Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('latin1')).split('\n')
    rest = lines.pop() ?? ''
    return lines.flatMap(line => {
      const [, offset, ms] = /^(\d{1,15}) (\d{1,15})$/.exec(line) ?? []
      return offset === undefined ? [] : [{ offset: Number(offset), ms: Number(ms) }]
    })
  }
}

/** As Kubernetes stamps lines: RFC 3339 in UTC, always of the same width. */
export function timestampOf(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000000Z')
}
