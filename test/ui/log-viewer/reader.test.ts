/** The window over a log: where it is, what it holds, and that it holds no more. */
import { afterEach, expect, test } from 'vitest'
import { createLineIndexer } from '../../../src/lib/line-index.js'
import { createLogReader, type LogReader, type LogView, WINDOW_PAGES } from '../../../ui/src/log-viewer/log-reader.js'
import type { LogSource } from '../../../ui/src/log-viewer/log-source.js'
import { waitUntil } from '../../helpers/engine.js'

/** A log in memory that can be written to, broken and ended. */
function memoryLog(text: string, { isFinished = true } = {}) {
  let bytes = Buffer.from(text)
  let finished = isFinished
  let breaks = 0
  let read = 0
  let wake = (): void => undefined
  const changed = (): void => wake()
  const source: LogSource = {
    async index() {
      const indexer = createLineIndexer()
      indexer.add(bytes)
      return { index: indexer.index(), isFinished: finished }
    },
    async read({ offset, limit }) {
      read += limit
      return new Uint8Array(bytes.subarray(offset, offset + limit))
    },
    async times({ offset, bytes: length }) {
      const lines = bytes
        .subarray(offset, offset + length)
        .toString()
        .split('\n')
      if (lines.at(-1) === '') lines.pop()
      return lines.map(line => `time of ${line}`)
    },
    async *follow(from, signal) {
      for (let offset = from; !signal.aborted; ) {
        if (breaks > 0) {
          breaks -= 1
          throw new Error('the connection broke')
        }
        if (offset < bytes.length) {
          yield new Uint8Array(bytes.subarray(offset, offset + 10_000))
          offset = Math.min(bytes.length, offset + 10_000)
        } else if (finished) return
        else await new Promise<void>(resolve => (wake = resolve))
      }
    },
    search: async () => ({ lines: [], isComplete: true }),
  }
  return {
    source,
    bytesRead: () => read,
    write(more: string) {
      bytes = Buffer.concat([bytes, Buffer.from(more)])
      changed()
    },
    breakOnce() {
      breaks += 1
      changed()
    },
    finish() {
      finished = true
      changed()
    },
  }
}

const numbered = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, at) => `line ${from + at}\n`).join('')

const open: LogReader[] = []
afterEach(() => {
  for (const reader of open.splice(0)) reader.close()
})

function readerOf(source: LogSource, line?: number): LogReader {
  const reader = createLogReader(source)
  open.push(reader)
  reader.open(line)
  return reader
}

function seen(reader: LogReader, what: string, holds: (view: LogView) => boolean): Promise<LogView> {
  return waitUntil(what, () => holds(reader.view()) && reader.view())
}

/** Neighbours, each with its own text. */
function expectWhole({ lines }: LogView): void {
  const first = lines[0]?.number ?? 0
  expect(lines.map(({ text }) => text)).toEqual(lines.map((_, at) => `line ${first + at}`))
}

const LONG = 100_000

test('a long log opens at its end, without the rest of it being read', async () => {
  const log = memoryLog(numbered(1, LONG))
  const view = await seen(readerOf(log.source), 'the end', ({ lines }) => lines.length > 0)
  expectWhole(view)
  expect([view.lines.at(-1)?.number, view.lineCount, view.isFinished]).toEqual([LONG, LONG, true])
  expect(log.bytesRead()).toBeLessThan(view.size / 4)
})

test('it opens at a line, jumps to others, and grows both ways without ever holding much', async () => {
  const reader = readerOf(memoryLog(numbered(1, LONG)).source, 50_000)
  const middle = await seen(reader, 'line 50000', ({ lines }) => lines.some(({ number }) => number === 50_000))
  expectWhole(middle)
  let first = middle.lines[0]!.number
  for (let grown = 0; grown < WINDOW_PAGES; grown += 1) {
    reader.grow('before')
    const view = await seen(reader, 'more lines before', ({ lines }) => lines[0]!.number < first)
    expectWhole(view)
    expect(view.lines.length).toBeLessThanOrEqual(WINDOW_PAGES * 1_000)
    first = view.lines[0]!.number
    if (first === 1) break
  }
  await reader.showLine(99_000)
  expectWhole(reader.view())
  expect(reader.view().lines.some(({ number }) => number === 99_000)).toBe(true)
  reader.grow('behind')
  await seen(reader, 'the last line', ({ lines }) => lines.at(-1)?.number === LONG)
  await reader.showLine(1)
  expect(reader.view().lines[0]?.number).toBe(1)
  await reader.showEnd()
  expect(reader.view().lines.at(-1)?.number).toBe(LONG)
})

