/** What is made of a line of output, however hostile it is. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Look, parseAnsi, plainText } from '../../../ui/src/log-viewer/ansi.js'
import { foldMark } from '../../../ui/src/log-viewer/fold-marks.js'
import { shownText } from '../../../ui/src/log-viewer/shown-text.js'
import { cases } from '../../helpers/cases.js'

const E = '\x1b'

test.each(
  cases<{ readonly line: string; readonly pieces: readonly (readonly [text: string, look: Look])[] }>({
    'no escape': { line: 'a <b>', pieces: [['a <b>', {}]] },
    'nothing at all': { line: '', pieces: [] },
    'one of the eight': {
      line: `${E}[31mred${E}[0m off`,
      pieces: [
        ['red', { colour: 'red' }],
        [' off', {}],
      ],
    },
    'an empty reset': {
      line: `${E}[32mok${E}[m.`,
      pieces: [
        ['ok', { colour: 'green' }],
        ['.', {}],
      ],
    },
    'a bright one is its colour': { line: `${E}[94mx`, pieces: [['x', { colour: 'blue' }]] },
    'a background': {
      line: `${E}[41mx${E}[49my`,
      pieces: [
        ['x', { background: 'red' }],
        ['y', {}],
      ],
    },
    'several at once': { line: `${E}[1;4;33mx`, pieces: [['x', { bold: true, underline: true, colour: 'yellow' }]] },
    'bold off': {
      line: `${E}[1mx${E}[22my`,
      pieces: [
        ['x', { bold: true }],
        ['y', { bold: false, faint: false }],
      ],
    },
    'the 256, by name': { line: `${E}[38;5;2mx`, pieces: [['x', { colour: 'green' }]] },
    'the 256, in the cube': { line: `${E}[38;5;196mx`, pieces: [['x', { colour: 'red' }]] },
    'the 256, a grey': { line: `${E}[38;5;240mx`, pieces: [['x', {}]] },
    'all colours': { line: `${E}[38;2;20;30;200mx`, pieces: [['x', { colour: 'blue' }]] },
    'all colours, with colons': { line: `${E}[38:2:200:180:10mx`, pieces: [['x', { colour: 'yellow' }]] },
    'what follows a colour': { line: `${E}[38;5;1;1mx`, pieces: [['x', { colour: 'red', bold: true }]] },
    'moves and erasures': { line: `${E}[2Ja${E}[10;5Hb${E}[?25lc${E}[K`, pieces: [['abc', {}]] },
    'a title': { line: `${E}]0;owned\x07text`, pieces: [['text', {}]] },
    'a link': { line: `${E}]8;;http://evil${E}\\click${E}]8;;${E}\\`, pieces: [['click', {}]] },
    'a device string': { line: `${E}Pq#0;2;0;0;0${E}\\x`, pieces: [['x', {}]] },
    'in eight bits': { line: '\x9b31mx\x9d0;t\x9cy', pieces: [['xy', { colour: 'red' }]] },
    'one that is cut off': { line: `a${E}[3`, pieces: [['a', {}]] },
    'one that never ends': { line: `a${E}]0;never`, pieces: [['a', {}]] },
    'short ones': { line: `${E}(Ba${E}7b${E}cc`, pieces: [['abc', {}]] },
    'bells, backspaces, a tab': { line: 'a\x07b\x08c\td\x00', pieces: [['abc\td', {}]] },
    'text turned around': { line: 'a\u202eb\u2066c', pieces: [['abc', {}]] },
    'unknown codes': { line: `${E}[5;99;777mx`, pieces: [['x', {}]] },
  }),
)('%s', (_, { line, pieces }) => {
  expect(parseAnsi(line).map(({ text, look }) => [text, look])).toEqual(pieces)
  expect(plainText(line)).toBe(pieces.map(([text]) => text).join(''))
})

test('whatever comes, no control character is left, and both ways to read it agree', () => {
  const nasty = fc.string({
    unit: fc.constantFrom(E, '[', ']', '3', ';', 'm', 'P', '\\', '\x07', '\x9b', '\x9d', 'a', '\r', '<'),
  })
  fc.assert(
    fc.property(nasty, line => {
      const text = parseAnsi(line)
        .map(piece => piece.text)
        .join('')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      expect(text).not.toMatch(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/)
      expect(plainText(line)).toBe(text)
    }),
  )
})

test('a megabyte of unfinished escapes is gone through once: taking each for the last time would take minutes', () => {
  for (const unit of [`${E}]`, `${E}[`, `${E}P`, `${E}[31m`, '\x9d']) {
    expect(plainText(unit.repeat(1_000_000 / unit.length))).toBe('')
  }
})

test.each(
  cases({
    'no carriage return': { line: 'plain', shown: 'plain' },
    'a progress bar': { line: ' 1%\r 50%\r100%', shown: '100%' },
    'one that went back once more': { line: ' 1%\r100%\r', shown: '100%' },
    'a line of Windows': { line: 'text\r', shown: 'text' },
    'nothing but returns': { line: '\r\r', shown: '' },
  }),
)('what is left of %s', (_, { line, shown }) => expect(shownText(line)).toBe(shown))

test.each(
  cases({
    'a group': { line: '::group::Install', mark: { is: 'start', name: '', title: 'Install', collapsed: false } },
    'a title with colours': {
      line: `::group::${E}[1mInstall${E}[0m`,
      mark: { is: 'start', name: '', title: 'Install', collapsed: false },
    },
    'its end': { line: '::endgroup::', mark: { is: 'end', name: '', text: '' } },
    'a group within a line': { line: 'x ::group::y', mark: undefined },
    'a section': {
      line: `${E}[0Ksection_start:1560896352:my_first\r${E}[0KHeader`,
      mark: { is: 'start', name: 'my_first', title: 'Header', collapsed: false },
    },
    'a section that is closed': {
      line: 'section_start:1:a[collapsed=true]\rHeader',
      mark: { is: 'start', name: 'a', title: 'Header', collapsed: true },
    },
    'a section without a header': {
      line: 'section_start:1:a',
      mark: { is: 'start', name: 'a', title: 'a', collapsed: false },
    },
    "a section's end": { line: `${E}[0Ksection_end:2:a\r${E}[0K`, mark: { is: 'end', name: 'a', text: '' } },
    'an end with text behind it': { line: 'section_end:2:a\rdone', mark: { is: 'end', name: 'a', text: 'done' } },
  } as const),
)('the mark of %s', (_, { line, mark }) => expect(foldMark(line)).toEqual(mark))
