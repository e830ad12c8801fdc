/** The output of all steps of a run, one after the other: while it runs, with retries and `finally`, until it is over. */
import type { FoundRun } from '../run-objects.js'
import { outputFrom, startOfLast } from './log-output.js'
import { type StepLogPorts, stepLogSource } from './step-log-reader.js'
import { isOver, type StepLog, stepLogs } from './step-logs.js'

export interface RunOutputOptions {
  readonly wants: (log: StepLog) => boolean
  readonly follow: boolean
  readonly timestamps: boolean
  /** `[task : step] ` before each line. */
  readonly prefix: boolean
  /** Only so many of the last lines of each step. */
  readonly tail: number | undefined
}

export interface RunOutputDeps {
  readonly ports: StepLogPorts
  readonly find: () => Promise<FoundRun | undefined>
  readonly changed: () => Promise<void>
  readonly signal: AbortSignal
}

export async function* runOutput(deps: RunOutputDeps, options: RunOutputOptions): AsyncGenerator<Uint8Array> {
  const { find, changed, signal } = deps
  const shown = new Set<string>()
  while (!signal.aborted) {
    const found = await find()
    if (found === undefined) return
    const next = stepLogs(found).find(log => options.wants(log) && !shown.has(idOf(log)))
    if (next !== undefined) {
      shown.add(idOf(next))
      yield* stepOutput(deps, next, options)
    } else {
      if (!options.follow || isOver(found)) return
      await changed()
    }
  }
}

/** Ends with a newline, so that the next one begins on a line of its own. */
async function* stepOutput(
  { ports, find, changed, signal }: RunOutputDeps,
  log: StepLog,
  { follow, timestamps, prefix, tail }: RunOutputOptions,
): AsyncGenerator<Uint8Array> {
  const latest = async (): Promise<StepLog | undefined> => {
    const found = await find()
    return found && stepLogs(found).find(each => idOf(each) === idOf(log))
  }
  const source = stepLogSource(ports, log, { latest, changed }, signal)
  const start = tail === undefined ? 0 : await startOfLast(source, tail)
  const output = await outputFrom(source, start, { follow, timestamps, limitBytes: undefined })
  let isMidLine = false
  for await (const piece of prefix ? prefixed(output, Buffer.from(prefixOf(log))) : output) {
    if (piece.length > 0) isMidLine = piece.at(-1) !== NEWLINE
    yield piece
  }
  if (isMidLine && !signal.aborted) yield Buffer.from('\n')
}

const NEWLINE = 10

/** As tkn has it; which of several attempts is said, too. */
function prefixOf({ task, step, retry }: StepLog): string {
  return `[${task}${retry === 0 ? '' : ` (retry ${retry})`} : ${step}] `
}

async function* prefixed(output: AsyncIterable<Uint8Array>, prefix: Uint8Array): AsyncGenerator<Uint8Array> {
  let atLineStart = true
  for await (const piece of output) {
    const parts: Uint8Array[] = []
    for (let from = 0; from < piece.length; ) {
      if (atLineStart) parts.push(prefix)
      const newline = piece.indexOf(NEWLINE, from)
      atLineStart = newline >= 0
      const to = atLineStart ? newline + 1 : piece.length
      parts.push(piece.subarray(from, to))
      from = to
    }
    yield Buffer.concat(parts)
  }
}

export function idOf({ taskRunUid, retry, container }: StepLog): string {
  return `${taskRunUid}/${retry}/${container}`
}
