/** Shows runs while they run: redrawn trees on a terminal, one line per event anywhere else. */
import type { Condition } from '../../resources/meta.js'
import type { PipelineRun, TaskRun } from '../../resources/tekton.js'
import { isDone, succeededCondition } from '../../status/conditions.js'
import { printable, type Style } from './style.js'
import { type RunView, treeLines } from './tree.js'

/** The part of a stream that drawing needs. */
export interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
}

export interface Live {
  changed(run: PipelineRun | TaskRun, before: PipelineRun | TaskRun | undefined): void
  /** Draws the last state and gives the terminal back. */
  end(): void
}

const FRAME_MS = 60

export function createLive(options: {
  readonly terminal: Terminal
  readonly style: Style
  readonly now: () => number
  /** The runs to draw, in order. */
  readonly views: () => readonly RunView[]
}): Live {
  return options.terminal.isTTY ? drawTrees(options) : writeLines(options)
}

function drawTrees({ terminal, style, now, views }: Parameters<typeof createLive>[0]): Live {
  let drawn = 0
  let timer: NodeJS.Timeout | undefined

  function draw(final: boolean): void {
    const width = terminal.columns ?? 80
    const all = views().flatMap(view => treeLines(view, now(), style).flatMap(line => line.split('\n')))
    // What has scrolled off cannot be redrawn: while running, show only what fits.
    const lines = final ? all : all.slice(0, Math.max(1, (terminal.rows ?? 24) - 1))
    const text = lines.map(line => `${final ? line : clip(line, width)}\u001b[K\n`).join('')
    terminal.write(`${drawn > 0 ? `\u001b[${drawn}A` : ''}\u001b[?25l${text}\u001b[J${final ? '\u001b[?25h' : ''}`)
    drawn = lines.length
  }

  const ticker = setInterval(() => draw(false), 500)
  return {
    changed() {
      timer ??= setTimeout(() => {
        timer = undefined
        draw(false)
      }, FRAME_MS)
    },
    end() {
      clearInterval(ticker)
      clearTimeout(timer)
      draw(true)
    },
  }
}

/** Cuts to the terminal's width without counting colour codes, so that a frame's lines stay one line each. */
function clip(line: string, width: number): string {
  let visible = 0
  let out = ''
  for (const part of line.split(/(\p{Cc}\[\d+m)/u)) {
    if (part.startsWith('\u001b[')) {
      out += part
      continue
    }
    const kept = part.slice(0, Math.max(0, width - 1 - visible))
    visible += kept.length
    out += kept
  }
  return out
}

function writeLines({ terminal, style, now }: Parameters<typeof createLive>[0]): Live {
  const started = now()
  const say = (run: PipelineRun | TaskRun, text: string) => {
    const seconds = ((now() - started) / 1_000).toFixed(2).padStart(7)
    terminal.write(`${style.dim(`${seconds}s`)}  ${run.kind} ${printable(run.metadata.name)}  ${text}\n`)
  }
  return {
    changed(run, before) {
      const condition = succeededCondition(run)
      const was = before === undefined ? undefined : succeededCondition(before)
      if (condition === undefined || (condition.reason === was?.reason && condition.status === was?.status)) return
      say(run, line(condition, style))
      if (run.kind === 'PipelineRun' && isDone(run)) {
        for (const skipped of run.status?.skippedTasks ?? []) {
          say(run, style.dim(`skipped ${printable(skipped.name)}: ${skipped.reason}`))
        }
      }
    },
    end() {},
  }
}

function line({ status, reason = '', message = '' }: Condition, style: Style): string {
  if (status === 'True') return style.green(reason)
  return status === 'False' ? `${style.red(reason)}  ${printable(message)}` : reason
}
