import { expect, test } from 'vitest'
import { harmless, screenLines } from '../../src/cli/logs/shown-line.js'

const ESC = '\u001b'

test.each([
  ['plain text', 'a b\tc', 'a b\tc', 'a b\tc'],
  ['colours', `${ESC}[1;31mred${ESC}[0m`, `${ESC}[1;31mred${ESC}[0m`, 'red'],
  ['a colour that is not ended', `${ESC}[31mred`, `${ESC}[31mred${ESC}[0m`, 'red'],
  ['clearing the screen', `a${ESC}[2J${ESC}[Hb`, 'ab', 'ab'],
  ['a title', `${ESC}]0;title\u0007text`, 'text', 'text'],
  ['a link', `${ESC}]8;;http://x${ESC}\\text${ESC}]8;;${ESC}\\`, 'text', 'text'],
  ['a title without an end', `${ESC}]0;all the rest`, '', ''],
  ['a device control string', `${ESC}P+q544e${ESC}\\text`, 'text', 'text'],
  ['the one-letter form', '\u009b2Jtext', 'text', 'text'],
  ['a bell and a backspace', 'a\u0007b\u0008c', 'a\\x07b\\x08c', 'a\\x07b\\x08c'],
  ['text turned around', 'a\u202ecba\u2066\u200f', 'a\\u202ecba\\u2066\\u200f', 'a\\u202ecba\\u2066\\u200f'],
  ['an escape at the end', `text${ESC}`, 'text', 'text'],
  ['a mark of our own', 'a\uffffb', 'a\ufffdb', 'a\ufffdb'],
])('%s', (_, line, withColours, without) => {
  expect([harmless(line, true), harmless(line, false)]).toEqual([withColours, without])
})

test('a mark of our own beside colours takes none of them', () => {
  expect(harmless(`\uffff${ESC}[31mred`, true)).toBe(`\ufffd${ESC}[31mred${ESC}[0m`)
})

test('what a progress bar wrote over itself is told as lines', () => {
  expect(screenLines('10%\r50%\r100%\r')).toEqual(['10%', '50%', '100%'])
  expect([screenLines('\r'), screenLines('')]).toEqual([[''], ['']])
})
