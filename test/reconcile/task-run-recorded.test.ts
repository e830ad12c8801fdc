/** What a real Tekton recorded: the same spec goes in, a Pod that ends the same way comes back, the same status comes out. */
import { expect, test } from 'vitest'
import { reconcileTaskRun } from '../../src/reconcile/task-run/task-run.js'
import type { StepActionSpec, StepState, TaskRunSpec, TaskRunStatus, TaskSpec } from '../../src/resources/tekton.js'
import { succeededCondition } from '../../src/status/conditions.js'
import { containerStatus, createdPod, exited, storedPod, taskRun, worldFor } from '../helpers/task-run-world.js'
import { yamlCases } from '../helpers/yaml.js'

interface Recorded {
  readonly name: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly spec: TaskRunSpec
  readonly task?: { readonly labels?: Readonly<Record<string, string>>; readonly spec: TaskSpec }
  readonly stepActions?: Readonly<Record<string, StepActionSpec>>
  readonly expect: {
    readonly condition: { readonly status: string; readonly reason: string; readonly message: string }
    readonly steps: readonly StepState[]
    readonly results?: TaskRunStatus['results']
    readonly taskSpec: TaskSpec
    readonly podName: string
  }
}

const recorded = yamlCases<Recorded>(new URL('task-run-recorded.yaml', import.meta.url))

test.each(recorded)('as recorded: %s', (_, { name, annotations, spec, task, stepActions, expect: expected }) => {
  const run = taskRun(spec, { name, ...(annotations && { annotations }) })
  const world = worldFor(run, {
    ...(task && { task: { is: 'found', value: task.spec, from: { name: spec.taskRef?.name ?? '', ...task } } }),
    stepActions: new Map(Object.entries(stepActions ?? {}).map(([i, value]) => [Number(i), { is: 'found', value }])),
  })
  const first = reconcileTaskRun(run, world)
  expect(comparable(first.status.taskSpec)).toEqual(comparable(expected.taskSpec))
  expect(first.status.podName).toBe(expected.podName)

  const pod = storedPod(createdPod(first), { phase: 'Succeeded', containerStatuses: expected.steps.map(ended) })
  const last = reconcileTaskRun({ ...run, status: first.status }, { ...world, pod })
  expect(last.status.steps?.map(withoutTimes)).toEqual(expected.steps)
  expect(last.status.results).toEqual(expected.results)
  const { status, reason, message } = succeededCondition(last) ?? {}
  // Newer Tektons say what the runtime called the failure; that is our target.
  const told =
    expected.condition.status === 'False' ? `${expected.condition.message}: Error` : expected.condition.message
  expect({ status, reason, message }).toEqual({ ...expected.condition, message: told })
})

test('the recordings hold failures, results, skipped and continued steps', () => {
  const statuses = recorded.map(([, one]) => one.expect)
  const reasons = new Set(statuses.flatMap(({ steps }) => steps.map(step => step.terminationReason)))
  expect([...reasons].sort()).toEqual(['Completed', 'Continued', 'Error', 'Skipped'])
  expect(statuses.some(({ condition }) => condition.status === 'False')).toBe(true)
  expect(statuses.filter(({ results }) => results).length).toBeGreaterThan(5)
})

/** The container that leaves a step looking as recorded. */
function ended({ container, terminated, terminationReason }: StepState) {
  const continued = terminationReason === 'Continued'
  const entries = [
    ...(terminated?.message ? JSON.parse(terminated.message) : []),
    ...(continued ? [{ key: 'ExitCode', value: String(terminated?.exitCode), type: 3 }] : []),
    ...(terminationReason === 'Skipped' ? [{ key: 'Reason', value: 'Skipped', type: 3 }] : []),
  ]
  return containerStatus(container, exited(continued ? 0 : (terminated?.exitCode ?? 0), entries, terminated?.reason))
}

function withoutTimes({ terminated, ...step }: StepState) {
  const { startedAt: _, finishedAt: __, ...rest } = terminated ?? { exitCode: -1 }
  return { ...step, terminated: rest }
}

/** Tekton edits an object param's default in place and lists no propagated workspace that nobody mentions: both are its own. */
function comparable(spec: TaskSpec | undefined): unknown {
  const { params, ...rest } = JSON.parse(JSON.stringify(spec)) as TaskSpec
  return { ...rest, ...(params && { params: params.map(({ default: _, ...param }) => param) }) }
}
