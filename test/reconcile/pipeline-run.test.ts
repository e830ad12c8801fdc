import { expect, test } from 'vitest'
import type { PipelineRunWorld } from '../../src/reconcile/decision.js'
import { expectedChildren, reconcilePipelineRun } from '../../src/reconcile/pipeline-run/pipeline-run.js'
import type { PipelineRunSpec, PipelineSpec, TaskRun, TaskSpec } from '../../src/resources/tekton.js'
import { DEFAULT_SETTINGS } from '../../src/run/settings.js'
import { succeededCondition } from '../../src/status/conditions.js'
import { cases } from '../helpers/cases.js'
import { yaml } from '../helpers/yaml.js'
import { type Ending, type SimulationOptions, simulate } from './simulate.js'

const STEPS = 'steps: [{ image: i, script: "true" }]'

/** A run of an inline pipeline; `task: {…}` lines are short for a task with a step. */
function started(pipeline: string, rest = '', options: SimulationOptions = {}) {
  const spec = yaml<PipelineSpec>(pipeline)
  const filled = (tasks: PipelineSpec['tasks']) =>
    tasks?.map(task => (task.taskRef || task.taskSpec ? task : { ...task, taskSpec: yaml<TaskSpec>(STEPS) }))
  const tasks = filled(spec.tasks)
  const last = filled(spec.finally)
  const pipelineSpec = { ...spec, ...(tasks && { tasks }), ...(last && { finally: last }) }
  const run: PipelineRunSpec = { ...(yaml<PipelineRunSpec | null>(rest) ?? {}), pipelineSpec }
  return simulate(run, options)
}

function outcome(simulation: ReturnType<typeof simulate>) {
  const { status } = simulation.run()
  const condition = succeededCondition({ status: status ?? {} })
  return { is: `${condition?.status} ${condition?.reason}`, message: condition?.message }
}

const created = (simulation: ReturnType<typeof simulate>) =>
  simulation.children().map(child => child.metadata.name.replace(/^run-/, ''))

const skips = (simulation: ReturnType<typeof simulate>) =>
  Object.fromEntries((simulation.run().status?.skippedTasks ?? []).map(({ name, reason }) => [name, reason]))

/** How children end, by pipeline task. */
const endings = (table: Readonly<Record<string, Ending>>) => (child: { metadata: { labels?: object } }) =>
  table[(child.metadata.labels as Record<string, string>)['tekton.dev/pipelineTask'] ?? ''] ?? {}

const FAILS: Ending = { status: 'False' }
const RESULTS_DECLARED = `taskSpec: { results: [{ name: r }], ${STEPS} }`

