import { describe, expect, test } from 'vitest'
import { isOver, readSummary, type SummarizedRun, summarize } from '../../src/resources/run-summary.js'

const metadata = {
  name: 'build-x1',
  namespace: 'ci',
  uid: 'u-1',
  resourceVersion: '7',
  creationTimestamp: '2026-01-02T03:04:05Z',
}
type Change = Partial<Omit<SummarizedRun, 'metadata'>> & { readonly metadata?: Partial<SummarizedRun['metadata']> }
const run = (change: Change): SummarizedRun => ({
  kind: 'PipelineRun',
  ...change,
  metadata: { ...metadata, ...change.metadata },
})
const condition = (status: string, reason: string, message = '') => ({
  conditions: [{ type: 'Succeeded', status, reason, message }],
})
const begun = { startTime: '2026-01-02T03:04:06Z' }

test('a run that has ended says all that a list shows of it', () => {
  const message = 'Tasks Completed: 3 (Failed: 1, Cancelled 0), Skipped: 2'
  const summary = summarize(
    run({
      metadata: { labels: { 'tekton.dev/pipeline': 'build', 'tektite.dev/schedule': 'nightly', team: 'a' } },
      spec: { pipelineRef: { name: 'build' } },
      status: { ...begun, completionTime: '2026-01-02T03:05:06Z', ...condition('False', 'Failed', message) },
    }),
  )
  expect(summary).toEqual({
    uid: 'u-1',
    kind: 'PipelineRun',
    namespace: 'ci',
    name: 'build-x1',
    pipeline: 'build',
    status: 'failed',
    reason: 'Failed',
    message,
    createdAt: '2026-01-02T03:04:05Z',
    startedAt: '2026-01-02T03:04:06Z',
    completedAt: '2026-01-02T03:05:06Z',
    archived: false,
    trigger: 'schedule/nightly',
    labels: { 'tekton.dev/pipeline': 'build', 'tektite.dev/schedule': 'nightly', team: 'a' },
    tasks: { total: 5, done: 3, failed: 1, skipped: 2 },
  })
  expect(readSummary(JSON.parse(JSON.stringify(summary)))).toEqual(summary)
})

describe('the status of', () => {
  test.each([
    ['a run that nobody has looked at', {}, 'queued'],
    [
      'one that waits for a resolver, and has begun',
      { status: { ...begun, ...condition('Unknown', 'ResolvingTaskRef') } },
      'running',
    ],
    ['one that is held back, before anybody saw it', { spec: { status: 'PipelineRunPending' } }, 'pending'],
    ['one that is held back', { status: condition('Unknown', 'PipelineRunPending') }, 'pending'],
    [
      'a TaskRun whose Pod waits',
      { kind: 'TaskRun', status: { ...begun, ...condition('Unknown', 'Pending') } },
      'pending',
    ],
    ['one that runs', { status: { ...begun, ...condition('Unknown', 'Running') } }, 'running'],
    ['one that stops', { status: { ...begun, ...condition('Unknown', 'CancelledRunningFinally') } }, 'running'],
    ['one that skipped tasks', { status: condition('True', 'Completed') }, 'succeeded'],
    ['one that ran out of time', { status: condition('False', 'PipelineRunTimeout') }, 'failed'],
    ['one that was cancelled', { status: condition('False', 'Cancelled') }, 'cancelled'],
    ['a TaskRun that was cancelled', { kind: 'TaskRun', status: condition('False', 'TaskRunCancelled') }, 'cancelled'],
    ['one whose status somebody broke', { status: { conditions: [null, 'no', { type: 'Succeeded' }] } }, 'queued'],
    ['one without a list of conditions', { status: { conditions: 'no', startTime: 3 } }, 'queued'],
  ] satisfies [string, Change, string][])('%s', (_name, change, status) => {
    const summary = summarize(run(change))
    expect(summary.status).toBe(status)
    expect(isOver(summary)).toBe(['succeeded', 'failed', 'cancelled'].includes(status))
  })
})

describe('how far its tasks are', () => {
  test.each([
    ['Tasks Completed: 1 (Failed: 0, Cancelled 0), Incomplete: 3, Skipped: 1', [5, 1, 0, 1]],
    ['Tasks Completed: 2 (Failed: 2 (Ignored: 1), Cancelled 0), Skipped: 0', [2, 2, 2, 0]],
    ['Tasks Completed: 4 (Failed: 0, Cancelled 1), Skipped: 0, Failed Validation: 1 (x)', [4, 4, 0, 0]],
    ['PipelineRun "x" was cancelled', undefined],
  ] as const)('%s', (message, counts) => {
    const { tasks } = summarize(run({ status: condition('Unknown', 'Running', message) }))
    expect(tasks && [tasks.total, tasks.done, tasks.failed, tasks.skipped]).toEqual(counts)
  })
})

test.each([
  [{}, undefined],
  [{ 'triggers.tekton.dev/eventlistener': 'github' }, 'eventlistener/github'],
  [
    { 'triggers.tekton.dev/eventlistener': 'github', 'triggers.tekton.dev/trigger': 'push' },
    'eventlistener/github/push',
  ],
])('labels %j tell that it came from %s', (labels, trigger) => {
  expect(summarize(run({ metadata: { labels } })).trigger).toBe(trigger)
})

test('what is a part of a PipelineRun says of which', () => {
  const owner = { apiVersion: 'tekton.dev/v1', name: 'all', uid: 'u-0', controller: true }
  const partOf = (kind: string) =>
    summarize(run({ kind: 'TaskRun', metadata: { ownerReferences: [{ ...owner, kind }] } })).partOf
  expect([partOf('PipelineRun'), partOf('Other')]).toEqual(['all', undefined])
})

test('a message of any length is cut, since lists are of many runs', () => {
  const { message = '' } = summarize(run({ status: condition('False', 'Failed', 'x'.repeat(100_000)) }))
  expect(message).toHaveLength(501)
})

test.each([[null], ['text'], [[]], [{ uid: 'u' }], [{ ...summarize(run({})), status: 'other' }]])(
  'what is stored as %j is no summary',
  value => {
    expect(readSummary(value)).toBeUndefined()
  },
)
