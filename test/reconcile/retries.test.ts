/** Which failures are tried again, and who pays: budgets by class beside `spec.retries`. */
import { expect, test } from 'vitest'
import type { Decision } from '../../src/reconcile/decision.js'
import { reconcile } from '../../src/reconcile/reconcile.js'
import { reconcileTaskRun } from '../../src/reconcile/task-run/task-run.js'
import type { PodStatus } from '../../src/resources/core.js'
import type { TaskRun, TaskRunSpec, TaskRunStatus, TaskSpec } from '../../src/resources/tekton.js'
import { DEFAULT_SETTINGS, type Settings } from '../../src/run/settings.js'
import { isDone, succeededCondition } from '../../src/status/conditions.js'
import { cases } from '../helpers/cases.js'
import {
  containerStatus,
  createdPod,
  exited,
  NOW,
  running,
  storedPod,
  taskRun,
  worldFor,
} from '../helpers/task-run-world.js'
import { depsFor, storeWith } from './real-store.js'

const SPEC: TaskRunSpec = { taskSpec: { steps: [{ name: 'a', image: 'tool', command: ['a'] }] } }
const failed = (state: ReturnType<typeof exited>): PodStatus => ({
  phase: 'Failed',
  containerStatuses: [containerStatus('step-a', state)],
})
const EXIT_1 = failed(exited(1))
const OOM = failed(exited(137, [], 'OOMKilled'))
const EVICTED_STARTED: PodStatus = {
  ...failed(exited(137)),
  reason: 'Evicted',
  message: 'The node was low on resource: memory.',
}
const EVICTED: PodStatus = { phase: 'Failed', reason: 'Evicted', message: 'The node had condition: [MemoryPressure].' }
const GIVEN_UP: PodStatus = {
  ...EVICTED,
  conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'DeletionByPodGC' }],
}

/** The run with each attempt's Pod ending like this, until it is done or another Pod has no end. */
function through(run: TaskRun, endings: readonly PodStatus[], settings: Settings = DEFAULT_SETTINGS) {
  let [seen, now] = [run, NOW]
  const pauses: number[] = []
  const next = (more: Partial<Parameters<typeof worldFor>[1]> = {}): Decision<TaskRunStatus> => {
    const decision = reconcileTaskRun(seen, worldFor(seen, { now, settings, ...more }))
    seen = { ...seen, status: decision.status }
    return decision
  }
  for (const ending of endings) {
    let begun = next()
    if (begun.actions.length === 0) {
      const { lookAgainAt = now } = begun
      pauses.push(lookAgainAt - now)
      now = lookAgainAt
      begun = next()
    }
    const pod = storedPod(createdPod(begun), ending)
    now += 1_000
    next({ pod })
    if (isDone(seen)) break
  }
  const attempts = (seen.status?.retriesStatus ?? []).map(({ conditions }) => conditions?.map(({ reason }) => reason))
  return { run: seen, attempts, pauses, condition: succeededCondition(seen) }
}

const annotated = (annotations: Readonly<Record<string, string>>, spec: Partial<TaskRunSpec> = {}) =>
  taskRun({ ...SPEC, ...spec }, { annotations })

interface Budget {
  readonly annotations?: Readonly<Record<string, string>>
  readonly retries?: number
  readonly settings?: Settings['retries']
  readonly ending: PodStatus
  /** Attempts that were followed by another. */
  readonly repeated: number
}

