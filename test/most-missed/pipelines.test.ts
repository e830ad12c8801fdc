/** The details of pipelines that re-implementations miss most: rows 22 to 39 and 51 to 53 of section 34 of the feature list. */
import { expect, test } from 'vitest'
import { admit, admitManifests } from '../../src/admission/admit.js'
import { admitUpdate } from '../../src/admission/admit-update.js'
import type { AnyResource } from '../../src/resources/kinds.js'
import { problemText } from '../../src/resources/problem.js'
import type { PipelineRun, PipelineRunSpec, PipelineSpec, TaskRun } from '../../src/resources/tekton.js'
import { podName } from '../../src/run/names.js'
import { succeededCondition } from '../../src/status/conditions.js'
import { cases } from '../helpers/cases.js'
import { yaml } from '../helpers/yaml.js'
import { type Child, type Ending, type Simulation, type SimulationOptions, simulate } from '../reconcile/simulate.js'

const FAILS: Ending = { status: 'False' }
/** A pipeline task's body, with a result `r` and without. */
const GIVES = 'taskSpec: { results: [{ name: r }], steps: [{ image: i }] }'
const RUNS = 'taskSpec: { steps: [{ image: i }] }'

function started(pipeline: string, rest = '{}', options: SimulationOptions = {}): Simulation {
  return simulate({ ...yaml<PipelineRunSpec>(rest), pipelineSpec: yaml<PipelineSpec>(pipeline) }, options)
}

/** How children end, by pipeline task. */
function ending(table: Readonly<Record<string, Ending>>) {
  return (child: Child) => table[child.metadata.labels?.['tekton.dev/pipelineTask'] ?? ''] ?? {}
}

function verdict(simulation: Simulation): string {
  const { status, reason } = succeededCondition(simulation.run()) ?? {}
  return `${status} ${reason}`
}

const message = (simulation: Simulation) => succeededCondition(simulation.run())?.message
const made = (simulation: Simulation) => simulation.children().map(child => child.metadata.name.replace(/^run-/, ''))
const skips = (simulation: Simulation) =>
  Object.fromEntries((simulation.run().status?.skippedTasks ?? []).map(({ name, reason }) => [name, reason]))
const paramsOf = (simulation: Simulation, child: string) =>
  (simulation.children().find(one => one.metadata.name === `run-${child}`) as TaskRun | undefined)?.spec.params

/** What admission says to a Pipeline. */
function refusals(pipeline: string): readonly string[] {
  const text = `apiVersion: tekton.dev/v1\nkind: Pipeline\nmetadata: { name: p }\nspec:\n  ${pipeline.replaceAll('\n', '\n  ')}\n`
  const answer = admitManifests([{ file: 'p.yaml', text }])
  return answer.is === 'ok' ? [] : answer.problems.map(one => problemText(one).trim())
}

test('34.22 a missing result fails the run of a normal consumer, and only skips a finally consumer', () => {
  const consumer = 'params: [{ name: p, value: $(tasks.a.results.r) }]'
  const normal = started(`tasks: [{ name: a, ${GIVES} }, { name: b, ${consumer}, ${RUNS} }]`)
  normal.finish()
  expect(verdict(normal)).toBe('False PipelineValidationFailed')
  const last = started(
    `tasks: [{ name: a, ${GIVES} }]\nfinally: [{ name: f, ${consumer}, ${RUNS} }, { name: g, ${RUNS} }]`,
  )
  last.finish()
  expect(verdict(last)).toBe('True Completed')
  expect(skips(last)).toEqual({ f: 'Results were missing' })
  expect(made(last)).toEqual(['a', 'g'])
})

test('34.23 a pipeline result of a skipped task is left out, one that a succeeded task lacks fails the run', () => {
  const results = 'results: [{ name: x, value: $(tasks.a.results.r) }]'
  const never = 'when: [{ input: a, operator: in, values: [b] }]'
  const skipped = started(`${results}\ntasks: [{ name: a, ${never}, ${GIVES} }]`)
  skipped.finish()
  expect(verdict(skipped)).toBe('True Completed')
  expect(skipped.run().status?.results).toBeUndefined()
  const without = started(`${results}\ntasks: [{ name: a, ${GIVES} }]`)
  without.finish()
  expect(verdict(without)).toBe('False CouldntGetPipelineResult')
  expect(message(without)).toBe(
    "Failed to get PipelineResult from TaskRun Results for PipelineRun run: invalid pipelineresults [x], the referenced results don't exist",
  )
})

