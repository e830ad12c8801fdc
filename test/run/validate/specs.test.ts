/** The same rules at run time, on specs that were fetched by a reference: any base path, plain data back. */
import { expect, test } from 'vitest'
import { problemsText } from '../../../src/resources/problem.js'
import type { PipelineRun, TaskRun } from '../../../src/resources/tekton.js'
import { DEFAULT_SETTINGS } from '../../../src/run/settings.js'
import { validatePipelineSpec } from '../../../src/run/validate/pipeline.js'
import { validateTask, validateTaskSpec } from '../../../src/run/validate/task.js'
import { validateRunUpdate } from '../../../src/run/validate/update.js'

test('a Task is checked at the path it is given', () => {
  const spec = { steps: [{ script: 'echo $(params.a)' }] }
  expect(problemsText(validateTaskSpec(spec, 'status.taskSpec', { settings: DEFAULT_SETTINGS }))).toBe(
    'missing field(s): status.taskSpec.steps[0].Image',
  )
  expect(problemsText(validateTask(spec, 'x', { settings: DEFAULT_SETTINGS }))).toBe(
    'missing field(s): x.steps[0].Image\nnon-existent variable in "echo $(params.a)": x.steps[0].script',
  )
})

test('a Pipeline is checked at the path it is given, CEL by the check that is handed in', () => {
  const task = {
    name: 'a',
    taskRef: { name: 't' },
    when: [{ cel: '1 +' }],
    matrix: { params: [{ name: 'p', value: ['a', 'b'] }] },
  }
  const options = { settings: { ...DEFAULT_SETTINGS, maxMatrixCombinations: 1 }, celCheck: () => 'Syntax error' }
  expect(problemsText(validatePipelineSpec({ tasks: [task] }, 'here', options))).toBe(
    'expected 0 <= 2 <= 1: here.tasks[0].matrix\ninvalid cel expression: 1 + with err: Syntax error: here.tasks[0].when[0]',
  )
})

const metadata = {
  name: 'r',
  namespace: 'n',
  uid: 'u',
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
}
const taskRun: TaskRun = {
  apiVersion: 'tekton.dev/v1',
  kind: 'TaskRun',
  metadata,
  spec: { taskRef: { name: 't' } },
  status: { startTime: '2026-01-01T00:00:00Z' },
}
const pipelineRun: PipelineRun = {
  apiVersion: 'tekton.dev/v1',
  kind: 'PipelineRun',
  metadata,
  spec: { pipelineRef: { name: 'p' } },
}
const succeeded = { ...taskRun, status: { conditions: [{ type: 'Succeeded', status: 'True' as const }] } }

test.each<[string, TaskRun | PipelineRun, (TaskRun | PipelineRun)['spec'], string]>([
  ['cancelling', taskRun, { ...taskRun.spec, status: 'TaskRunCancelled', statusMessage: 'm' }, ''],
  [
    'another Task',
    taskRun,
    { taskRef: { name: 'u' } },
    'invalid value: Once the TaskRun has started, only status and statusMessage updates are allowed: spec',
  ],
  [
    'pending after start',
    taskRun,
    { ...taskRun.spec, status: 'TaskRunPending' },
    'invalid value: TaskRun cannot be Pending after it is started: spec.status',
  ],
  [
    'another manager',
    taskRun,
    { ...taskRun.spec, managedBy: 'x' },
    'invalid value: managedBy is immutable: spec.managedBy',
  ],
  [
    'another manager and another Task',
    taskRun,
    { taskRef: { name: 'u' }, managedBy: 'x' },
    'invalid value: Once the TaskRun has started, only status and statusMessage updates are allowed: spec\ninvalid value: managedBy is immutable: spec.managedBy',
  ],
  [
    'a done run',
    succeeded,
    { ...taskRun.spec, status: 'TaskRunCancelled' },
    'invalid value: Once the TaskRun is complete, no updates are allowed: spec',
  ],
  ['a done run, unchanged', succeeded, taskRun.spec, ''],
  [
    'a PipelineRun',
    pipelineRun,
    { pipelineRef: { name: 'q' } },
    'invalid value: Once the PipelineRun has started, only status updates are allowed: spec',
  ],
  [
    'a PipelineRun, pending after start',
    { ...pipelineRun, status: { startTime: '2026-01-01T00:00:00Z' } },
    { ...pipelineRun.spec, status: 'PipelineRunPending' },
    'invalid value: PipelineRun cannot be Pending after it is started: spec.status',
  ],
  [
    'a done PipelineRun',
    { ...pipelineRun, status: { conditions: [{ type: 'Succeeded', status: 'False' }] } },
    { ...pipelineRun.spec, status: 'Cancelled' },
    'invalid value: Once the PipelineRun is complete, no updates are allowed: spec',
  ],
])('updating: %s', (_, before, spec, text) => {
  expect(problemsText(validateRunUpdate(before, { spec } as Pick<TaskRun, 'spec'>))).toBe(text)
})