test.each(
  cases<{
    pipeline: string
    run?: string
    ends?: Readonly<Record<string, Ending>>
    children: readonly string[]
    skipped?: Readonly<Record<string, string>>
    is: string
    message?: string
  }>({
    'in order, finally last': {
      pipeline: 'tasks: [{ name: c, runAfter: [b] }, { name: b, runAfter: [a] }, { name: a }]\nfinally: [{ name: f }]',
      children: ['a', 'b', 'c', 'f'],
      is: 'True Succeeded',
      message: 'Tasks Completed: 4 (Failed: 0, Cancelled 0), Skipped: 0',
    },
    'creates in spec order': {
      pipeline: 'tasks: [{ name: z }, { name: a }, { name: m }]',
      children: ['z', 'a', 'm'],
      is: 'True Succeeded',
    },
    'a failure stops, finally runs': {
      pipeline: 'tasks: [{ name: a }, { name: b, runAfter: [a] }, { name: c, runAfter: [b] }]\nfinally: [{ name: f }]',
      ends: { a: FAILS },
      children: ['a', 'f'],
      skipped: { b: 'PipelineRun was stopping', c: 'PipelineRun was stopping' },
      is: 'False Failed',
      message: 'Tasks Completed: 2 (Failed: 1, Cancelled 0), Skipped: 2',
    },
    'a failing finally task fails the run': {
      pipeline: 'tasks: [{ name: a }]\nfinally: [{ name: f }, { name: g }]',
      ends: { f: FAILS },
      children: ['a', 'f', 'g'],
      is: 'False Failed',
    },
    'onError continue': {
      pipeline: 'tasks: [{ name: a, onError: continue }, { name: b, runAfter: [a] }]',
      ends: { a: { status: 'False', reason: 'FailureIgnored' } },
      children: ['a', 'b'],
      is: 'True Succeeded',
      message: 'Tasks Completed: 2 (Failed: 1 (Ignored: 1), Cancelled 0), Skipped: 0',
    },
    'when false: ordering goes on, results do not, and what is behind them does not': {
      pipeline: `
        tasks:
          - { name: a, when: [{ input: x, operator: in, values: [y] }], ${RESULTS_DECLARED} }
          - { name: after, runAfter: [a] }
          - { name: uses, params: [{ name: p, value: $(tasks.a.results.r) }] }
          - { name: behind, runAfter: [uses] }`,
      children: ['after'],
      skipped: {
        a: 'When Expressions evaluated to false',
        uses: 'Results were missing',
        behind: 'Parent Tasks were skipped',
      },
      is: 'True Completed',
      message: 'Tasks Completed: 1 (Failed: 0, Cancelled 0), Skipped: 3',
    },
    'a result that was not emitted': {
      pipeline: `
        tasks:
          - { name: a, ${RESULTS_DECLARED} }
          - { name: b, params: [{ name: p, value: $(tasks.a.results.r) }] }
          - { name: c, runAfter: [b] }
        finally: [{ name: f }]`,
      children: ['a', 'f'],
      skipped: { c: 'PipelineRun was stopping' },
      is: 'False PipelineValidationFailed',
      message:
        'Tasks Completed: 2 (Failed: 0, Cancelled 0), Skipped: 1, Failed Validation: 1 (task "a" completed successfully but did not emit the result "r", which is referenced by task "b")',
    },
    'not emitted, but the consumer may fail': {
      pipeline: `
        tasks:
          - { name: a, ${RESULTS_DECLARED} }
          - { name: b, onError: continue, params: [{ name: p, value: $(tasks.a.results.r) }] }`,
      children: ['a'],
      skipped: { b: 'Results were missing' },
      is: 'True Completed',
    },
    'not emitted, but the consumer is a finally task': {
      pipeline: `
        tasks: [{ name: a, ${RESULTS_DECLARED} }]
        finally: [{ name: f, params: [{ name: p, value: $(tasks.a.results.r) }] }, { name: g }]`,
      children: ['a', 'g'],
      skipped: { f: 'Results were missing' },
      is: 'True Completed',
    },
    'an array index out of bounds': {
      pipeline: `
        tasks:
          - { name: a, ${RESULTS_DECLARED} }
          - { name: b, params: [{ name: p, value: "$(tasks.a.results.r[5])" }] }`,
      ends: { a: { results: { r: ['x', 'y'] } } },
      children: ['a'],
      is: 'False PipelineValidationFailed',
      message:
        "[User error] PipelineRun ci/run can't be Run; couldn't resolve all references: array Result Index 5 for Task a Result r is out of bound of size 2",
    },
    'an empty matrix is skipped, and what comes after it': {
      pipeline: 'tasks: [{ name: a, matrix: { params: [{ name: p, value: [] }] } }, { name: b, runAfter: [a] }]',
      children: [],
      skipped: { a: 'Matrix Parameters have an empty array', b: 'Parent Tasks were skipped' },
      is: 'True Completed',
    },
    'a matrix fails when one of its children does': {
      pipeline: 'tasks: [{ name: a, matrix: { params: [{ name: p, value: [x, y] }] } }, { name: b, runAfter: [a] }]',
      ends: { a: FAILS },
      children: ['a-0', 'a-1'],
      skipped: { b: 'PipelineRun was stopping' },
      is: 'False Failed',
      message: 'Tasks Completed: 1 (Failed: 1, Cancelled 0), Skipped: 1',
    },
    'one combination has no index': {
      pipeline: 'tasks: [{ name: a, matrix: { params: [{ name: p, value: [x] }] } }]',
      children: ['a'],
      is: 'True Succeeded',
    },
    'a matrix over a result': {
      pipeline: `
        tasks:
          - { name: a, ${RESULTS_DECLARED} }
          - { name: b, matrix: { params: [{ name: p, value: "$(tasks.a.results.r[*])" }] } }`,
      ends: { a: { results: { r: ['x', 'y', 'z'] } } },
      children: ['a', 'b-0', 'b-1', 'b-2'],
      is: 'True Succeeded',
    },
    'a matrix of something that is no array': {
      pipeline: `
        tasks:
          - { name: a, ${RESULTS_DECLARED} }
          - { name: b, matrix: { params: [{ name: p, value: "$(tasks.a.results.r)" }] } }`,
      ends: { a: { results: { r: 'text' } } },
      children: ['a'],
      is: 'False InvalidMatrixParameterTypes',
      message:
        '[User error] Failed to validate matrix "run" with error parameters of type array only are allowed, but param "p" has type "string" in pipelineTask "b"',
    },
    'an included combination with something that is no text': {
      pipeline: `
        tasks:
          - { name: a, taskSpec: { results: [{ name: r, type: array }], steps: [{ image: i }] } }
          - { name: b, matrix: { include: [{ name: x, params: [{ name: p, value: "$(tasks.a.results.r[*])" }] }] } }`,
      ends: { a: { results: { r: ['x'] } } },
      children: ['a'],
      is: 'False InvalidMatrixParameterTypes',
      message:
        '[User error] Failed to validate matrix "run" with error parameters of type string only are allowed, but param "p" has type "array" in pipelineTask "b"',
    },
    'CEL where there is none': {
      pipeline: 'tasks: [{ name: a, when: [{ cel: "true" }] }]',
      children: [],
      is: 'False CELEvaluationFailed',
      message: '[User error] Error evaluating CEL run: CEL in `when` is not available here',
    },
    'a workspace that nobody binds, merely mentioned': {
      pipeline: 'tasks: [{ name: a, taskSpec: { steps: [{ image: i, script: ls $(workspaces.w.path) }] } }]',
      children: [],
      is: 'False CreateRunFailed',
      message: 'expected workspace "w" to be provided by pipelinerun for pipeline task "a"',
    },
    'a pipeline result that its task does not have': {
      pipeline: `
        tasks: [{ name: a, ${RESULTS_DECLARED} }]
        results: [{ name: out, value: $(tasks.a.results.r) }]`,
      children: ['a'],
      is: 'False CouldntGetPipelineResult',
      message:
        "Failed to get PipelineResult from TaskRun Results for PipelineRun run: invalid pipelineresults [out], the referenced results don't exist",
    },
  }),
)('ends: %s', (_, { pipeline, run, ends = {}, children, skipped = {}, is, message }) => {
  const simulation = started(pipeline, run)
  simulation.finish(endings(ends))
  expect(outcome(simulation)).toEqual({ is, message: message ?? outcome(simulation).message })
  expect(created(simulation)).toEqual(children)
  expect(skips(simulation)).toEqual(skipped)
})

