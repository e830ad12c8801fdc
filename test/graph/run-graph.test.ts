import { expect, test } from 'vitest'
import type { RunGraph } from '../../src/graph/graph.js'
import { pipelineGraph, type RunObjects, runGraph } from '../../src/graph/run-graph.js'
import type { PipelineRun, PipelineSpec, TaskRun } from '../../src/resources/tekton.js'
import { cases } from '../helpers/cases.js'
import { yaml } from '../helpers/yaml.js'

const SPEC: PipelineSpec = yaml`
  tasks:
    - { name: clone }
    - { name: lint, runAfter: [clone] }
    - { name: build, runAfter: [clone], retries: 2 }
    - { name: deploy, runAfter: [build, lint] }
  finally:
    - { name: report }
`

/** What happened to a pipeline task, in short: `minutes` are those of the hour in which all of this is. */
interface Told {
  readonly from?: number
  readonly to?: number
  readonly status?: 'True' | 'False' | 'Unknown'
  readonly reason?: string
  readonly retries?: number
  readonly times?: number
}

function at(minute: number): string {
  return `2026-11-22T10:${String(minute).padStart(2, '0')}:00Z`
}

function objects(
  spec: PipelineSpec,
  tasks: Record<string, Told>,
  status: Partial<PipelineRun['status']> = {},
): RunObjects {
  const taskRuns = Object.entries(tasks).flatMap(([name, told]) =>
    Array.from({ length: told.times ?? 1 }, (_, index) =>
      taskRun(told.times ? `run-${name}-${index}` : `run-${name}`, name, told),
    ),
  )
  const run = {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: { name: 'run', namespace: 'default', uid: 'uid-run' },
    spec: {},
    status: { pipelineSpec: spec, ...status },
  } as unknown as PipelineRun
  return { run, taskRuns }
}

