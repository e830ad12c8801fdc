/** Follows the output of all steps of some runs, line by line, while they run. */
import { setMaxListeners } from 'node:events'
import type { EmbeddedEngine } from '../../embedded.js'
import type { PipelineRun, TaskRun } from '../../resources/tekton.js'
import { lastOverwrite } from '../print/log-text.js'

/** Of a line more is not shown. */
const LINE_MAX = 4_000
/** Lines that are kept of each step. */
const TAIL = 3

export interface StepLine {
  readonly run: TaskRun
  readonly step: string
  /** As the step wrote it. */
  readonly text: string
}

export interface StepLogs {
  /** Begins to follow what is new of a run. */
  changed(run: PipelineRun | TaskRun): void
  /** The last lines of a step, oldest first; the very last may not be complete. */
  tail(run: TaskRun, step: string): readonly string[]
  /** Reads what is left. Only when the runs are over: then all of it is written. */
  read(): Promise<void>
  close(): Promise<void>
}

interface Followed {
  /** The last whole ones. */
  readonly lines: string[]
  /** What came after them. */
  rest: string
  following: Promise<void>
  readonly finish: () => Promise<void>
}

export function followStepLogs(engine: Pick<EmbeddedEngine, 'readLogs'>, onLine: (line: StepLine) => void): StepLogs {
  const stop = new AbortController()
  // One for each step that is followed: many are no leak.
  setMaxListeners(0, stop.signal)
  const followed = new Map<string, Followed>()

  function follow(run: TaskRun, pod: string, step: string, container: string): void {
    const key = keyOf(run, pod, step)
    if (followed.has(key)) return
    const name = { namespace: run.metadata.namespace, pod, container }
    const decoder = new TextDecoder()
    const take = (text: string): void => {
      one.lines.push(text)
      if (one.lines.length > TAIL) one.lines.shift()
      onLine({ run, step, text })
    }
    let offset = 0
    const read = async (isOver: boolean): Promise<void> => {
      const signal = isOver ? new AbortController().signal : stop.signal
      const output = await engine.readLogs(name, { follow: !isOver, offset }, signal)
      for await (const bytes of output ?? []) {
        offset += bytes.byteLength
        const lines = `${one.rest}${decoder.decode(bytes, { stream: true })}`.split('\n')
        const rest = lines.pop() ?? ''
        for (const line of lines) take(shortened(line))
        // What is beyond is cut off with the line: one more character tells that there is more.
        one.rest = lastOverwrite(rest).slice(0, LINE_MAX + 1)
      }
      if (!isOver) return
      if (one.rest !== '') take(shortened(one.rest))
      one.rest = ''
    }
    const one: Followed = {
      lines: [],
      rest: '',
      following: Promise.resolve(),
      finish: () => read(true).catch(() => undefined),
    }
    // A Pod that was deleted under our hands: there is no more of its output.
    one.following = read(false).catch(() => undefined)
    followed.set(key, one)
  }

  return {
    changed(run) {
      if (run.kind !== 'TaskRun' || !run.status?.podName) return
      for (const step of run.status.steps ?? []) follow(run, run.status.podName, step.name, step.container)
    },
    tail(run, step) {
      const state = followed.get(keyOf(run, run.status?.podName ?? '', step))
      if (state === undefined) return []
      return [...state.lines, ...(state.rest === '' ? [] : [shortened(state.rest)])].slice(-TAIL)
    },
    async read() {
      await this.close()
      for (const { finish } of followed.values()) await finish()
    },
    async close() {
      stop.abort()
      await Promise.all([...followed.values()].map(({ following }) => following))
    },
  }
}

function keyOf(run: TaskRun, pod: string, step: string): string {
  return `${run.metadata.uid}/${pod}/${step}`
}

function shortened(written: string): string {
  const line = lastOverwrite(written)
  return line.length > LINE_MAX ? `${line.slice(0, LINE_MAX)}…` : line
}
