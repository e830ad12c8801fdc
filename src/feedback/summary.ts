/** The page that a check run shows: Markdown, in which nothing that a run says is more than text. Pure. */
import type { BuildState } from '../git-host/build-report.js'
import { formatDuration } from '../lib/duration.js'
import { oneLine } from '../lib/one-line.js'
import type { Run } from './asked.js'
import type { Findings, TaskFinding } from './report.js'

/**
 * GitHub takes 65535 bytes of a page. Rows have 20 kB of them; a log, of three bytes a character or all fence, 12 kB; what
 * remains is for the words around them.
 */
const MAX_ROWS_BYTES = 20_000
const MAX_LOG_CHARS = 4_000
const MAX_LOGS = 3
const MAX_NAME_CHARS = 63
const MAX_DETAIL_CHARS = 300

export function summaryOf(
  { kind, metadata }: Run,
  { description, tasks, logs }: Findings & { readonly state: BuildState; readonly description: string },
): string {
  const rows = withinBytes(tasks.map(rowOf), MAX_ROWS_BYTES)
  const more = tasks.length > rows.length ? [`| and ${tasks.length - rows.length} more | | | |`] : []
  const table = rows.length > 0 ? ['', '| task | | took | |', '|---|---|---|---|', ...rows, ...more] : []
  const ends = logs.slice(0, MAX_LOGS).flatMap(({ task, step, text }) => {
    const of = task === '' ? '' : ` of task ${literal(task, MAX_NAME_CHARS)}`
    return [
      '',
      `The end of the log of step ${literal(step, MAX_NAME_CHARS)}${of}:`,
      '',
      fenced(text.slice(-MAX_LOG_CHARS)),
    ]
  })
  const name = literal(`${metadata.namespace}/${metadata.name}`, 2 * MAX_NAME_CHARS)
  return [`${kind} ${name}: ${literal(description, MAX_DETAIL_CHARS)}`, ...table, ...ends, ''].join('\n')
}

function rowOf({ name, state, durationMs, detail }: TaskFinding): string {
  const took = durationMs === undefined ? '' : formatDuration(durationMs)
  return `| ${literal(name, MAX_NAME_CHARS)} | ${WORDS[state]} | ${took} | ${literal(detail, MAX_DETAIL_CHARS)} |`
}

function withinBytes(rows: readonly string[], most: number): readonly string[] {
  let bytes = 0
  return rows.filter(row => {
    bytes += Buffer.byteLength(row) + 1
    return bytes <= most
  })
}

const WORDS: Readonly<Record<BuildState | 'skipped', string>> = {
  queued: 'waiting',
  running: 'running',
  success: 'succeeded',
  failure: '**failed**',
  error: '**could not run**',
  cancelled: 'cancelled',
  timedOut: '**timed out**',
  skipped: 'skipped',
}

/**
 * No markup, no link, no mention: everything that could begin one is written as its number, and what GitHub looks for in
 * the finished page is parted from what follows by a space without width.
 */
export function literal(text: string, maxChars: number): string {
  return oneLine(text, maxChars).replace(/[^\p{L}\p{M}\p{N} ,-]/gu, char => {
    const number = `&#${char.codePointAt(0)};`
    return char === '@' || char === '#' ? `${number}&#8203;` : number
  })
}

/** A block of code that its text cannot end. */
export function fenced(text: string): string {
  // Colours and cursor moves are for terminals.
  const plain = text.replace(/\p{Cc}\[[0-9;?]*[A-Za-z]/gu, '').replace(/[^\P{C}\n\t]/gu, '')
  const runs = plain.match(/`+/g) ?? []
  const fence = '`'.repeat(Math.max(3, ...runs.map(run => run.length + 1)))
  return `${fence}text\n${plain.replace(/\n+$/, '')}\n${fence}`
}
