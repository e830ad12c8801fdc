/** Every reason that we can set has a sentence, and where there is something to do, a way out. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { explain } from '../../src/explain/explain.js'
import type { PipelineRun, TaskRun } from '../../src/resources/tekton.js'
import { PIPELINE_RUN_REASONS, SKIP_REASONS, TASK_RUN_REASONS } from '../../src/status/reasons.js'

const NOW = Date.parse('2026-01-01T00:10:00Z')
const saying = { now: NOW, tailOf: () => undefined }
const TIMES = { startTime: '2026-01-01T00:00:00Z', completionTime: '2026-01-01T00:05:00Z' }
/** What these ended with is no riddle. */
const WELL = new Set(['Succeeded', 'Completed'])
const UNDER_WAY = new Set([
  'Started',
  'Pending',
  'Running',
  'ToBeRetried',
  'TaskRunPending',
  'PullImageFailed',
  'ExceededResourceQuota',
  'ExceededNodeResources',
  'ResolvingTaskRef',
  'ResolvingStepActionRef',
  'ResolvingPipelineRef',
  'PipelineRunPending',
  'PipelineRunStopping',
  'CancelledRunningFinally',
  'StoppedRunningFinally',
  'PipelineRunTimeoutRunningFinally',
])
/** Nothing to do but wait; of a run that failed, its tasks say what to do. */
const NOTHING_TO_DO = new Set([
  'Started',
  'ToBeRetried',
  'Running',
  'PipelineRunStopping',
  'CancelledRunningFinally',
  'StoppedRunningFinally',
])

function conditionOf(reason: string) {
  const status = WELL.has(reason) ? 'True' : UNDER_WAY.has(reason) ? 'Unknown' : 'False'
  return {
    type: 'Succeeded',
    status,
    reason,
    message: `words of ${reason}`,
    lastTransitionTime: '2026-01-01T00:09:00Z',
  }
}

function told(kind: 'PipelineRun' | 'TaskRun', reason: string) {
  const run = {
    apiVersion: 'tekton.dev/v1',
    kind,
    metadata: { name: 'it', namespace: 'ci', uid: 'u', creationTimestamp: TIMES.startTime },
    spec: {},
    status: { ...TIMES, podName: 'it-pod', conditions: [conditionOf(reason)] },
  } as unknown as PipelineRun | TaskRun
  return explain({ run, taskRuns: [], customRuns: [], children: [] }, saying)
}

describe.each([
  ['TaskRun', TASK_RUN_REASONS],
  ['PipelineRun', PIPELINE_RUN_REASONS],
] as const)('%s', (kind, reasons) => {
  test.each(Object.values(reasons).filter(reason => !WELL.has(reason)))('%s', reason => {
    const { summary, findings } = told(kind, reason)
    expect(summary).toContain(`${kind} "it"`)
    if (kind === 'PipelineRun' && reason === 'Running') {
      expect(findings).toEqual([])
      return
    }
    const [finding] = findings
    expect(findings).toHaveLength(1)
    expect(finding?.text).toMatch(/^[A-Z].{8,}\.$/)
    expect(finding?.text).not.toContain('{')
    expect(finding?.wayOut ?? 'none').not.toMatch(/\{(name|namespace|pod)\}/)
    if (!NOTHING_TO_DO.has(reason)) expect(finding?.wayOut).toMatch(/^[A-Z].{10,}/)
  })

  test.each(Object.values(reasons).filter(reason => WELL.has(reason)))('%s is no riddle', reason => {
    expect(told(kind, reason).findings).toEqual([])
  })
})

test.each(Object.values(SKIP_REASONS))('skipped: %s', reason => {
  const run = {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: { name: 'it', namespace: 'ci', uid: 'u' },
    spec: { timeouts: { pipeline: '1h', tasks: '30m', finally: '5m' } },
    status: {
      ...TIMES,
      pipelineSpec: { tasks: [{ name: 'a' }, { name: 'b', runAfter: ['a'] }] },
      skippedTasks: [{ name: 'b', reason }],
      conditions: [conditionOf('Completed')],
    },
  } as unknown as PipelineRun
  const { findings } = explain({ run, taskRuns: [], customRuns: [], children: [] }, saying)
  expect(findings).toMatchObject([
    { is: 'skipped', about: 'b', text: expect.stringMatching(/^[A-Z].{8,}\.$/), wayOut: expect.any(String) },
  ])
})

test('the reasons that docs/failures.md speaks of are all among these', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/failures.md'), 'utf8')
  const rows = text.split('\n').filter(line => line.startsWith('| ') && !line.startsWith('| what'))
  const named = rows.flatMap(row =>
    [...(row.split('|')[2] ?? '').matchAll(/`([A-Z][A-Za-z]+)`/g)].map(match => match[1] ?? ''),
  )
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter(reason => !Object.hasOwn(TASK_RUN_REASONS, reason))).toEqual([])
})