test.each(
  cases<Budget>({
    'an exit code, and nobody pays': { ending: EXIT_1, repeated: 0 },
    'an exit code, paid by the user budget': {
      annotations: { 'tektite.dev/retries-user': '2' },
      ending: EXIT_1,
      repeated: 2,
    },
    'an exit code, and budgets of other classes': {
      annotations: {
        'tektite.dev/retries-memory': '2',
        'tektite.dev/retries-infrastructure': '2',
        'tektite.dev/retries-timeout': '2',
      },
      ending: EXIT_1,
      repeated: 0,
    },
    'an exit code, paid by both': {
      annotations: { 'tektite.dev/retries-user': '1' },
      retries: 2,
      ending: EXIT_1,
      repeated: 3,
    },
    'out of memory': { annotations: { 'tektite.dev/retries-memory': '2' }, ending: OOM, repeated: 2 },
    'out of memory is no exit code': { annotations: { 'tektite.dev/retries-user': '2' }, ending: OOM, repeated: 0 },
    'evicted after a step was begun': { ending: EVICTED_STARTED, repeated: 0 },
    'evicted after a step was begun, with a budget': {
      annotations: { 'tektite.dev/retries-infrastructure': '1' },
      ending: EVICTED_STARTED,
      repeated: 1,
    },
    'evicted before any step: three times without being asked': { ending: EVICTED, repeated: 3 },
    'evicted before any step, and the budget says no': {
      annotations: { 'tektite.dev/retries-infrastructure': '0' },
      ending: EVICTED,
      repeated: 0,
    },
    'evicted before any step, and the installation says no': {
      settings: { infrastructure: 0 },
      ending: EVICTED,
      repeated: 0,
    },
    'given up with its node: what it did is not known': { ending: GIVEN_UP, repeated: 0 },
    'a budget of the installation': { settings: { user: 1 }, ending: EXIT_1, repeated: 1 },
    'a budget of the run, over that of the installation': {
      settings: { user: 5 },
      annotations: { 'tektite.dev/retries-user': '2' },
      ending: EXIT_1,
      repeated: 2,
    },
  }),
)('%s', (_, { annotations = {}, retries, settings = {}, ending, repeated }) => {
  const run = annotated(annotations, { ...(retries !== undefined && { retries }) })
  const ended = through(run, Array<PodStatus>(10).fill(ending), { ...DEFAULT_SETTINGS, retries: settings })
  expect(ended.attempts).toHaveLength(repeated)
  expect(ended.condition?.status).toBe('False')
})

test('an attempt that a budget paid for says so, one that spec.retries paid for is as in Tekton', () => {
  const run = annotated({ 'tektite.dev/retries-memory': '1' }, { retries: 1 })
  const ended = through(run, [OOM, OOM, OOM])
  expect(ended.attempts).toEqual([['StepOOM', 'Memory'], ['StepOOM']])
  expect(ended.run.status?.retriesStatus?.[0]?.conditions?.[1]).toEqual({
    type: 'RetryBudget',
    status: 'True',
    reason: 'Memory',
    message: 'memory failure, tried again from tektite.dev/retries-memory: 1 of 1',
    lastTransitionTime: '2026-01-02T03:04:06Z',
  })
  expect(ended.run.status?.conditions?.map(({ type }) => type)).toEqual(['Succeeded'])
})

test('while it is to be retried the condition tells who pays', () => {
  const { condition } = through(annotated({ 'tektite.dev/retries-user': '2' }), [EXIT_1])
  expect(condition).toMatchObject({
    status: 'Unknown',
    reason: 'ToBeRetried',
    message: '"step-a" exited with code 1: Error (user failure, tried again from tektite.dev/retries-user: 1 of 2)',
  })
})

test('the infrastructure gets time, more each time; other failures are tried again at once', () => {
  const run = annotated({ 'tektite.dev/retries-infrastructure': '7' })
  expect(through(run, Array<PodStatus>(8).fill(EVICTED)).pauses).toEqual([
    1_000, 4_000, 16_000, 64_000, 256_000, 300_000, 300_000,
  ])
  expect(through(annotated({ 'tektite.dev/retries-memory': '2' }), [OOM, OOM, OOM]).pauses).toEqual([])
})

test('out of time is a class of its own, and its Pod goes before the next attempt begins', () => {
  const run = annotated({ 'tektite.dev/retries-timeout': '1' }, { timeout: '10s' })
  const begun = reconcileTaskRun(run, worldFor(run))
  const pod = storedPod(createdPod(begun), {
    phase: 'Running',
    containerStatuses: [containerStatus('step-a', running())],
  })
  const late = { ...run, status: begun.status }
  const ending = reconcileTaskRun(late, worldFor(late, { now: NOW + 12_000, pod }))
  expect(ending.actions.map(({ do: what }) => what)).toEqual(['delete'])
  expect(ending.status.retriesStatus).toBeUndefined()
  const waits = { ...run, status: ending.status }
  // Who pays was settled when it failed: not even another annotation changes it.
  const changed = { ...waits, metadata: { ...waits.metadata, annotations: {} } }
  const still = reconcileTaskRun(changed, worldFor(changed, { now: NOW + 13_000, pod }))
  expect(still.status).toEqual(ending.status)
  const gone = reconcileTaskRun(changed, worldFor(changed, { now: NOW + 14_000 }))
  expect(gone.status.retriesStatus?.[0]?.conditions?.map(({ reason }) => reason)).toEqual(['TaskRunTimeout', 'Timeout'])
})

