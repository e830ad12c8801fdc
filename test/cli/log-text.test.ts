import { expect, test } from 'vitest'
import { logText } from '../../src/cli/print/log-text.js'
import { clip, widthOf } from '../../src/cli/print/width.js'

const ESC = '\u001b'

/** What a step writes, what is shown without colours, and with. */
const CASES: readonly (readonly [string, string, string, string])[] = [
  ['plain text', 'hello', 'hello', 'hello'],
  ['a colour', `${ESC}[31mred${ESC}[0m`, 'red', `${ESC}[31mred${ESC}[0m${ESC}[0m`],
  ['a colour that is not ended', `${ESC}[1;38;5;9mred`, 'red', `${ESC}[1;38;5;9mred${ESC}[0m`],
  ['the screen cleared', `a${ESC}[2J${ESC}[Hb`, 'ab', 'ab'],
  ['a title', `a${ESC}]0;owned\u0007b`, 'ab', 'ab'],
  ['a link', `${ESC}]8;;http://x${ESC}\\text${ESC}]8;;${ESC}\\`, 'text', 'text'],
  ['a title without an end', `a${ESC}]0;owned`, 'a', 'a'],
  ['a device control', `a${ESC}Pq#0${ESC}\\b`, 'ab', 'ab'],
  ['a reset', `a${ESC}cb`, 'ab', 'ab'],
  ['an escape at the end', `a${ESC}`, 'a', 'a'],
  ['a sequence cut off', `a${ESC}[`, 'a', 'a'],
  ['private modes are no colour', `${ESC}[?25lx${ESC}[?1049h`, 'x', 'x'],
  ['a bar that writes over itself', '10%\r50%\r100%', '100%', '100%'],
  ['a line of Windows', 'text\r', 'text', 'text'],
  ['nothing but returns', '\r\r', '', ''],
  ['tabs', 'a\tb', 'a       b', 'a       b'],
  ['backspaces and bells', 'pass\b\b\u0007word', 'password', 'password'],
  ['control characters of 8 bits', 'a\u009b31mb\u0085', 'a31mb', 'a31mb'],
  ['text turned around', 'a\u202egpj.exe', 'agpj.exe', 'agpj.exe'],
  ['other languages', '日本語 ✓ é', '日本語 ✓ é', '日本語 ✓ é'],
]

test.for(CASES)('%s', ([, written, plain, coloured]) => {
  expect(logText(written, false)).toBe(plain)
  expect(logText(written, true)).toBe(coloured)
})

test('whatever is written, nothing that steers a terminal is left', () => {
  const parts = [ESC, '[', ']', 'm', '1', ';', '\u0007', '\\', '\r', '\t', '\u009b', 'x', '?']
  let seed = 7
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return seed % below
  }
  for (let round = 0; round < 5_000; round++) {
    const written = Array.from({ length: 12 }, () => parts[random(parts.length)]).join('')
    expect(logText(written, false)).not.toMatch(/\p{Cc}/u)
    expect(logText(written, true).replaceAll(new RegExp(`${ESC}\\[[\\d;:]*m`, 'g'), '')).not.toMatch(/\p{Cc}/u)
  }
})

test.for([
  ['abc', 3],
  ['日本', 4],
  [`${ESC}[31mred${ESC}[0m`, 3],
  ['e\u0301', 1],
  ['🚀!', 3],
] as const)('%s takes %d columns', ([text, width]) => expect(widthOf(text)).toBe(width))

test.for([
  ['日本語', 5, '日本'],
  [`${ESC}[31mabcdef${ESC}[0m`, 3, `${ESC}[31mabc${ESC}[0m`],
  ['abc', 3, 'abc'],
  ['abc', 0, ''],
] as const)('%s cut to %d', ([text, columns, cut]) => expect(clip(text, columns)).toBe(cut))