test.each(
  cases<{ pipeline: string; run?: string; options?: SimulationOptions; is: string; message: string }>({
    'a missing param': {
      pipeline: 'params: [{ name: x }, { name: y, default: d }]',
      is: 'False ParameterMissing',
      message:
        '[User error] PipelineRun ci/run is missing some parameters required by Pipeline ci/run: pipelineRun missing parameters: [x]',
    },
    'a param of another type': {
      pipeline: 'params: [{ name: x, type: array }]',
      run: 'params: [{ name: x, value: text }]',
      is: 'False ParameterTypeMismatch',
      message:
        "[User error] PipelineRun ci/run parameters have mismatching types with Pipeline ci/run's parameters: parameters have inconsistent types : [x]",
    },
    'an object that lacks a key': {
      pipeline: 'params: [{ name: x, properties: { k: {}, l: {} } }]',
      run: 'params: [{ name: x, value: { l: "1" } }]',
      is: 'False ObjectParameterMissKeys',
      message:
        "[User error] PipelineRun ci/run parameters is missing object keys required by Pipeline ci/run's parameters: pipelineRun missing object keys for parameters: map[x:[k]]",
    },
    'an index beyond a param': {
      pipeline:
        'params: [{ name: x, type: array }]\ntasks: [{ name: a, params: [{ name: p, value: "$(params.x[9])" }] }]',
      run: 'params: [{ name: x, value: [a] }]',
      is: 'False ParamArrayIndexingInvalid',
      message:
        "[User error] PipelineRun ci/run failed validation: failed to validate Pipeline ci/run's parameter which has an invalid index while referring to an array: non-existent param references:[$(params.x[9])]",
    },
    'a value outside its enum': {
      pipeline: 'params: [{ name: x, enum: [a, b] }]',
      run: 'params: [{ name: x, value: z }]',
      is: 'False InvalidParamValue',
      message:
        '[User error] PipelineRun ci/run parameters have invalid value: param `x` value: z is not in the enum list',
    },
    'defaults in a circle': {
      pipeline: 'params: [{ name: x, default: $(params.x) }]',
      is: 'False PipelineValidationFailed',
      message:
        '[User error] Failed to apply parameters to Pipeline ci/run: parameter resolution failed: circular dependency detected in param "params.x"',
    },
    'an unbound workspace': {
      pipeline: 'workspaces: [{ name: o, optional: true }, { name: w }]',
      is: 'False InvalidWorkspaceBindings',
      message:
        '[User error] PipelineRun ci/run doesn\'t bind Pipeline ci/run\'s Workspaces correctly: pipeline requires workspace with name "w" be provided by pipelinerun',
    },
    'a taskRunSpec for nobody': {
      pipeline: 'tasks: [{ name: a }]',
      run: 'taskRunSpecs: [{ pipelineTaskName: x }]',
      is: 'False InvalidTaskRunSpecs',
      message:
        '[User error] PipelineRun ci/run doesn\'t define taskRunSpecs correctly: pipelineRun\'s taskrunSpecs defined wrong taskName: "x", does not exist in Pipeline',
    },
    'a cycle': {
      pipeline: 'tasks: [{ name: a, runAfter: [b] }, { name: b, runAfter: [a] }]',
      is: 'False PipelineInvalidGraph',
      message: '[User error] PipelineRun ci/run\'s Pipeline DAG is invalid: cycle detected; task "a" depends on "b"',
    },
    'a result nobody declares': {
      pipeline: 'tasks: [{ name: a }, { name: b, params: [{ name: p, value: $(tasks.a.results.r) }] }]',
      is: 'False InvalidTaskResultReference',
      message: 'invalid result reference in pipeline task "b": "r" is not a named result returned by pipeline task "a"',
    },
    'a pipeline result nobody declares': {
      pipeline: 'tasks: [{ name: a }]\nresults: [{ name: x, value: $(tasks.a.results.r) }]',
      is: 'False InvalidPipelineResultReference',
      message:
        'Failed to resolve pipeline result reference for "run" with error invalid pipeline result "x": "r" is not a named result returned by pipeline task "a"',
    },
    'an optional workspace where one is required': {
      pipeline: `
        workspaces: [{ name: w, optional: true }]
        tasks: [{ name: a, workspaces: [{ name: in, workspace: w }], taskSpec: { workspaces: [{ name: in }], ${STEPS} } }]`,
      is: 'False RequiredWorkspaceMarkedOptional',
      message:
        '[User error] Optional workspace not supported by task: pipeline workspace "w" is marked optional but pipeline task "a" requires it be provided',
    },
    'an onError that a param makes wrong': {
      pipeline: 'params: [{ name: p, default: sometimes }]\ntasks: [{ name: a, onError: $(params.p) }]',
      is: 'False PipelineValidationFailed',
      message:
        '[User error] Pipeline ci/run can\'t be Run; it has an invalid spec: invalid value: sometimes: OnError\nPipelineTask OnError must be either "continue" or "stopAndFail"',
    },
    'a Task that does not exist': {
      pipeline: 'tasks: [{ name: a, taskRef: { name: x } }]',
      options: {
        tasks: {
          a: {
            is: 'failed',
            reason: 'CouldntGetTask',
            message: `Couldn't retrieve Task "x": tasks.tekton.dev "x" not found`,
          },
        },
      },
      is: 'False CouldntGetTask',
      message:
        'Pipeline ci/run can\'t be Run; it contains Tasks that don\'t exist: Couldn\'t retrieve Task "x": tasks.tekton.dev "x" not found',
    },
    'a Pipeline that does not exist': {
      pipeline: 'tasks: []',
      options: { pipeline: { is: 'failed', reason: 'CouldntGetPipeline', message: 'not found' } },
      is: 'False CouldntGetPipeline',
      message: 'not found',
    },
    'a matrix beyond the limit': {
      pipeline: `tasks: [{ name: a, matrix: { params: [{ name: p, value: [${Array(257).fill('x')}] }] } }]`,
      is: 'False PipelineValidationFailed',
      message:
        "[User error] Pipeline ci/run can't be Run; it has an invalid spec: expected 0 <= 257 <= 256: tasks[0].matrix",
    },
    'a name that a stranger has': {
      pipeline: 'tasks: [{ name: a }]',
      options: { strangers: ['run-a'] },
      is: 'False CreateRunFailed',
      message:
        'PipelineRun "ci/run": pipeline task "a" needs the name "run-a", which is taken by an object that this run did not make. Delete that object, or start the run under another name',
    },
  }),
)('fails before anything is made: %s', (_, { pipeline, run, options, is, message }) => {
  const simulation = started(pipeline, run, options)
  const decision = simulation.pass()
  expect(outcome(simulation)).toEqual({ is, message })
  expect(decision.actions).toEqual([])
  expect(simulation.run().status?.completionTime).toBeDefined()
})

