import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMasker, MASK, MOST_PATTERN_BYTES } from '../../src/logs/mask.js'
import { maskPatterns } from '../../src/logs/mask-patterns.js'
import { MASK_CASES } from './mask.cases.js'

function masked(patterns: readonly Uint8Array[], writes: readonly Uint8Array[]): string {
  const masker = createMasker(patterns)
  return Buffer.concat([...writes.map(bytes => masker.write(bytes)), masker.end()]).toString('latin1')
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')

describe('what is shown of', () => {
  test.each(MASK_CASES)('$name', ({ secrets, output, shown }) => {
    const patterns = maskPatterns(secrets.map(secret => Buffer.from(secret)))
    const writes = output.map(text => Buffer.from(text))
    expect(masked(patterns, writes)).toBe(Buffer.from(shown).toString('latin1'))
  })

  test.each(MASK_CASES)('$name, a byte at a time', ({ secrets, output, shown }) => {
    const patterns = maskPatterns(secrets.map(secret => Buffer.from(secret)))
    const writes = Array.from(Buffer.concat(output.map(text => Buffer.from(text))), byte => Buffer.from([byte]))
    expect(masked(patterns, writes)).toBe(Buffer.from(shown).toString('latin1'))
  })
})

/** Of few letters, so that patterns lie in and over each other. */
const word = (least: number, most: number) =>
  fc.string({ unit: fc.constantFrom('a', 'b', '\n'), minLength: least, maxLength: most })

test('every byte of every pattern is hidden, and nothing else, however the output was cut', () => {
  const patterns = fc.array(word(2, 6), { maxLength: 5 })
  const writes = fc.array(word(0, 9), { maxLength: 8 })
  fc.assert(
    fc.property(patterns, writes, (looked, written) => {
      const text = written.join('')
      const hidden = new Set<number>()
      for (const pattern of looked) {
        for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + 1)) {
          for (let index = 0; index < pattern.length; index++) hidden.add(at + index)
        }
      }
      const expected = [...text]
        .map((letter, at) => (!hidden.has(at) ? letter : hidden.has(at - 1) ? '' : MASK))
        .join('')
      expect(masked(looked.map(bytes), written.map(bytes))).toBe(expected)
    }),
    { numRuns: 500 },
  )
})

describe('what is held back', () => {
  const masker = () => createMasker(maskPatterns([Buffer.from('first line\nab\nlast line')]))
  const shown = (part: Uint8Array): string => Buffer.from(part).toString('latin1')

  test('is no more than the beginning of a pattern', () => {
    const one = masker()
    expect(shown(one.write(bytes('Password? f')))).toBe('Password? ')
    expect(shown(one.write(bytes('or?')))).toBe('for?')
  })

  test('comes in a pause if it is a whole line, as if it had been the last', () => {
    const one = masker()
    expect(shown(one.write(bytes('x first line\n')))).toBe('x ')
    expect(shown(one.pause())).toBe('***\n')
    expect(shown(one.pause())).toBe('')
    expect(shown(one.write(bytes('ab\nlas')))).toBe('')
    expect(shown(one.pause())).toBe('ab\n')
    expect(shown(one.write(bytes('t line!')))).toBe('***!')
  })

  test('does not come in a pause if it is not', () => {
    const one = masker()
    expect(shown(one.write(bytes('first lin')))).toBe('')
    expect(shown(one.pause())).toBe('')
    expect(shown(one.write(bytes('e, or')))).toBe('***, or')
    expect(shown(one.end())).toBe('')
  })
})

test('patterns have a bounded length, all together too', () => {
  const values = Array.from({ length: 40 }, (_, index) => Buffer.alloc(40_000, `${index} of many, `))
  const patterns = maskPatterns(values)
  expect(Math.max(...patterns.map(({ length }) => length))).toBeLessThanOrEqual(MOST_PATTERN_BYTES)
  expect(patterns.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(512 * 1024)
})

test('a value of any form is no trouble', () => {
  const values = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 3 })
  fc.assert(
    fc.property(values, found => maskPatterns(found).every(({ length }) => length >= 6)),
    { numRuns: 40 },
  )
  expect(() => maskPatterns([Buffer.from('['.repeat(500_000)), Buffer.from('key'.repeat(300_000))])).not.toThrow()
})
