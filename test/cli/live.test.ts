import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createLive } from '../../src/cli/print/live.js'
import { createStyle } from '../../src/cli/print/style.js'
import type { RunView } from '../../src/cli/print/tree.js'
import type { PipelineRun, TaskRun } from '../../src/resources/tekton.js'
import { yaml } from '../helpers/yaml.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

const ESC = '\u001b'
const run = (status: string, name = 'one') =>
  yaml<TaskRun>(`
    apiVersion: tekton.dev/v1
    kind: TaskRun
    metadata: { name: ${name}, namespace: default, uid: u }
    spec: {}
    status: ${status}
  `)
const RUNNING = '{ conditions: [{ type: Succeeded, status: Unknown, reason: Running }] }'
const DONE = '{ conditions: [{ type: Succeeded, status: "True", reason: Succeeded }] }'
const FAILED = '{ conditions: [{ type: Succeeded, status: "False", reason: StepFailed, message: "exit 3" }] }'

function terminal(size: { readonly columns?: number; readonly rows?: number } | undefined, color = false) {
  const written: string[] = []
  let views: readonly RunView[] = []
  let now = 1_000
  const live = createLive({
    terminal: { isTTY: size !== undefined, ...size, write: (text: string) => written.push(text) },
    style: createStyle(color),
    now: () => now,
    views: () => views,
  })
  return {
    live,
    written,
    show: (...runs: readonly (PipelineRun | TaskRun)[]) => {
      views = runs.map(each => ({ run: each, children: new Map(), seen: new Map() }))
    },
    at: (ms: number) => {
      now = ms
    },
  }
}

test('elsewhere than on a terminal every change of state is one line, with the seconds since the beginning', () => {
  const { live, written, at } = terminal(undefined)
  live.changed(run('{}'), undefined)
  live.changed(run(RUNNING), run('{}'))
  live.changed(run(RUNNING), run(RUNNING))
  at(3_250)
  live.changed(run(FAILED), run(RUNNING))
  live.end()
  expect(written).toEqual(['   0.00s  TaskRun one  Running\n', '   2.25s  TaskRun one  StepFailed  exit 3\n'])
})

test('the end of a PipelineRun says what was skipped and why', () => {
  const { live, written } = terminal(undefined)
  const done = yaml<PipelineRun>`
    apiVersion: tekton.dev/v1
    kind: PipelineRun
    metadata: { name: all, namespace: default, uid: p }
    spec: {}
    status:
      conditions: [{ type: Succeeded, status: "True", reason: Completed }]
      skippedTasks: [{ name: deploy, reason: When Expressions evaluated to false }]
  `
  live.changed(done, undefined)
  live.end()
  expect(written).toEqual([
    '   0.00s  PipelineRun all  Completed\n',
    '   0.00s  PipelineRun all  skipped deploy: When Expressions evaluated to false\n',
  ])
})

test('a message cannot steer what is no terminal either: it may become one', () => {
  const { live, written } = terminal(undefined)
  live.changed(run(FAILED.replace('exit 3', '\\e[2J')), undefined)
  live.end()
  expect(written.join('')).not.toContain(ESC)
})

test('on a terminal changes are drawn together, over what was drawn before', () => {
  const { live, written, show } = terminal({ columns: 80, rows: 24 })
  show(run(RUNNING))
  for (let change = 0; change < 100; change++) live.changed(run(RUNNING), undefined)
  expect(written).toEqual([])
  vi.advanceTimersToNextTimer()
  expect(written).toHaveLength(1)
  expect(written[0]).toMatch(/TaskRun one {2}Running/)
  expect(written[0]).not.toContain(`${ESC}[1A`)
  show(run(DONE))
  live.changed(run(DONE), run(RUNNING))
  vi.advanceTimersToNextTimer()
  expect(written[1]?.startsWith(`${ESC}[1A`)).toBe(true)
  live.end()
  expect(written.at(-1)).toMatch(/TaskRun one {2}Succeeded/)
})

test('the cursor is hidden while drawing and given back at the end', () => {
  const { live, written, show } = terminal({ columns: 80, rows: 24 })
  show(run(RUNNING))
  live.changed(run(RUNNING), undefined)
  vi.advanceTimersToNextTimer()
  expect(written.at(-1)).toContain(`${ESC}[?25l`)
  live.end()
  expect(written.at(-1)?.endsWith(`${ESC}[?25h`)).toBe(true)
  expect(written.join('').split(`${ESC}[?25h`)).toHaveLength(2)
})

test('time goes on without a change, and stops with the end', () => {
  const { live, written, show } = terminal({ columns: 80, rows: 24 })
  show(run(RUNNING))
  vi.advanceTimersByTime(1_100)
  const drawn = written.length
  expect(drawn).toBeGreaterThan(0)
  live.end()
  vi.advanceTimersByTime(10_000)
  expect(written).toHaveLength(drawn + 1)
})

test.each([false, true])('lines are cut to the width, colours (%s) not counted and never cut', color => {
  const { live, written, show } = terminal({ columns: 20, rows: 24 }, color)
  show(run(FAILED, 'a-name-that-is-longer-than-the-terminal'))
  live.changed(run(FAILED), undefined)
  vi.advanceTimersToNextTimer()
  const sequences = /\p{Cc}\[[?\d]*[a-zA-Z]/gu
  const lines = (written[0] ?? '').replace(sequences, '').split('\n')
  expect(lines.length).toBeGreaterThan(1)
  for (const line of lines) expect(line.length).toBeLessThan(20)
  expect((written[0] ?? '').replace(sequences, '')).not.toContain(ESC)
  live.end()
  expect(written.at(-1)?.replace(sequences, '')).toContain('a-name-that-is-longer-than-the-terminal')
})

test('more runs than rows are drawn as far as they fit, and all of them at the end', () => {
  const { live, written, show } = terminal({ columns: 80, rows: 5 })
  show(...Array.from({ length: 10 }, (_, index) => run(RUNNING, `run-${index}`)))
  live.changed(run(RUNNING), undefined)
  vi.advanceTimersToNextTimer()
  expect(written[0]?.split('\n')).toHaveLength(5)
  live.end()
  expect(written.at(-1)?.startsWith(`${ESC}[4A`)).toBe(true)
  expect(written.at(-1)).toContain('run-9')
})