test('34.24 results of finally tasks are referred to as finally.*, and tasks.* is refused', () => {
  const pipeline = (from: string) =>
    `results: [{ name: x, value: $(${from}.f.results.r) }]\ntasks: [{ name: a, ${RUNS} }]\nfinally: [{ name: f, ${GIVES} }]`
  expect(refusals(pipeline('finally'))).toEqual([])
  expect(refusals(pipeline('tasks'))).not.toEqual([])
  const simulation = started(pipeline('finally'))
  simulation.finish(ending({ f: { results: { r: 'v' } } }))
  expect(simulation.run().status?.results).toEqual([{ name: 'x', value: 'v' }])
})

test('34.25 matrix order: the first param varies fastest', () => {
  const simulation = started(
    `tasks: [{ name: a, matrix: { params: [{ name: A, value: ["1", "2"] }, { name: B, value: [x, y] }] }, ${RUNS} }]`,
  )
  simulation.pass()
  const combinations = made(simulation).map(child =>
    paramsOf(simulation, child)
      ?.map(param => param.value)
      .join(''),
  )
  expect(combinations).toEqual(['1x', '2x', '1y', '2y'])
  expect(made(simulation)).toEqual(['a-0', 'a-1', 'a-2', 'a-3'])
})

test('34.26 results of a matrix are in the order of the names of its children as text', () => {
  const values = Array.from({ length: 11 }, (_, i) => `"${i}"`).join(', ')
  const simulation = started(`
    tasks:
      - { name: a, matrix: { params: [{ name: p, value: [${values}] }] }, ${GIVES} }
      - { name: b, params: [{ name: p, value: ["$(tasks.a.results.r[*])"] }], ${RUNS} }`)
  simulation.finish(child => ({ results: { r: child.metadata.name.replace('run-a-', '') } }))
  expect(paramsOf(simulation, 'b')?.[0]?.value).toEqual(['0', '1', '10', '2', '3', '4', '5', '6', '7', '8', '9'])
})

test('34.27 the child of a matrix with one combination has no index', () => {
  const simulation = started(`tasks: [{ name: a, matrix: { params: [{ name: p, value: [x] }] }, ${RUNS} }]`)
  simulation.pass()
  expect(made(simulation)).toEqual(['a'])
})

// The row says that what is ordered after it runs. Tekton (v1.0.0, and later) skips it: recorded in cases/matrices.
test('34.28 a matrix with an empty array is skipped, and so is what runs after it', () => {
  const simulation = started(`
    tasks:
      - { name: a, ${GIVES} }
      - { name: b, matrix: { params: [{ name: p, value: "$(tasks.a.results.r[*])" }] }, ${RUNS} }
      - { name: c, runAfter: [b], ${RUNS} }`)
  simulation.finish(ending({ a: { results: { r: [] } } }))
  expect(skips(simulation)).toEqual({ b: 'Matrix Parameters have an empty array', c: 'Parent Tasks were skipped' })
  expect(made(simulation)).toEqual(['a'])
  expect(verdict(simulation)).toBe('True Completed')
})

test('34.29 when does not hold: what is ordered after it runs, what needs its results does not', () => {
  const simulation = started(`
    tasks:
      - { name: a, when: [{ input: x, operator: notin, values: [x] }], ${GIVES} }
      - { name: ordered, runAfter: [a], ${RUNS} }
      - { name: needs, params: [{ name: p, value: $(tasks.a.results.r) }], ${RUNS} }
      - { name: joins, runAfter: [ordered, needs], ${RUNS} }`)
  simulation.finish()
  expect(made(simulation)).toEqual(['ordered'])
  expect(skips(simulation)).toEqual({
    a: 'When Expressions evaluated to false',
    needs: 'Results were missing',
    joins: 'Parent Tasks were skipped',
  })
})

test('34.30 a failure: siblings finish, the rest is skipped, finally runs, the run is Failed', () => {
  const simulation = started(`
    tasks: [{ name: a, ${RUNS} }, { name: b, ${RUNS} }, { name: c, runAfter: [b], ${RUNS} }]
    finally: [{ name: f, ${RUNS} }]`)
  simulation.pass()
  simulation.end('run-a', FAILS)
  simulation.pass()
  expect(simulation.actions().filter(action => action.do === 'cancel')).toEqual([])
  expect(verdict(simulation)).toBe('Unknown Running')
  expect(skips(simulation)).toEqual({ c: 'PipelineRun was stopping' })
  simulation.finish()
  expect(made(simulation)).toEqual(['a', 'b', 'f'])
  expect(verdict(simulation)).toBe('False Failed')
})

test('34.31 the wording of progress', () => {
  const simulation = started(
    `tasks: [{ name: a, ${RUNS} }, { name: b, ${RUNS} }, { name: c, runAfter: [a, b], ${RUNS} }]`,
  )
  simulation.pass()
  simulation.end('run-a')
  simulation.end('run-b')
  simulation.pass()
  expect(message(simulation)).toBe('Tasks Completed: 2 (Failed: 0, Cancelled 0), Incomplete: 1, Skipped: 0')
  simulation.finish()
  expect(message(simulation)).toBe('Tasks Completed: 3 (Failed: 0, Cancelled 0), Skipped: 0')
})

