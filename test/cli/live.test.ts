import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createLive, type LiveOptions, type Terminal } from '../../src/cli/print/live.js'
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

function terminal(
  size: { readonly columns?: number; readonly rows?: number } | undefined,
  color = false,
  more: Partial<LiveOptions> = {},
) {
  const written: string[] = []
  let views: readonly RunView[] = []
  let now = 1_000
  const live = createLive({
    terminal: {
      isTTY: size !== undefined,
      get columns() {
        return size?.columns
      },
      get rows() {
        return size?.rows
      },
      write: (text: string) => written.push(text),
    } as Terminal,
    style: createStyle(color),
    now: () => now,
    views: () => views,
    ...more,
  })
  return {
    live,
    written,
    show: (...given: readonly (PipelineRun | TaskRun | ReadonlyMap<string, TaskRun>)[]) => {
      const runs = given.filter((each): each is PipelineRun | TaskRun => 'kind' in each)
      const children = given.find((each): each is ReadonlyMap<string, TaskRun> => !('kind' in each)) ?? new Map()
      views = runs.map(each => ({ run: each, children, seen: new Map() }))
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

test('a matrix of 100 fits on the screen: it is summed up, and what failed is named', () => {
  const { live, written, show } = terminal({ columns: 80, rows: 24 })
  const names = Array.from({ length: 100 }, (_, index) => `all-shard-${index}`)
  const pipelineRun = yaml<PipelineRun>(`
    apiVersion: tekton.dev/v1
    kind: PipelineRun
    metadata: { name: all, namespace: default, uid: p }
    spec: {}
    status:
      pipelineSpec: { tasks: [{ name: shard }, { name: wait }] }
      childReferences: ${JSON.stringify(names.map(name => ({ kind: 'TaskRun', name, pipelineTaskName: 'shard' })))}
  `)
  const children = new Map(
    names.map((name, index) => [name, run(index === 7 ? FAILED : index < 40 ? DONE : RUNNING, name)]),
  )
  show(pipelineRun, children)
  live.changed(pipelineRun, undefined)
  vi.advanceTimersToNextTimer()
  const frame = (written[0] ?? '').split('\n')
  expect(frame.length).toBeLessThanOrEqual(24)
  expect(written[0]).toContain('shard  40 of 100 done  60 running  1 failed')
  expect(written[0]).toContain('all-shard-7')
  expect(written[0]).not.toContain('all-shard-8 ')
  live.end()
})

test('a terminal that became narrower: what takes more rows now is drawn over whole', () => {
  const size = { columns: 80, rows: 24 }
  const { live, written, show } = terminal(size)
  show(run(RUNNING, 'a-name-of-thirty-characters-xx'))
  live.changed(run(RUNNING), undefined)
  vi.advanceTimersToNextTimer()
  size.columns = 30
  live.changed(run(RUNNING), undefined)
  vi.advanceTimersToNextTimer()
  expect(written[1]?.startsWith(`${ESC}[2A`)).toBe(true)
  live.end()
})

test('lines of steps: above the trees on a terminal, with their task elsewhere; what they say is not obeyed', () => {
  const said = { run: run(RUNNING, 'one'), step: 'build', text: `${ESC}[2Jhello` }
  const shown = terminal({ columns: 80, rows: 24 }, false, { showLog: true })
  shown.show(run(RUNNING))
  shown.live.wrote(said)
  vi.advanceTimersToNextTimer()
  expect(shown.written[0]).toContain(`[one : build] hello${ESC}[K\n`)
  shown.live.end()
  expect(shown.written.join('').split('hello')).toHaveLength(2)
  const elsewhere = terminal(undefined, false, { showLog: true })
  elsewhere.live.wrote(said)
  elsewhere.live.end()
  expect(elsewhere.written).toEqual(['[one : build] hello\n'])
})

test('while somebody else has the terminal nothing is drawn', () => {
  const { live, written, show } = terminal({ columns: 80, rows: 24 })
  show(run(RUNNING))
  const resume = live.pause()
  const before = written.length
  vi.advanceTimersByTime(1_000)
  expect(written).toHaveLength(before)
  resume()
  vi.advanceTimersByTime(1_000)
  expect(written.length).toBeGreaterThan(before)
  live.end()
})