test('pending: no start, until the status is removed', () => {
  const simulation = started('tasks: [{ name: a }]', 'status: PipelineRunPending')
  simulation.pass()
  expect(outcome(simulation)).toEqual({ is: 'Unknown PipelineRunPending', message: 'PipelineRun "run" is pending' })
  expect(simulation.run().status?.startTime).toBeUndefined()
  simulation.request({ status: '' })
  simulation.pass()
  expect(created(simulation)).toEqual(['a'])
  expect(simulation.run().status?.startTime).toBeDefined()
})

test('done is done, whatever becomes of the world', () => {
  const simulation = started('tasks: [{ name: a }, { name: b, runAfter: [a] }]\nfinally: [{ name: f }]')
  simulation.finish(endings({ a: FAILS }))
  const run = { ...simulation.run(), spec: { ...simulation.run().spec, status: 'Cancelled' } }
  const world: PipelineRunWorld = {
    now: simulation.now() + 1e9,
    settings: DEFAULT_SETTINGS,
    pipeline: { is: 'failed', reason: 'CouldntGetPipeline', message: 'gone' },
    tasks: new Map(),
    pipelines: new Map(),
    children: [],
    strangers: ['run-b'],
  }
  expect(reconcilePipelineRun(run, world)).toEqual({ actions: [], status: run.status })
})