test('34.32 with skipped tasks a run ends Completed, without Succeeded, both True', () => {
  const simulation = started(
    `tasks: [{ name: a, ${RUNS} }, { name: b, when: [{ input: a, operator: in, values: [b] }], ${RUNS} }]`,
  )
  simulation.finish()
  expect(verdict(simulation)).toBe('True Completed')
  const whole = started(`tasks: [{ name: a, ${RUNS} }]`)
  whole.finish()
  expect(verdict(whole)).toBe('True Succeeded')
})

test.each(
  cases({
    Cancelled: { children: ['a'] },
    CancelledRunFinally: { children: ['a', 'f'] },
    StoppedRunFinally: { children: ['a', 'f'] },
  }),
)('34.33 %s ends with the reason Cancelled, and finally runs unless the cancel is hard', (status, { children }) => {
  const simulation = started(
    `tasks: [{ name: a, ${RUNS} }, { name: b, runAfter: [a], ${RUNS} }]\nfinally: [{ name: f, ${RUNS} }]`,
  )
  simulation.pass()
  simulation.request({ status })
  simulation.finish()
  expect(verdict(simulation)).toBe('False Cancelled')
  expect(made(simulation)).toEqual(children)
})

test('34.34 a pending run has no startTime, starts when spec.status is removed, and cannot be made pending later', () => {
  const simulation = started(`tasks: [{ name: a, ${RUNS} }]`, 'status: PipelineRunPending')
  simulation.pass()
  expect(verdict(simulation)).toBe('Unknown PipelineRunPending')
  expect(simulation.run().status?.startTime).toBeUndefined()
  simulation.request({ status: '' })
  simulation.pass()
  expect(simulation.run().status?.startTime).toBeDefined()
  const run = simulation.run()
  const pending = { ...run, spec: { ...run.spec, status: 'PipelineRunPending' } }
  expect(admitUpdate(run as AnyResource, pending as AnyResource).map(problemText)).toEqual([
    'invalid value: PipelineRun cannot be Pending after it is started: spec.status',
  ])
})

test('34.35 the timeout of tasks runs finally, that of the pipeline does not; both end PipelineRunTimeout', () => {
  const pipeline = `tasks: [{ name: a, ${RUNS} }]\nfinally: [{ name: f, ${RUNS} }]`
  const tasks = started(pipeline, 'timeouts: { tasks: 10s }')
  tasks.pass()
  tasks.elapse(10_000)
  tasks.finish()
  expect(made(tasks)).toEqual(['a', 'f'])
  expect(verdict(tasks)).toBe('False PipelineRunTimeout')
  expect(message(tasks)).toBe('PipelineRun "run" failed due to tasks failed to finish within "10s"')
  const whole = started(pipeline, 'timeouts: { pipeline: 10s }')
  whole.pass()
  whole.elapse(10_000)
  whole.finish()
  expect(made(whole)).toEqual(['a'])
  expect(verdict(whole)).toBe('False PipelineRunTimeout')
  expect(message(whole)).toBe('PipelineRun "run" failed to finish within "10s"')
})

test('34.36 the default of timeouts.pipeline is written, so that a longer timeouts.tasks alone is refused', () => {
  const run = (spec: string) =>
    admit(yaml(`{ apiVersion: tekton.dev/v1, kind: PipelineRun, metadata: { name: r }, spec: ${spec} }`))
  const plain = run('{ pipelineRef: { name: p } }')
  expect(plain.is === 'ok' && (plain.object as PipelineRun).spec.timeouts).toEqual({ pipeline: '1h0m0s' })
  const long = run('{ pipelineRef: { name: p }, timeouts: { tasks: 2h } }')
  expect(long.is === 'refused' && long.problems.map(problemText)).toEqual([
    'invalid value: 2h0m0s should be <= pipeline duration: spec.timeouts.tasks',
  ])
})

test('34.37 status variables: None when skipped, Failed when cancelled or out of time; all together Completed with a skip', () => {
  const never = 'when: [{ input: a, operator: in, values: [b] }]'
  const finallyReads = (expression: string) =>
    `finally: [{ name: f, params: [{ name: p, value: "${expression}" }], ${RUNS} }]`
  const skipping = started(
    `tasks: [{ name: a, ${RUNS} }, { name: b, ${never}, ${RUNS} }]\n${finallyReads('$(tasks.a.status) $(tasks.b.status) $(tasks.status)')}`,
  )
  skipping.finish()
  expect(paramsOf(skipping, 'f')?.[0]?.value).toBe('Succeeded None Completed')
  for (const reason of ['TaskRunCancelled', 'TaskRunTimeout']) {
    const failing = started(
      `tasks: [{ name: a, ${RUNS} }]\n${finallyReads('$(tasks.a.status) $(tasks.a.reason) $(tasks.status)')}`,
    )
    failing.finish(ending({ a: { status: 'False', reason } }))
    expect(paramsOf(failing, 'f')?.[0]?.value).toBe(`Failed ${reason} Failed`)
  }
})

