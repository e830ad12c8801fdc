/**
 * The output of a run on standard output: what is there, or on and on until the run has ended.
 *
 * Level, not edge: the run is looked at again and again, and whatever output has begun is read. A source is finished when a
 * reading that began after its container had ended came to its end; one that is cut off is gone on with where it was.
 */
import { describeError } from '../../lib/fault.js'
import type { PipelineRun, TaskRun } from '../../resources/tekton.js'
import { pause } from '../../timers.js'
import { type Client, ClientError } from '../client/client.js'
import type { CliContext } from '../context.js'
import type { Terminal } from '../print/live.js'
import { onOneLine, styleFor } from '../print/style.js'
import { type LookOptions, lookAt } from './look.js'
import { isGone, isNotBegun, type Line, type Place, placeAfter, readLines } from './read-lines.js'
import { harmless, prefixOf, screenLines } from './shown-line.js'
import { keyOf, type LogSource } from './sources.js'

export interface LogOptions extends LookOptions {
  readonly follow: boolean
  readonly prefix: boolean
  readonly timestamps: boolean
  readonly tailLines?: number
  readonly sinceSeconds?: number
}

export interface LogOutcome {
  /** As it was last seen; undefined when it is gone. */
  readonly run: PipelineRun | TaskRun | undefined
  readonly read: number
  /** Logs that nobody has any more. */
  readonly gone: number
  /** By Ctrl-C. */
  readonly isInterrupted: boolean
}

const FIRST_LOOK_MS = 100
const LONGEST_LOOK_MS = 1_000
/** An API server that is started anew is waited for by whoever follows. */
const PATIENCE_MS = 30_000

interface Reading {
  place: Place | undefined
  isFinished: boolean
  work: Promise<void> | undefined
}

export async function showLogs(
  context: CliContext,
  client: Client,
  run: PipelineRun | TaskRun,
  options: LogOptions,
): Promise<LogOutcome> {
  const printer = createPrinter(context, options)
  const stop = new AbortController()
  let isInterrupted = false
  const release = context.onInterrupt(() => {
    isInterrupted = true
    stop.abort()
  })
  const readings = new Map<string, Reading>()
  let gone = 0
  let failure: unknown

  async function read(source: LogSource, reading: Reading): Promise<void> {
    const follow = options.follow && source.state === 'running'
    const { tailLines, sinceSeconds } = options
    const limits = {
      ...(tailLines !== undefined && { tailLines }),
      ...(sinceSeconds !== undefined && { sinceSeconds }),
    }
    const after = reading.place
    try {
      for await (const lines of readLines(
        client,
        source,
        { run: run.metadata.uid, follow, ...limits, ...(after && { after }) },
        stop.signal,
      )) {
        reading.place = placeAfter(reading.place, lines)
        await printer.lines(source, lines)
      }
      reading.isFinished = source.state === 'ended' || !options.follow
    } catch (error) {
      if (stop.signal.aborted || isNotBegun(error)) return
      if (isGone(error)) {
        reading.isFinished = true
        gone++
        context.stderr.write(`${printer.label(source)}its log is gone: ${onOneLine(describeError(error))}\n`)
      } else if (!options.follow || !isPassing(error)) {
        failure ??= error
      }
      // A connection that was cut: read on at the next look.
    }
  }

  async function patiently<T>(look: () => Promise<T>): Promise<T> {
    const until = performance.now() + (options.follow ? PATIENCE_MS : 0)
    for (;;) {
      try {
        return await look()
      } catch (error) {
        if (!isPassing(error) || stop.signal.aborted || performance.now() > until) throw error
        await pause(LONGEST_LOOK_MS, stop.signal)
      }
    }
  }

  try {
    for (let wait = FIRST_LOOK_MS; ; wait = Math.min(wait * 1.5, LONGEST_LOOK_MS)) {
      const standing = await patiently(() => lookAt(client, run, options))
      const open = standing.sources.filter(({ state }) => state !== 'waiting')
      for (const source of open) {
        const reading = readings.get(keyOf(source)) ?? { place: undefined, isFinished: false, work: undefined }
        readings.set(keyOf(source), reading)
        if (reading.isFinished || reading.work !== undefined) continue
        wait = FIRST_LOOK_MS
        const work = read(source, reading).finally(() => {
          reading.work = undefined
        })
        reading.work = work
        // What is over is read one after the other; what is under way may be several at once.
        if (!options.follow || source.state === 'ended') await work
      }
      if (failure !== undefined) throw failure
      const isRead = open.every(source => readings.get(keyOf(source))?.isFinished)
      if (stop.signal.aborted || !options.follow || (standing.isOver && isRead)) {
        return { run: standing.run, read: readings.size - gone, gone, isInterrupted }
      }
      await pause(wait, stop.signal)
    }
  } finally {
    stop.abort()
    release()
  }
}

/** Nobody answered, or somebody on the way could not. A stream that is cut is none of the client's errors. */
function isPassing(error: unknown): boolean {
  return !(error instanceof ClientError) || error.code === 0 || error.code >= 500
}

function createPrinter({ config, stdout }: CliContext, { prefix, timestamps }: LogOptions) {
  const style = styleFor(stdout, config)
  const colours = config.color && stdout.isTTY === true
  let last: string | undefined
  const label = ({ task, step }: LogSource) => (prefix ? prefixOf(task, step, style) : '')
  return {
    label,
    async lines(source: LogSource, lines: readonly Line[]): Promise<void> {
      const before = label(source)
      const text = lines.flatMap(line => {
        const time = timestamps && line.time !== '' ? `${line.time} ` : ''
        return screenLines(line.text).map(part => `${before}${time}${harmless(part, colours)}\n`)
      })
      // As tkn: steps are told apart by an empty line.
      const gap = last !== undefined && last !== keyOf(source) && prefix ? '\n' : ''
      last = keyOf(source)
      await written(stdout, `${gap}${text.join('')}`)
    },
  }
}

/** A reader that is slower than the log must not fill the memory. */
function written(terminal: Terminal, text: string): Promise<void> {
  const stream = terminal as Partial<NodeJS.WriteStream>
  if (terminal.write(text) !== false || stream.once === undefined) return Promise.resolve()
  return new Promise(resolve => {
    stream.once?.('drain', resolve)
    // Whoever read it went away: nothing drains any more.
    stream.once?.('error', () => resolve())
    stream.once?.('close', () => resolve())
  })
}
