/** What to look for in output so that a secret is not seen in it: each value, and what programs make of it. Pure. */
import { MOST_PATTERN_BYTES } from './mask.js'
import { base64Forms, hexForms, jsonForms, plainForms, shellForms, urlForms } from './secret-forms.js'
import { linesOf, partsOf } from './secret-parts.js'

/** Shorter values are words such as `true`, `1`, `8080` or `admin`: masking them would make a log unreadable. */
export const LEAST_SECRET_BYTES = 6
/** Of one line of several, which is a word even more often. */
export const LEAST_LINE_BYTES = 8

/** Of all patterns of a Pod together. Each of its containers' shims holds some 20 times as much. */
const MOST_BYTES = 512 * 1024
/** What is longer is a file, which nobody prints in an address or in a command. */
const MOST_ENCODED_BYTES = 16 * 1024

/**
 * Patterns for `createMasker`, and for the shim. Where there would be too many (secrets of over 50 KB together), the likely forms
 * go first: all values as they are, then what base64 makes of them, and so on.
 */
export function maskPatterns(values: Iterable<Uint8Array>): readonly Uint8Array[] {
  const whole: Buffer[] = []
  const lines: Buffer[] = []
  for (const value of values) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    const text = bytes.toString('utf8')
    const isLong = (least: number) => (part: string) => Buffer.byteLength(part.trim()) >= least
    if (trimmed(bytes).length >= LEAST_SECRET_BYTES) whole.push(bytes)
    whole.push(
      ...partsOf(text)
        .filter(isLong(LEAST_SECRET_BYTES))
        .map(part => Buffer.from(part)),
    )
    lines.push(
      ...linesOf(text)
        .filter(isLong(LEAST_LINE_BYTES))
        .map(line => Buffer.from(line)),
    )
  }
  const found = new Set<string>()
  let size = 0
  const take = (secrets: readonly Buffer[], formsOf: (secret: Buffer, raw: Buffer) => Iterable<string>): void => {
    for (const raw of secrets) {
      for (const form of formsOf(trimmed(raw), raw)) {
        for (const piece of piecesOf(form)) {
          if (size + piece.length > MOST_BYTES) return
          if (found.has(piece)) continue
          found.add(piece)
          size += piece.length
        }
      }
    }
  }
  take(whole, plainForms)
  take(lines, plainForms)
  take(whole, base64Forms)
  const encoded = whole.filter(({ length }) => length <= MOST_ENCODED_BYTES)
  for (const forms of [jsonForms, shellForms, urlForms]) take(encoded, forms)
  take(lines, base64Forms)
  take(encoded, hexForms)
  return [...found].map(form => Buffer.from(form, 'latin1'))
}

/** A newline at the end is part of most files, and not of what is secret in them: a log keeps it. */
function trimmed(bytes: Buffer): Buffer {
  const isSpace = (at: number): boolean => [9, 10, 11, 12, 13, 32].includes(bytes[at] ?? -1)
  let [from, to] = [0, bytes.length]
  while (from < to && isSpace(from)) from += 1
  while (to > from && isSpace(to - 1)) to -= 1
  return bytes.subarray(from, to)
}

/** What touches becomes one mask: so pieces that follow upon each other hide as much as the whole. */
function piecesOf(form: string): readonly string[] {
  if (form.length <= MOST_PATTERN_BYTES) return [form]
  const count = Math.floor(form.length / MOST_PATTERN_BYTES)
  const pieces = Array.from({ length: count }, (_, at) =>
    form.slice(at * MOST_PATTERN_BYTES, (at + 1) * MOST_PATTERN_BYTES),
  )
  return [...pieces, form.slice(-MOST_PATTERN_BYTES)]
}