test('34.38 status variables are refused outside finally, and of tasks that are not there', () => {
  const reads = 'params: [{ name: p, value: $(tasks.a.status) }]'
  expect(refusals(`tasks: [{ name: a, ${RUNS} }, { name: b, ${reads}, ${RUNS} }]`)).toEqual([
    'invalid value: pipeline tasks can not refer to execution status of any other pipeline task or aggregate status of tasks: spec.tasks[1].params[p].value',
  ])
  expect(refusals(`tasks: [{ name: z, ${RUNS} }]\nfinally: [{ name: b, ${reads}, ${RUNS} }]`)).toEqual([
    'invalid value: pipeline task a is not defined in the pipeline: spec.finally[0].params[p].value',
  ])
})

test('34.39 names of children and of their Pods, also when they are too long', () => {
  const long = 'r'.repeat(63)
  const task = 't'.repeat(63)
  const simulation = started(
    `tasks:
      - { name: a, ${RUNS} }
      - { name: ${task}, ${RUNS} }
      - { name: m, matrix: { params: [{ name: p, value: [x, y] }] }, ${RUNS} }
      - { name: ${task.slice(1)}, matrix: { params: [{ name: p, value: [x, y] }] }, ${RUNS} }`,
    '{}',
    { name: long },
  )
  simulation.pass()
  const names = simulation.children().map(child => child.metadata.name)
  expect(new Set(names).size).toBe(6)
  expect(names.every(name => name.length <= 63)).toBe(true)
  // md5 of the parent's name, and of both together where the suffix is too long as well.
  expect(names[0]).toMatch(/^r{29}[0-9a-f]{32}-a$/)
  expect(names[1]).toMatch(/^r{31}[0-9a-f]{32}$/)
  expect(names[2]).toMatch(/^r{27}[0-9a-f]{32}-m-0$/)
  expect(names[4]).toMatch(/^r{31}[0-9a-f]{30}-0$/)
  expect(podName('run-a', 0)).toBe('run-a-pod')
  expect(podName('run-a', 1)).toBe('run-a-pod-retry1')
})

test('34.51 what is in the status counts, with everything put in, whatever becomes of the Pipeline', () => {
  const value = yaml<PipelineSpec>(`
    params: [{ name: x }]
    tasks:
      - { name: a, params: [{ name: p, value: $(params.x) }], taskRef: { name: t } }
      - { name: b, runAfter: [a], params: [{ name: p, value: $(params.x) }], taskRef: { name: t } }`)
  const spec = yaml<PipelineRunSpec>('{ pipelineRef: { name: p }, params: [{ name: x, value: first }] }')
  const simulation = simulate(spec, { pipeline: { is: 'found', value, from: { name: 'p' } } })
  simulation.pass()
  const snapshot = simulation.run().status?.pipelineSpec
  expect(snapshot?.tasks?.map(task => task.params?.[0]?.value)).toEqual(['first', 'first'])
  // Somebody edits the Pipeline, and the run's params cannot be edited any more.
  simulation.edit({ is: 'found', value: yaml<PipelineSpec>(`tasks: [{ name: other, ${RUNS} }]`), from: { name: 'p' } })
  simulation.finish()
  expect(made(simulation)).toEqual(['a', 'b'])
  expect(simulation.run().status?.pipelineSpec).toEqual(snapshot)
})

test('34.52 a cycle is told by the task that is first in the alphabet', () => {
  expect(refusals(`tasks: [{ name: b, runAfter: [a], ${RUNS} }, { name: a, runAfter: [b], ${RUNS} }]`)).toEqual([
    'invalid value: cycle detected; task "a" depends on "b": spec.tasks',
  ])
})

test('34.53 a taskRef with apiVersion tekton.dev/v1 is a custom task', () => {
  const simulation = started('tasks: [{ name: a, taskRef: { apiVersion: tekton.dev/v1, kind: Task, name: t } }]')
  simulation.pass()
  expect(simulation.children()).toMatchObject([
    {
      apiVersion: 'tekton.dev/v1beta1',
      kind: 'CustomRun',
      spec: { customRef: { apiVersion: 'tekton.dev/v1', kind: 'Task', name: 't' } },
    },
  ])
})