test('a stranger met on the way ends the run, and what runs with it', () => {
  const simulation = started('tasks: [{ name: a }, { name: b, runAfter: [a] }, { name: c }]', '', {
    strangers: ['run-b'],
  })
  simulation.pass()
  simulation.end('run-a')
  const { actions } = simulation.pass()
  expect(actions).toMatchObject([{ do: 'cancel', key: { name: 'run-c' } }])
  expect(outcome(simulation).is).toBe('False CreateRunFailed')
})

test('a Pipeline inside itself', () => {
  const spec = yaml<PipelineSpec>`tasks: [{ name: again, pipelineRef: { name: p } }]`
  const annotations = { 'tektite.dev/ancestor-pipelines': 'p q' }
  const nested = simulate(
    { pipelineRef: { name: 'r' } },
    { pipeline: { is: 'found', value: spec }, metadata: { annotations } },
  )
  nested.pass()
  expect(nested.children()).toEqual([])
  expect(outcome(nested)).toEqual({
    is: 'False CreateRunFailed',
    message: 'detected cycle in pipeline-in-pipeline: pipeline "p" is already running in ancestor chain [r q]',
  })
  const outer = simulate({ pipelineRef: { name: 'o' } }, { pipeline: { is: 'found', value: spec } })
  outer.pass()
  expect(outer.children()[0]?.metadata.annotations).toEqual({ 'tektite.dev/ancestor-pipelines': 'o' })
})

