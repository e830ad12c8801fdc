/** Shows runs while they run: redrawn trees on a terminal, one line per event anywhere else. */
import type { Condition } from '../../resources/meta.js'
import type { PipelineRun, TaskRun } from '../../resources/tekton.js'
import { isDone, succeededCondition } from '../../status/conditions.js'
import type { StepLine } from '../run/step-logs.js'
import { logText } from './log-text.js'
import { onOneLine, printable, type Style } from './style.js'
import { type Detail, EVERYTHING, isTakenOver, lookedAt, type RunView } from './tree.js'
import { clip, widthOf } from './width.js'

/** The part of a stream that drawing needs. */
export interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
}

export interface Live {
  changed(run: PipelineRun | TaskRun, before: PipelineRun | TaskRun | undefined): void
  /** A step wrote a line. */
  wrote(line: StepLine): void
  /** Gives the terminal to somebody else, until the returned function is called. */
  pause(): () => void
  /** Draws the last state and gives the terminal back. Safe to repeat. */
  end(): void
}

export interface LiveOptions {
  readonly terminal: Terminal
  readonly style: Style
  /** Steps' own colours stay. */
  readonly color?: boolean
  readonly now: () => number
  /** The runs to draw, in order. */
  readonly views: () => readonly RunView[]
  /** All that steps write, and not only its end on a terminal. */
  readonly showLog?: boolean
  readonly tailOf?: (run: TaskRun, step: string) => readonly string[]
}

const FRAME_MS = 60
const SPIN_MS = 120
const SPINNER = [...'⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏']

/** From all to little: the first that fits on the screen is drawn. */
const DETAILS: readonly Detail[] = [EVERYTHING, { tail: 1, fold: 12 }, { tail: 1, fold: 5 }, { tail: 0, fold: 2 }]

export function createLive(options: LiveOptions): Live {
  return options.terminal.isTTY ? drawTrees(options) : writeLines(options)
}

function drawTrees({ terminal, style, color = false, now, views, showLog, tailOf = () => [] }: LiveOptions): Live {
  /** Columns of each line of the last frame: in a terminal that became narrower they take more rows. */
  let drawn: readonly number[] = []
  let timer: NodeJS.Timeout | undefined
  let above: string[] = []
  let isPaused = false
  let isOver = false
  const begun = now()

  function frame(detail: Detail): readonly string[] {
    const spinner = SPINNER[Math.floor((now() - begun) / SPIN_MS) % SPINNER.length] ?? '●'
    const shown = (run: TaskRun, step: string) => tailOf(run, step).map(line => logText(line, false))
    return views().flatMap(view =>
      lookedAt(view, { now: now(), style, detail, spinner, tailOf: shown }).flatMap(line => line.split('\n')),
    )
  }

  function fitting(rows: number): readonly string[] {
    for (const detail of DETAILS) {
      const lines = frame(detail)
      if (lines.length <= rows) return lines
      if (detail !== DETAILS.at(-1)) continue
      // What has scrolled off cannot be redrawn.
      return [...lines.slice(0, rows - 1), style.dim(`… ${lines.length - rows + 1} more lines`)]
    }
    return []
  }

  function draw(final: boolean): void {
    if (isPaused) return
    const width = terminal.columns ?? 80
    const lines = final ? frame({ ...EVERYTHING, tail: 0 }) : fitting(Math.max(1, (terminal.rows ?? 24) - 1))
    const shown = final ? lines : lines.map(line => clip(line, width - 1))
    const text = [...above, ...shown].map(line => `${line}\u001b[K\n`).join('')
    terminal.write(`${back(width)}\u001b[?25l${text}\u001b[J${final ? '\u001b[?25h' : ''}`)
    drawn = shown.map(widthOf)
    above = []
  }

  /** To where the last frame began. */
  function back(width: number): string {
    const rows = drawn.reduce((sum, columns) => sum + Math.max(1, Math.ceil(columns / width)), 0)
    return rows > 0 ? `\u001b[${rows}A\r` : ''
  }

  function soon(): void {
    timer ??= setTimeout(() => {
      timer = undefined
      draw(false)
    }, FRAME_MS)
  }

  const ticker = setInterval(() => draw(false), SPIN_MS)
  return {
    changed: soon,
    wrote(line) {
      if (showLog === true) above.push(prefixed(line, style, color))
      soon()
    },
    pause() {
      draw(false)
      isPaused = true
      drawn = []
      terminal.write('\u001b[?25h')
      return () => {
        isPaused = false
        soon()
      }
    },
    end() {
      if (isOver) return
      isOver = true
      isPaused = false
      clearInterval(ticker)
      clearTimeout(timer)
      draw(true)
    },
  }
}

function writeLines({ terminal, style, color = false, now, showLog }: LiveOptions): Live {
  const started = now()
  const say = (run: PipelineRun | TaskRun, text: string) => {
    const seconds = ((now() - started) / 1_000).toFixed(2).padStart(7)
    terminal.write(`${style.dim(`${seconds}s`)}  ${run.kind} ${onOneLine(run.metadata.name)}  ${text}\n`)
  }
  return {
    changed(run, before) {
      const condition = succeededCondition(run)
      const was = before === undefined ? undefined : succeededCondition(before)
      if (condition === undefined || (condition.reason === was?.reason && condition.status === was?.status)) return
      say(run, isTakenOver(run) ? style.dim('taken over') : line(condition, style))
      if (run.kind === 'PipelineRun' && isDone(run)) {
        for (const skipped of run.status?.skippedTasks ?? []) {
          say(run, style.dim(`skipped ${printable(skipped.name)}: ${skipped.reason}`))
        }
      }
    },
    wrote(line) {
      if (showLog === true) terminal.write(`${prefixed(line, style, color)}\n`)
    },
    pause: () => () => undefined,
    end() {},
  }
}

const PIPELINE_TASK = 'tekton.dev/pipelineTask'

/** As tkn marks lines of several steps. */
function prefixed({ run, step, text }: StepLine, style: Style, color: boolean): string {
  const task = run.metadata.labels?.[PIPELINE_TASK] ?? run.metadata.name
  return `${style.dim(`[${onOneLine(task)} : ${onOneLine(step)}]`)} ${logText(text, color)}`
}

function line({ status, reason = '', message = '' }: Condition, style: Style): string {
  if (status === 'True') return style.green(reason)
  return status === 'False' ? `${style.red(reason)}  ${printable(message)}` : reason
}