test('what is written appears, through a broken connection too, until the log ends', async () => {
  const log = memoryLog('line 1\nline', { isFinished: false })
  const reader = readerOf(log.source)
  await seen(reader, 'the beginning', ({ lines }) => lines.length === 2)
  expect(reader.view().lines[1]?.text).toBe('line')
  log.write(' 2\nline 3\n')
  await seen(reader, 'line 3', ({ lines }) => lines.length === 3)
  log.breakOnce()
  log.write('line 4\n')
  await seen(reader, 'line 4', ({ lines }) => lines.length === 4)
  log.finish()
  const view = await seen(reader, 'the end of the log', ({ isFinished }) => isFinished)
  expectWhole(view)
})

test('at the end old lines make room for new ones; for a reader who is elsewhere they stay', async () => {
  const log = memoryLog(numbered(1, 10), { isFinished: false })
  const reader = readerOf(log.source)
  await seen(reader, 'ten lines', ({ lines }) => lines.length === 10)
  log.write(numbered(11, LONG))
  const end = await seen(reader, 'the last line', ({ lines }) => lines.at(-1)?.number === LONG)
  expectWhole(end)
  expect(end.lines.length).toBeLessThanOrEqual(WINDOW_PAGES * 1_000)
  expect(end.lineCount).toBe(LONG)
  reader.keepAtEnd(false)
  log.write(numbered(LONG + 1, 2 * LONG))
  const there = await seen(reader, 'all lines counted', ({ lineCount }) => lineCount === 2 * LONG)
  expectWhole(there)
  expect(there.lines[0]?.number).toBe(end.lines[0]?.number)
  await reader.showEnd()
  expect(reader.view().lines.at(-1)?.number).toBe(2 * LONG)
})

test('a line without an end costs no more than what is shown of it', async () => {
  const log = memoryLog(`start\n${'x'.repeat(5_000_000)}`, { isFinished: false })
  const reader = readerOf(log.source)
  await seen(reader, 'both lines', ({ lines }) => lines.length === 2)
  log.write(`${'y'.repeat(1_000_000)}\nend\n`)
  const { lines } = await seen(reader, 'the line behind it', view => view.lineCount === 3 && view.lines.length === 3)
  expect(lines.map(({ bytes, isCut }) => [bytes, isCut])).toEqual([
    [5, false],
    [6_000_000, true],
    [3, false],
  ])
  expect(log.bytesRead()).toBeLessThan(500_000)
})

test('times come for what is shown, and for what comes later', async () => {
  const log = memoryLog(numbered(1, 3), { isFinished: false })
  const reader = readerOf(log.source)
  reader.showTimes(true)
  await seen(reader, 'three times', ({ times }) => times.size === 3)
  expect(reader.view().times.get(2)).toBe('time of line 2')
  log.write(numbered(4, 4))
  await seen(reader, 'the fourth', ({ times }) => times.get(4) === 'time of line 4')
  reader.showTimes(false)
  expect(reader.view().times.size).toBe(0)
})

test('a log that is not there yet is waited for, and a server that says no is quoted', async () => {
  let answers = 0
  const { source } = memoryLog('line 1\n')
  const late: LogSource = {
    ...source,
    index: signal => (answers++ === 0 ? Promise.resolve(undefined) : source.index(signal)),
  }
  expectWhole(await seen(readerOf(late), 'the log', ({ state }) => state === 'ready'))
  const refusing: LogSource = { ...source, index: () => Promise.reject(new Error('runs "x" not found')) }
  const { problem } = await seen(readerOf(refusing), 'the problem', ({ state }) => state === 'failed')
  expect(problem).toBe('runs "x" not found')
})