test.each(
  cases({
    'one remote reference again': {
      annotations: {},
      outer: 'resolver: git, params: [{ name: url, value: u }]',
      inner: 'resolver: git, params: [{ name: url, value: u }]',
      message:
        /^detected cycle in pipeline-in-pipeline: pipeline "git\/[0-9a-f]{10}" is already running in ancestor chain \[\]$/,
    },
    'another one each time': {
      annotations: { 'tektite.dev/ancestor-pipelines': 'run/a b c d e f g h git/0123456789' },
      outer: 'name: j',
      inner: 'resolver: git, params: [{ name: url, value: uuuuuuuuuuu }]',
      message:
        /^pipeline task "again" would be level 11 of pipelines in pipelines, and 10 is the most: \[j git\/0123456789 h g f e d c b a\]/,
    },
  }),
)('pipelines in pipelines without end: %s', (_, { annotations, outer, inner, message }) => {
  const value = yaml<PipelineSpec>(`tasks: [{ name: again, pipelineRef: { ${inner} } }]`)
  const spec = yaml<PipelineRunSpec>(`pipelineRef: { ${outer} }`)
  const simulation = simulate(spec, { pipeline: { is: 'found', value }, metadata: { annotations } })
  simulation.pass()
  expect(simulation.children()).toEqual([])
  expect(outcome(simulation).is).toBe('False CreateRunFailed')
  expect(outcome(simulation).message).toMatch(message)
})

test('what keeps the running is not spoken of before the end', () => {
  const simulation = started(`
    tasks:
      - { name: a, onError: continue }
      - { name: b, ${RESULTS_DECLARED} }
      - { name: d, params: [{ name: p, value: $(tasks.b.results.r) }] }
      - { name: c, params: [{ name: p, value: $(tasks.b.results.r) }] }
    finally: [{ name: f }]`)
  simulation.pass()
  simulation.end('run-a', FAILS)
  simulation.end('run-b')
  simulation.pass()
  expect(outcome(simulation)).toEqual({
    is: 'Unknown Running',
    message: 'Tasks Completed: 2 (Failed: 0, Cancelled 0), Incomplete: 1, Skipped: 0',
  })
  simulation.finish()
  const lacks = (task: string) =>
    `task "b" completed successfully but did not emit the result "r", which is referenced by task "${task}"`
  expect(outcome(simulation)).toEqual({
    is: 'False PipelineValidationFailed',
    message: `Tasks Completed: 3 (Failed: 1 (Ignored: 1), Cancelled 0), Skipped: 0, Failed Validation: 2 (${lacks('c')}; ${lacks('d')})`,
  })
})

test('managed by somebody else: not touched', () => {
  const simulation = started('tasks: [{ name: a }]', 'managedBy: example.com/other')
  expect(simulation.pass()).toEqual({ actions: [], status: {} })
})

test('waits for a Pipeline, then for a Task, and looks at neither again', () => {
  const spec = yaml<PipelineRunSpec>`pipelineRef: { name: p }`
  const task = yaml<TaskSpec>(STEPS)
  const run = simulate(spec).run()
  const world: PipelineRunWorld = {
    now: Date.parse('2026-01-01T00:00:00Z'),
    settings: DEFAULT_SETTINGS,
    pipeline: { is: 'pending' },
    tasks: new Map(),
    pipelines: new Map(),
    children: [],
    strangers: [],
  }
  const first = reconcilePipelineRun(run, world)
  expect(succeededCondition(first)).toMatchObject({
    reason: 'ResolvingPipelineRef',
    message: 'PipelineRun ci/run awaiting remote resource',
  })
  expect(first.lookAgainAt).toBe(world.now + 3_600_000)

  const value = yaml<PipelineSpec>`tasks: [{ name: a, taskRef: { name: t } }]`
  const from = { name: 'p', labels: { team: 'x', own: 'theirs' }, annotations: { note: 'n' } }
  const found: PipelineRunWorld = {
    ...world,
    pipeline: { is: 'found', value, from },
    tasks: new Map([['a', { is: 'pending' }]]),
  }
  const labelled = { ...run, metadata: { ...run.metadata, labels: { own: 'mine' } }, status: first.status }
  const second = reconcilePipelineRun(labelled, found)
  expect(succeededCondition(second)?.reason).toBe('ResolvingTaskRef')
  expect(second).toMatchObject({ labels: { team: 'x', 'tekton.dev/pipeline': 'p' }, annotations: { note: 'n' } })
  expect(second.labels).not.toHaveProperty('own')
  expect(second.status.pipelineSpec?.tasks?.[0]?.taskRef).toEqual({ kind: 'Task', name: 't' })

  const gone = { ...world, pipeline: { is: 'failed', reason: 'CouldntGetPipeline', message: 'gone' } } as const
  const third = reconcilePipelineRun(
    { ...labelled, status: second.status },
    {
      ...gone,
      tasks: new Map([['a', { is: 'found', value: task }]]),
    },
  )
  expect(third.actions).toHaveLength(1)
  const fourth = reconcilePipelineRun(
    { ...labelled, status: third.status },
    {
      ...gone,
      tasks: new Map([['a', { is: 'failed', reason: 'CouldntGetTask', message: 'gone' }]]),
    },
  )
  expect(succeededCondition(fourth)?.reason).toBe('Running')
})

