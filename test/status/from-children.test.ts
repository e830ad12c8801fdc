import { expect, test } from 'vitest'
import { type Conclusion, type Counts, conclude, progressMessage } from '../../src/status/from-children.js'
import { cases } from '../helpers/cases.js'

const NONE: Counts = {
  succeeded: 0,
  failed: 0,
  ignored: 0,
  cancelled: 0,
  invalid: [],
  skipped: 0,
  skippedByTimeout: 0,
  incomplete: 0,
}

test.each(
  cases({
    'while it runs': {
      counts: { succeeded: 2, incomplete: 1 },
      message: 'Tasks Completed: 2 (Failed: 0, Cancelled 0), Incomplete: 1, Skipped: 0',
    },
    'at the end': {
      counts: { succeeded: 1, failed: 1, cancelled: 1, skipped: 2 },
      message: 'Tasks Completed: 3 (Failed: 1, Cancelled 1), Skipped: 2',
    },
    'ignored failures': {
      counts: { succeeded: 3, ignored: 1 },
      message: 'Tasks Completed: 4 (Failed: 1 (Ignored: 1), Cancelled 0), Skipped: 0',
    },
    'failed validation': {
      counts: { succeeded: 1, invalid: ['a', 'b'] },
      message: 'Tasks Completed: 1 (Failed: 0, Cancelled 0), Skipped: 0, Failed Validation: 2 (a; b)',
    },
  }),
)('progress message: %s', (_, { counts, message }) => {
  expect(progressMessage({ ...NONE, ...counts })).toBe(message)
})

test('long problems are cut', () => {
  expect(progressMessage({ ...NONE, invalid: ['x'.repeat(5_000)] }).length).toBeLessThan(1_200)
})

const END = { name: 'run', requested: undefined, tasksTimeout: undefined, inFinally: true, hasFinally: false }

test.each(
  cases<{ progress: Partial<Parameters<typeof conclude>[0]>; counts: Partial<Counts>; ends: string }>({
    'all succeeded': { progress: {}, counts: { succeeded: 1 }, ends: 'True Succeeded' },
    'something skipped': { progress: {}, counts: { succeeded: 1, skipped: 1 }, ends: 'True Completed' },
    'only an ignored failure': { progress: {}, counts: { ignored: 1 }, ends: 'True Succeeded' },
    'a failure over a cancel': { progress: {}, counts: { failed: 1, cancelled: 1 }, ends: 'False Failed' },
    'skipped by a timeout': { progress: {}, counts: { skipped: 1, skippedByTimeout: 1 }, ends: 'False Failed' },
    'a cancelled child': { progress: {}, counts: { cancelled: 1, skipped: 1 }, ends: 'False Cancelled' },
    'an invalid task over a failure': {
      progress: {},
      counts: { failed: 1, invalid: ['x'] },
      ends: 'False PipelineValidationFailed',
    },
    'gracefully stopped': {
      progress: { requested: 'StoppedRunFinally' },
      counts: { succeeded: 1 },
      ends: 'False Cancelled',
    },
    'gracefully cancelled with a failure': {
      progress: { requested: 'CancelledRunFinally' },
      counts: { failed: 1 },
      ends: 'False Failed',
    },
    'tasks timeout': { progress: { tasksTimeout: '10s' }, counts: { failed: 1 }, ends: 'False PipelineRunTimeout' },
    running: { progress: {}, counts: { incomplete: 1 }, ends: 'Unknown Running' },
    'running after a failure': {
      progress: {},
      counts: { incomplete: 1, failed: 1 },
      ends: 'Unknown PipelineRunStopping',
    },
    'a failure with finally to come': {
      progress: { hasFinally: true },
      counts: { incomplete: 1, failed: 1 },
      ends: 'Unknown Running',
    },
    'running after a cancel': {
      progress: {},
      counts: { incomplete: 1, cancelled: 1 },
      ends: 'Unknown PipelineRunStopping',
    },
    'finally after a graceful cancel': {
      progress: { requested: 'CancelledRunFinally' },
      counts: { incomplete: 1 },
      ends: 'Unknown CancelledRunningFinally',
    },
    'finally after a graceful stop': {
      progress: { requested: 'StoppedRunFinally' },
      counts: { incomplete: 1 },
      ends: 'Unknown StoppedRunningFinally',
    },
    'finally after the tasks timeout': {
      progress: { tasksTimeout: '10s' },
      counts: { incomplete: 1 },
      ends: 'Unknown PipelineRunTimeoutRunningFinally',
    },
  }),
)('reason: %s', (_, { progress, counts, ends }) => {
  const { status, reason }: Conclusion = conclude({ ...END, ...progress, counts: { ...NONE, ...counts } })
  expect(`${status} ${reason}`).toBe(ends)
})

test('messages of runs that were stopped from outside', () => {
  const stopped = conclude({ ...END, requested: 'StoppedRunFinally', counts: NONE })
  expect(stopped.message).toBe('PipelineRun "run" was cancelled')
  const late = conclude({ ...END, tasksTimeout: '10s', counts: NONE })
  expect(late.message).toBe('PipelineRun "run" failed due to tasks failed to finish within "10s"')
})