function taskRun(
  name: string,
  task: string,
  { from, to, status = 'True', reason = 'Succeeded', retries = 0 }: Told,
): TaskRun {
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-${name}`,
      labels: { 'tekton.dev/pipelineTask': task, 'tekton.dev/pipelineRunUID': 'uid-run' },
    },
    spec: {},
    status: {
      ...(from !== undefined && { startTime: at(from) }),
      ...(to !== undefined && { completionTime: at(to) }),
      conditions: [{ type: 'Succeeded', status, reason, message: `it ${reason}` }],
      ...(retries > 0 && { retriesStatus: Array.from({ length: retries }, (_, index) => ({ startTime: at(index) })) }),
    },
  } as unknown as TaskRun
}

function brief({ nodes }: RunGraph): Record<string, string> {
  return Object.fromEntries(
    nodes.map(node => [node.name, [node.status, node.reason ?? node.skippedReason].filter(Boolean).join(' ')]),
  )
}

test.each(
  cases({
    'nothing has begun': {
      tasks: {},
      expected: { clone: 'pending', lint: 'pending', build: 'pending', deploy: 'pending', report: 'pending' },
      path: [],
    },
    'a Pod waits for its image, another runs': {
      tasks: {
        clone: { from: 0, to: 1 },
        lint: { from: 1, status: 'Unknown', reason: 'PullImageFailed' },
        build: { from: 2, status: 'Unknown', reason: 'Running', retries: 1 },
      },
      expected: {
        clone: 'succeeded Succeeded',
        lint: 'pending PullImageFailed',
        build: 'running Running',
        deploy: 'pending',
        report: 'pending',
      },
      path: ['clone', 'build'],
    },
    'a failure, a skip, and finally': {
      tasks: {
        clone: { from: 0, to: 1 },
        lint: { from: 1, to: 2 },
        build: { from: 1, to: 7, status: 'False', reason: 'StepFailed' },
        report: { from: 7, to: 8 },
      },
      status: {
        skippedTasks: [{ name: 'deploy', reason: 'PipelineRun was stopping' }],
        conditions: [{ type: 'Succeeded', status: 'False', reason: 'Failed', message: '', lastTransitionTime: at(8) }],
      },
      expected: {
        clone: 'succeeded Succeeded',
        lint: 'succeeded Succeeded',
        build: 'failed StepFailed',
        deploy: 'skipped PipelineRun was stopping',
        report: 'succeeded Succeeded',
      },
      path: ['clone', 'build', 'report'],
    },
    'cancelled at once': {
      tasks: { clone: { from: 0, to: 1, status: 'False', reason: 'TaskRunCancelled' } },
      status: {
        conditions: [
          { type: 'Succeeded', status: 'False', reason: 'Cancelled', message: '', lastTransitionTime: at(1) },
        ],
      },
      expected: {
        clone: 'cancelled TaskRunCancelled',
        lint: 'skipped the run ended before it began',
        build: 'skipped the run ended before it began',
        deploy: 'skipped the run ended before it began',
        report: 'skipped the run ended before it began',
      },
      path: ['clone'],
    },
  } as Record<
    string,
    { tasks: Record<string, Told>; status?: Partial<PipelineRun['status']>; expected: object; path: string[] }
  >),
)('%s', (_, { tasks, status, expected, path }) => {
  const graph = runGraph(objects(SPEC, tasks, status))
  expect(brief(graph)).toEqual(expected)
  expect(graph.criticalPath).toEqual(path)
  expect(graph.nodes.filter(node => node.onCriticalPath).map(node => node.id)).toEqual(path)
})

test('times, retries and children of a node', () => {
  const { nodes } = runGraph(objects(SPEC, { build: { from: 5, to: 9, retries: 2 } }))
  expect(nodes.find(node => node.name === 'build')).toEqual({
    id: 'build',
    name: 'build',
    kind: 'task',
    status: 'succeeded',
    reason: 'Succeeded',
    message: 'it Succeeded',
    startedAt: at(0),
    completedAt: at(9),
    retries: 2,
    taskRuns: ['run-build'],
    isFinally: false,
    onCriticalPath: true,
  })
})

test('the critical path goes over what was skipped', () => {
  const spec: PipelineSpec = yaml`tasks: [{ name: a }, { name: b, runAfter: [a] }, { name: c, runAfter: [b] }]`
  const graph = runGraph(
    objects(
      spec,
      { a: { from: 0, to: 3 }, c: { from: 3, to: 4 } },
      { skippedTasks: [{ name: 'b', reason: 'When Expressions evaluated to false' }] },
    ),
  )
  expect(graph.criticalPath).toEqual(['a', 'c'])
})

test('a matrix is one node that counts its children', () => {
  const spec: PipelineSpec = yaml`tasks: [{ name: m, matrix: { params: [{ name: p, value: [x, y, z] }] } }]`
  const [begun] = runGraph(objects(spec, { m: { from: 0, to: 1, times: 2 } })).nodes
  expect(begun).toMatchObject({ kind: 'matrix', status: 'running', matrix: { total: 3, done: 2, failed: 0 } })
  const [failed] = runGraph(
    objects(spec, { m: { from: 0, to: 1, times: 3, status: 'False', reason: 'StepFailed' } }),
  ).nodes
  expect(failed).toMatchObject({
    status: 'failed',
    matrix: { total: 3, done: 3, failed: 3 },
    taskRuns: ['run-m-0', 'run-m-1', 'run-m-2'],
  })
})

test('a nested pipeline is a group with its own nodes, whose ids say where they are', () => {
  const inner: PipelineSpec = yaml`tasks: [{ name: plan }, { name: apply, runAfter: [plan] }]`
  const spec: PipelineSpec = { tasks: [{ name: 'deploy', pipelineSpec: inner }] }
  const [plan] = pipelineGraph(spec).nodes
  expect(plan?.group?.nodes.map(node => [node.id, node.status])).toEqual([
    ['deploy/plan', 'pending'],
    ['deploy/apply', 'pending'],
  ])
  const outer = objects(
    spec,
    {},
    {
      childReferences: [{ apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', name: 'run', pipelineTaskName: 'deploy' }],
    },
  )
  const [node] = runGraph({ ...outer, children: [objects(inner, { plan: { from: 0, to: 1 } })] }).nodes
  expect(node).toMatchObject({ kind: 'pipeline', taskRuns: ['run'] })
  expect(node?.group?.edges).toEqual([{ from: 'deploy/plan', to: 'deploy/apply', why: 'runAfter' }])
  expect(node?.group?.nodes.map(one => [one.id, one.status])).toEqual([
    ['deploy/plan', 'succeeded'],
    ['deploy/apply', 'pending'],
  ])
})

test('a task of somebody else is not counted, whatever it is called', () => {
  const told = objects(SPEC, {})
  const stranger = taskRun('stranger', 'clone', { from: 0, to: 1 })
  const planted = {
    ...stranger,
    metadata: {
      ...stranger.metadata,
      labels: { 'tekton.dev/pipelineTask': 'clone', 'tekton.dev/pipelineRunUID': 'other' },
    },
  }
  expect(brief(runGraph({ ...told, taskRuns: [planted] })).clone).toBe('pending')
})

test('a failure that is allowed; a thousand tasks', () => {
  const spec: PipelineSpec = { tasks: [{ name: 'a', onError: 'continue' }] }
  const [node] = runGraph(objects(spec, { a: { from: 0, to: 1, status: 'False', reason: 'FailureIgnored' } })).nodes
  expect(node).toMatchObject({ status: 'failed', isFailureAllowed: true })

  const names = Array.from({ length: 1_000 }, (_, index) => `t${index}`)
  const tasks = names.map((name, index) => ({ name, runAfter: names.slice(Math.max(0, index - 30), index) }))
  const graph = runGraph(objects({ tasks }, Object.fromEntries(names.map(name => [name, { from: 0, to: 1 }]))))
  expect(graph.edges.length).toBe(999)
  expect(graph.criticalPath.length).toBe(1_000)
})