test('Cancelled: children are told, the run is over at once, finally does not run', () => {
  const simulation = started('tasks: [{ name: a }, { name: b, runAfter: [a] }]\nfinally: [{ name: f }]')
  simulation.pass()
  simulation.request({ status: 'Cancelled' })
  const { actions } = simulation.pass()
  expect(actions).toMatchObject([
    {
      do: 'cancel',
      key: { name: 'run-a' },
      message: 'TaskRun cancelled as the PipelineRun it belongs to has been cancelled.',
    },
  ])
  expect(outcome(simulation)).toEqual({ is: 'False Cancelled', message: 'PipelineRun "run" was cancelled' })
  simulation.end('run-a')
  expect(simulation.pass().actions).toEqual([])
  expect(created(simulation)).toEqual(['a'])
})

test('CancelledRunFinally: running tasks are cancelled, finally runs', () => {
  const simulation = started('tasks: [{ name: a }, { name: b, runAfter: [a] }]\nfinally: [{ name: f }]')
  simulation.pass()
  simulation.request({ status: 'CancelledRunFinally' })
  simulation.pass()
  expect(skips(simulation)).toEqual({ b: 'PipelineRun was gracefully cancelled' })
  expect(outcome(simulation).is).toBe('Unknown CancelledRunningFinally')
  simulation.finish()
  expect(created(simulation)).toEqual(['a', 'f'])
  // A cancelled task stops the run, and that is said first.
  expect(skips(simulation)).toEqual({ b: 'PipelineRun was stopping' })
  expect(outcome(simulation)).toEqual({ is: 'False Cancelled', message: 'PipelineRun "run" was cancelled' })
})

test('StoppedRunFinally: running tasks end by themselves, finally runs', () => {
  const simulation = started('tasks: [{ name: a }, { name: b, runAfter: [a] }]\nfinally: [{ name: f }]')
  simulation.pass()
  simulation.request({ status: 'StoppedRunFinally' })
  expect(simulation.pass().actions).toEqual([])
  expect(outcome(simulation).is).toBe('Unknown StoppedRunningFinally')
  simulation.finish()
  expect(created(simulation)).toEqual(['a', 'f'])
  expect(skips(simulation)).toEqual({ b: 'PipelineRun was gracefully stopped' })
  expect(outcome(simulation)).toEqual({ is: 'False Cancelled', message: 'PipelineRun "run" was cancelled' })
})

test('pipeline timeout: everything is cancelled, finally does not run', () => {
  const simulation = started('tasks: [{ name: a }]\nfinally: [{ name: f }]', 'timeouts: { pipeline: 1m }')
  const first = simulation.pass()
  expect(first.lookAgainAt).toBe(simulation.now() + 60_000)
  simulation.elapse(60_000)
  const { actions } = simulation.pass()
  expect(actions).toMatchObject([
    { do: 'cancel', message: 'TaskRun cancelled as the PipelineRun it belongs to has timed out.' },
  ])
  expect(outcome(simulation)).toEqual({
    is: 'False PipelineRunTimeout',
    message: 'PipelineRun "run" failed to finish within "1m0s"',
  })
})

test('what ended in time has ended, also when we look too late', () => {
  const simulation = started('tasks: [{ name: a }]', 'timeouts: { pipeline: 1m }')
  simulation.pass()
  simulation.end('run-a')
  simulation.elapse(3_600_000)
  simulation.pass()
  expect(outcome(simulation).is).toBe('True Succeeded')
})

