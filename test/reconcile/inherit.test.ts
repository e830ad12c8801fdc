/** When a TaskRun takes over the outcome of an earlier one, and when it runs. */
import { expect, test } from 'vitest'
import { reconcileTaskRun } from '../../src/reconcile/task-run/task-run.js'
import type { TaskRun, TaskRunSpec } from '../../src/resources/tekton.js'
import { cases } from '../helpers/cases.js'
import { createdPod, NOW, taskRun, worldFor } from '../helpers/task-run-world.js'

const SPEC: TaskRunSpec = {
  taskSpec: {
    params: [{ name: 'who' }],
    results: [{ name: 'image' }],
    workspaces: [{ name: 'source' }],
    steps: [
      { name: 'a', image: 'sh', script: 'echo $(params.who) $(context.taskRun.name) $(context.task.retry-count)' },
    ],
  },
  params: [{ name: 'who', value: 'me' }],
  workspaces: [{ name: 'source', persistentVolumeClaim: { claimName: 'claim' } }],
  timeout: '5m0s',
  serviceAccountName: 'builder',
}
const STEP = SPEC.taskSpec!.steps[0]!
const LABELS = { 'tekton.dev/pipelineRun': 'first' }
const INHERITS = { annotations: { 'tektite.dev/inherit-from': 'first-build' } }

/** As it ran and ended. */
function earlier(status: 'True' | 'False' = 'True', attempts = 0): TaskRun {
  const fresh = taskRun(SPEC, { name: 'first-build', uid: 'uid-1', labels: LABELS })
  const { status: begun } = reconcileTaskRun(fresh, withAccount(fresh))
  const steps = begun.taskSpec!.steps.map(step => ({
    ...step,
    script: step.script?.replace('$(context.task.retry-count)', String(attempts)) ?? '',
  }))
  return {
    ...fresh,
    status: {
      ...begun,
      taskSpec: { ...begun.taskSpec!, steps },
      results: [{ name: 'image', value: 'sha256:1' }],
      artifacts: {},
      ...(attempts > 0 && { retriesStatus: Array.from({ length: attempts }, () => ({})) }),
      conditions: [{ type: 'Succeeded', status, reason: status === 'True' ? 'Succeeded' : 'StepFailed' }],
    },
  }
}

function withAccount(run: TaskRun, found?: TaskRun) {
  return worldFor(run, { earlier: found })
}

test.each([0, 2])('the same after %i retries: its results are taken over, and no Pod is made', attempts => {
  const run = taskRun(SPEC, INHERITS)
  const found = earlier('True', attempts)
  const decision = reconcileTaskRun(run, withAccount(run, found))
  expect(decision.actions).toEqual([])
  expect(decision.annotations).toMatchObject({ 'tektite.dev/inherited-from': 'first-build' })
  expect(decision.status).toMatchObject({
    startTime: '2026-01-02T03:04:05Z',
    completionTime: '2026-01-02T03:04:05Z',
    results: [{ name: 'image', value: 'sha256:1' }],
    artifacts: {},
    taskSpec: { steps: [{ script: 'echo me build 0' }] },
    conditions: [
      {
        status: 'True',
        reason: 'Succeeded',
        message: 'Taken over from TaskRun "first-build" of PipelineRun "first", which succeeded and was the same',
      },
    ],
  })
  expect(decision.status.podName).toBeUndefined()
})

test('what was taken over can be taken over again', () => {
  const second = taskRun(SPEC, { ...INHERITS, name: 'second-build', uid: 'uid-2' })
  const { status } = reconcileTaskRun(second, withAccount(second, earlier()))
  const third = taskRun(SPEC, { annotations: { 'tektite.dev/inherit-from': 'second-build' } })
  const decision = reconcileTaskRun(third, withAccount(third, { ...second, status }))
  expect(decision.annotations).toMatchObject({ 'tektite.dev/inherited-from': 'second-build' })
  expect(decision.status.results).toEqual([{ name: 'image', value: 'sha256:1' }])
})

interface Other {
  readonly spec?: Partial<TaskRunSpec>
  readonly found?: TaskRun | 'none'
  readonly why: string
}

test.each(
  cases<Other>({
    'it is gone': { found: 'none', why: 'TaskRun "first-build" does not exist any more' },
    'it failed': { found: earlier('False'), why: 'TaskRun "first-build" did not succeed (StepFailed)' },
    'it never began': { found: { ...earlier(), status: {} }, why: 'TaskRun "first-build" did not succeed (not begun)' },
    'a param': {
      spec: { params: [{ name: 'who', value: 'you' }] },
      why: 'param "who" has another value than in TaskRun "first-build"',
    },
    'a workspace': {
      spec: { workspaces: [{ name: 'source', persistentVolumeClaim: { claimName: 'new' } }] },
      why: 'workspace "source" is another volume than in TaskRun "first-build", so what that wrote is not there',
    },
    'a folder of it': {
      spec: { workspaces: [{ name: 'source', subPath: 'x', persistentVolumeClaim: { claimName: 'claim' } }] },
      why: 'workspace "source" is another volume than in TaskRun "first-build", so what that wrote is not there',
    },
    'the account': { spec: { serviceAccountName: 'other' }, why: 'TaskRun "first-build" had another service account' },
    'the Pod template': {
      spec: { podTemplate: { nodeSelector: { disk: 'ssd' } } },
      why: 'TaskRun "first-build" had another podTemplate',
    },
    'the script': {
      spec: { taskSpec: { ...SPEC.taskSpec!, steps: [{ ...STEP, script: 'echo no' }] } },
      why: 'the task is not what TaskRun "first-build" ran',
    },
    'a declared result': {
      spec: { taskSpec: { ...SPEC.taskSpec!, results: [{ name: 'image' }, { name: 'digest' }] } },
      why: 'the task is not what TaskRun "first-build" ran',
    },
  }),
)('another: %s', (_, { spec, found = earlier(), why }) => {
  const run = taskRun({ ...SPEC, ...spec }, INHERITS)
  const decision = reconcileTaskRun(run, withAccount(run, found === 'none' ? undefined : found))
  expect(decision.annotations).toMatchObject({ 'tektite.dev/not-inherited': why })
  expect(createdPod(decision).metadata.name).toBe('build-pod')
  expect(decision.status.results).toBeUndefined()
})

test.each(
  cases<{ readonly spec: Partial<TaskRunSpec>; readonly annotations?: Record<string, string> }>({
    'how long and how often it may run': { spec: { timeout: '1h0m0s', retries: 3 } },
    'what it may use': { spec: { computeResources: { limits: { memory: '1Gi' } } } },
    'a workspace, where that is insisted on': {
      spec: { workspaces: [{ name: 'source', persistentVolumeClaim: { claimName: 'new' } }] },
      annotations: { 'tektite.dev/from-failed-workspaces': 'ignore' },
    },
  }),
)('does not count: %s', (_, { spec, annotations }) => {
  const run = taskRun({ ...SPEC, ...spec }, { annotations: { ...INHERITS.annotations, ...annotations } })
  const decision = reconcileTaskRun(run, withAccount(run, earlier()))
  expect(decision.annotations).toMatchObject({ 'tektite.dev/inherited-from': 'first-build' })
})

test('what was decided once stays decided: a run that began does not stop halfway', () => {
  const run = taskRun(SPEC, { annotations: { ...INHERITS.annotations, 'tektite.dev/not-inherited': 'because' } })
  const decision = reconcileTaskRun(run, withAccount(run, earlier()))
  expect(createdPod(decision).metadata.name).toBe('build-pod')
  expect(NOW).toBe(Date.parse(decision.status.startTime ?? ''))
})