test('a cancel is never tried again, nor is one that comes while the next attempt waits', () => {
  const run = annotated({ 'tektite.dev/retries-infrastructure': '5', 'tektite.dev/retries-user': '5' }, { retries: 5 })
  const { run: resting } = through(run, [EVICTED])
  const cancelled = { ...resting, spec: { ...resting.spec, status: 'TaskRunCancelled' as const } }
  const end = reconcileTaskRun(cancelled, worldFor(cancelled, { now: NOW + 1_500 }))
  expect(succeededCondition({ status: end.status })).toMatchObject({ status: 'False', reason: 'TaskRunCancelled' })
  expect(end.status.retriesStatus).toHaveLength(1)
})

test('what a pipeline goes on after is not repeated for the user’s budget, but for the infrastructure’s', () => {
  const onError = { 'pipeline.tekton.dev/pipeline-task-on-error': 'continue' }
  const user = through(annotated({ ...onError, 'tektite.dev/retries-user': '2' }), [EXIT_1])
  expect([user.attempts.length, user.condition?.reason]).toEqual([0, 'FailureIgnored'])
  const evicted = through(annotated(onError), Array<PodStatus>(5).fill(EVICTED))
  expect([evicted.attempts.length, evicted.condition?.reason]).toEqual([3, 'FailureIgnored'])
})

test('budgets of the Task count like those of the run, and the run’s win', () => {
  const task = (retries: string, steps: TaskSpec['steps'] = []) => ({
    is: 'found' as const,
    value: { steps },
    from: { kind: 'Task', name: 't', annotations: { 'tektite.dev/retries-user': retries } } as never,
  })
  const run = taskRun({ taskRef: { name: 't' } })
  const repeated = reconcileTaskRun(run, worldFor(run, { task: task('1') }))
  expect(repeated.status.retriesStatus).toHaveLength(1)
  const own = annotated({ 'tektite.dev/retries-user': '0' }, { taskRef: { name: 't' } })
  expect(reconcileTaskRun(own, worldFor(own, { task: task('1') })).status.retriesStatus).toBeUndefined()
  const bad = reconcileTaskRun(run, worldFor(run, { task: task('many', [{ image: 'tool' }]) }))
  expect(succeededCondition({ status: bad.status })).toMatchObject({
    status: 'False',
    reason: 'TaskRunValidationFailed',
    message:
      '[User error] invalid value: "many": metadata.annotations[tektite.dev/retries-user]\nwrite how often such a failure is tried again, a whole number from 0 to 100',
  })
})

test.each(['PipelineRun', 'TaskRun'] as const)(
  'a %s past admission with a count that is none fails by name',
  async kind => {
    const cluster = await storeWith()
    const metadata = { name: 'x', namespace: 'default', annotations: { 'tektite.dev/retries-memory': '-1' } }
    const taskSpec = { steps: [{ image: 'tool' }] }
    const spec = kind === 'TaskRun' ? { taskSpec } : { pipelineSpec: { tasks: [{ name: 'a', taskSpec }] } }
    await cluster.create(kind, { apiVersion: 'tekton.dev/v1', kind, metadata, spec } as never)
    await reconcile(depsFor(cluster), `${kind}/default/x`)
    const run = await cluster.get<'PipelineRun' | 'TaskRun'>(kind, { namespace: 'default', name: 'x' })
    expect(succeededCondition(run!)).toMatchObject({
      status: 'False',
      message: `[User error] ${kind} default/x is malformed: invalid value: "-1": metadata.annotations[tektite.dev/retries-memory]\nwrite how often such a failure is tried again, a whole number from 0 to 100`,
    })
    expect(await cluster.list('Pod')).toEqual([])
  },
)