test('tasks timeout: running tasks are cancelled, the rest is skipped, finally runs', () => {
  const pipeline = 'tasks: [{ name: a }, { name: b, runAfter: [a] }]\nfinally: [{ name: f }]'
  const simulation = started(pipeline, 'timeouts: { pipeline: 1h, tasks: 10s }')
  simulation.pass()
  simulation.elapse(10_000)
  simulation.pass()
  expect(skips(simulation)).toEqual({ b: 'PipelineRun Tasks timeout has been reached' })
  simulation.end('run-a')
  simulation.pass()
  expect(outcome(simulation).is).toBe('Unknown PipelineRunTimeoutRunningFinally')
  simulation.finish()
  expect(created(simulation)).toEqual(['a', 'f'])
  expect(outcome(simulation)).toEqual({
    is: 'False PipelineRunTimeout',
    message: 'PipelineRun "run" failed due to tasks failed to finish within "10s"',
  })
})

test('finally timeout: counts from the start of finally, ends as a failure', () => {
  const simulation = started('tasks: [{ name: a }]\nfinally: [{ name: f }]', 'timeouts: { finally: 10s }')
  simulation.pass()
  simulation.elapse(60_000)
  simulation.end('run-a')
  expect(simulation.pass().lookAgainAt).toBe(simulation.now() + 10_000)
  simulation.elapse(10_000)
  simulation.pass()
  simulation.end('run-f')
  simulation.pass()
  expect(outcome(simulation)).toEqual({
    is: 'False Failed',
    message: 'Tasks Completed: 2 (Failed: 1, Cancelled 0), Skipped: 0',
  })
})

test('a child cancelled by somebody else', () => {
  const simulation = started('tasks: [{ name: a }, { name: b }, { name: c, runAfter: [a] }]')
  simulation.pass()
  simulation.end('run-a', { status: 'False', reason: 'TaskRunCancelled' })
  simulation.pass()
  expect(outcome(simulation).is).toBe('Unknown PipelineRunStopping')
  simulation.finish()
  expect(outcome(simulation)).toEqual({
    is: 'False Cancelled',
    message: 'Tasks Completed: 2 (Failed: 0, Cancelled 1), Skipped: 1',
  })
})

test('a matrix interrupted while its children were made is completed', () => {
  const simulation = started('tasks: [{ name: a, matrix: { params: [{ name: p, value: [x, y, z] }] } }]')
  const { actions } = simulation.pass()
  const made = (simulation.children() as readonly TaskRun[]).filter(child => child.metadata.name !== 'run-a-1')
  const before = started('tasks: [{ name: a, matrix: { params: [{ name: p, value: [x, y, z] }] } }]').run()
  const spec = before.spec.pipelineSpec!
  const world = { now: 0, settings: DEFAULT_SETTINGS, tasks: new Map(), pipelines: new Map(), strangers: [] }
  const decision = reconcilePipelineRun(before, { ...world, pipeline: { is: 'found', value: spec }, children: made })
  expect(decision.actions).toEqual([actions[1]])
  expect(decision.status.childReferences?.map(reference => reference.name)).toEqual(['run-a-0', 'run-a-1', 'run-a-2'])
})

test('expected names: from the stored Pipeline, with params, and what the status lists', () => {
  const spec = yaml<PipelineSpec>`
    params: [{ name: list, type: array }]
    tasks:
      - { name: a, taskRef: { name: t } }
      - { name: b, taskRef: { name: t }, matrix: { params: [{ name: p, value: "$(params.list[*])" }] } }
      - { name: c, taskRef: { name: t }, matrix: { params: [{ name: p, value: "$(tasks.a.results.r[*])" }] } }
      - { name: d, taskRef: { apiVersion: example.com/v1, kind: Other, name: o } }
    finally: [{ name: e, pipelineRef: { name: p } }]
  `
  const run = simulate({ params: [{ name: 'list', value: ['x', 'y'] }] }).run()
  expect(expectedChildren(run, spec, DEFAULT_SETTINGS).map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    'TaskRun run-a',
    'TaskRun run-b-0',
    'TaskRun run-b-1',
    'CustomRun run-d',
    'PipelineRun run-e',
  ])
  const listed = { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: 'run-c-0', pipelineTaskName: 'c' } as const
  const later = { ...run, status: { childReferences: [listed] } }
  expect(expectedChildren(later, spec, DEFAULT_SETTINGS).map(({ name }) => name)).toContain('run-c-0')
})
