/** Where lines stand, page by page, and which of them are shown. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  createLineIndexer,
  EMPTY_INDEX,
  PAGE_BYTES,
  PAGE_LINES,
  pageOfLine,
  pageSpan,
} from '../../../src/lib/line-index.js'
import { LINE_BYTES, linesOfPage } from '../../../ui/src/log-viewer/lines-of-page.js'
import { rowsOf } from '../../../ui/src/log-viewer/rows.js'
import { cases } from '../../helpers/cases.js'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

function indexOf(pieces: readonly Uint8Array[]) {
  const indexer = createLineIndexer()
  for (const piece of pieces) indexer.add(piece)
  return indexer.index()
}

/** Every line of a log, read page by page. */
function readBack(log: Uint8Array): readonly string[] {
  const index = indexOf([log])
  return index.offsets.flatMap((_, page) => {
    const { offset, bytes, firstLine } = pageSpan(index, page)
    const read = log.subarray(offset, offset + bytes)
    return linesOfPage(read, { offset, firstLine, pageBytes: bytes }).map(line => line.text)
  })
}

test('cut anywhere, and gone on with anywhere, the index is the same, and its pages hold every line', () => {
  const line = fc.oneof(
    { weight: 20, arbitrary: fc.string({ unit: fc.constantFrom('a', 'ü', '日', ' '), maxLength: 12 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 3 * PAGE_BYTES }).map(length => 'x'.repeat(length)) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 2 * PAGE_LINES }).map(count => 'y\n'.repeat(count)) },
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40 }), fc.boolean(), fc.nat(), (lines, ended, cut) => {
      const text = lines.join('\n') + (ended ? '\n' : '')
      const log = bytesOf(text)
      const whole = indexOf([log])
      const at = log.length === 0 ? 0 : cut % log.length
      expect(indexOf([log.subarray(0, at), log.subarray(at)])).toEqual(whole)
      const resumed = createLineIndexer(indexOf([log.subarray(0, at)]))
      resumed.add(log.subarray(at))
      expect(resumed.index()).toEqual(whole)
      const expected = text.split('\n')
      if (expected.at(-1) === '') expected.pop()
      expect(whole.lineCount).toBe(expected.length)
      expect(readBack(log).map(shown => shown.slice(0, LINE_BYTES / 3))).toEqual(
        expected.map(each => each.slice(0, LINE_BYTES / 3)),
      )
      whole.lines.forEach((before, page) => {
        expect(pageOfLine(whole, before + 1)).toBe(page)
        expect(pageSpan(whole, page).lines).toBeLessThanOrEqual(PAGE_LINES)
      })
    }),
    { numRuns: 60 },
  )
})

test('an empty log has no page and no line', () => {
  expect(indexOf([])).toEqual(EMPTY_INDEX)
  expect(pageSpan(EMPTY_INDEX, 0)).toEqual({ offset: 0, bytes: 0, firstLine: 1, lines: 0 })
})

test('a line is cut where it is too long, and says how long it is, also when its end was not read', () => {
  const log = bytesOf(`short\n${'x'.repeat(1_000_000)}\n`)
  const [first, second] = linesOfPage(log.subarray(0, 70_000), { offset: 0, firstLine: 7, pageBytes: log.length - 1 })
  expect(first).toEqual({ number: 7, offset: 0, bytes: 5, text: 'short', isCut: false })
  expect([second?.number, second?.offset, second?.text.length, second?.isCut]).toEqual([8, 6, LINE_BYTES, true])
  expect(second?.bytes).toBe(1_000_000)
})

/** Rows as `number:depth`, folds with their title and how many lines they hold: `-` open, `+` closed, `~` endless. */
function shownRows(log: string, toggled: readonly number[] = []): readonly string[] {
  const lines = linesOfPage(bytesOf(log), { offset: 0, firstLine: 1, pageBytes: log.length })
  return rowsOf(lines, new Set(toggled)).map(({ line, depth, fold }) => {
    const sign =
      fold === undefined ? '' : `${fold.isClosed ? '+' : '-'}${fold.hasEnd ? '' : '~'}${fold.title}(${fold.lines})`
    return `${line.number}:${depth}${sign}`
  })
}

test.each(
  cases({
    'no fold': { log: 'a\nb\n', rows: ['1:0', '2:0'] },
    'an open group': { log: '::group::G\na\n::endgroup::\nb\n', rows: ['1:0-G(1)', '2:1', '4:0'] },
    'a closed group': { log: '::group::G\na\n::endgroup::\nb\n', toggled: [1], rows: ['1:0+G(1)', '4:0'] },
    'a group that the next one ends': {
      log: '::group::G\na\n::group::H\nb\n::endgroup::',
      rows: ['1:0-G(1)', '2:1', '3:0-H(1)', '4:1'],
    },
    'a closed group that the next one ends': {
      log: '::group::G\na\n::group::H\nb\n',
      toggled: [1],
      rows: ['1:0+G(1)', '3:0-~H(1)', '4:1'],
    },
    'an endless group': { log: '::group::G\na\nb', toggled: [1], rows: ['1:0+~G(2)'] },
    'an end without a beginning': { log: 'a\n::endgroup::\nb', rows: ['1:0', '3:0'] },
    'sections within sections': {
      log: 'section_start:1:a\rA\nx\nsection_start:1:b\rB\ny\nsection_end:1:b\r\nsection_end:1:a\r\nz',
      rows: ['1:0-A(4)', '2:1', '3:1-B(1)', '4:2', '7:0'],
    },
    'a section that its parent ends': {
      log: 'section_start:1:a\rA\nsection_start:1:b\rB\ny\nsection_end:1:a\r\nz',
      rows: ['1:0-A(2)', '2:1-B(1)', '3:2', '5:0'],
    },
    'a section closed from the start': {
      log: 'section_start:1:a[collapsed=true]\rA\nx\nsection_end:1:a\r\nz',
      rows: ['1:0+A(1)', '4:0'],
    },
    'and opened by hand': {
      log: 'section_start:1:a[collapsed=true]\rA\nx\nsection_end:1:a\r\nz',
      toggled: [1],
      rows: ['1:0-A(1)', '2:1', '4:0'],
    },
    'text behind an end': {
      log: 'section_start:1:a\rA\nx\nsection_end:1:a\rdone\nz',
      rows: ['1:0-A(1)', '2:1', '3:0', '4:0'],
    },
  } as Record<string, { log: string; toggled?: number[]; rows: string[] }>),
)('rows of %s', (_, { log, toggled, rows }) => expect(shownRows(log, toggled)).toEqual(rows))
