import { expect, test } from 'vitest'
import { createLineReader } from '../../src/shipping/stamped-lines.js'

const STAMP = '2026-03-29T01:02:03.000000456Z'
const AT = 1_774_746_123_000_000_456n
const TEXT = [
  `${STAMP} one\n`,
  `${STAMP} \n`,
  '2026-03-29T03:02:03.5+02:00 two words\n',
  'unable to retrieve container logs for containerd://0123\n',
  `${STAMP}\n`,
  `${STAMP} ${'x'.repeat(100)}\n`,
  '\n',
  `${STAMP} no newline`,
].join('')

interface Line {
  readonly at?: bigint
  text: string
  readonly isStray?: true
}

/** However it is cut. */
function linesOf(text: string, size: number): readonly Line[] {
  const reader = createLineReader()
  const lines: Line[] = []
  let isOpen = false
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) {
    for (const part of reader.read(bytes.subarray(at, at + size))) {
      const piece = Buffer.from(part.bytes).toString()
      if (isOpen) lines.at(-1)!.text += piece
      else
        lines.push({
          text: piece,
          ...(part.at !== undefined && { at: part.at }),
          ...(part.isStray && { isStray: true }),
        })
      isOpen = !part.ends
    }
  }
  expect(reader.isInside()).toBe(!text.endsWith('\n'))
  return lines
}

test.each([1, 2, 3, 7, 29, 30, 31, 32, 64, 10_000])('lines in pieces of %d bytes', size => {
  expect(linesOf(TEXT, size)).toEqual([
    { at: AT, text: 'one\n' },
    { at: AT, text: '\n' },
    { at: AT - 456n + 500_000_000n, text: 'two words\n' },
    { isStray: true, text: 'unable to retrieve container logs for containerd://0123\n' },
    { isStray: true, text: `${STAMP}\n` },
    { at: AT, text: `${'x'.repeat(100)}\n` },
    { isStray: true, text: '\n' },
    { at: AT, text: 'no newline' },
  ])
  expect(linesOf(`${STAMP} whole\n`, size)).toHaveLength(1)
})
