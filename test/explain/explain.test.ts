import { expect, test } from 'vitest'
import { type ExplainedRun, explain } from '../../src/explain/explain.js'
import type { PipelineRun, TaskRun } from '../../src/resources/tekton.js'
import { yaml } from '../helpers/yaml.js'

const NOW = Date.parse('2026-01-01T00:10:00Z')

interface Given {
  readonly run: object
  readonly taskRuns?: Readonly<Record<string, object>>
}

function found({ run, taskRuns = {} }: Given): ExplainedRun {
  const children = Object.entries(taskRuns).map(([task, more]) => ({
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    spec: {},
    ...more,
    metadata: {
      name: `run-${task}`,
      namespace: 'ci',
      uid: `uid-${task}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...(more as { metadata?: object }).metadata,
      labels: { 'tekton.dev/pipelineTask': task, 'tekton.dev/pipelineRunUID': 'uid' },
    },
  })) as unknown as TaskRun[]
  const parent = {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    spec: {},
    metadata: { name: 'run', namespace: 'ci', uid: 'uid' },
    ...run,
  }
  return { run: parent as unknown as PipelineRun, taskRuns: children, customRuns: [], children: [] }
}

function told(given: Given, tails: Readonly<Record<string, readonly string[]>> = {}) {
  return explain(found(given), { now: NOW, tailOf: (taskRun, container) => tails[`${taskRun}/${container}`] })
}

test('what failed, with its last words; what never began because of it; who was skipped for whom', () => {
  const { summary, findings } = told(
    yaml`
      run:
        spec: { timeouts: { pipeline: 1h } }
        status:
          startTime: "2026-01-01T00:00:00Z"
          completionTime: "2026-01-01T00:01:30Z"
          conditions: [{ type: Succeeded, status: "False", reason: Failed, message: "Tasks Completed: 2 (Failed: 1, Cancelled 0), Skipped: 4" }]
          pipelineSpec:
            tasks:
              - name: make
              - { name: check, runAfter: [make] }
              - { name: deploy, runAfter: [check] }
              - { name: notes, when: [{ input: $(tasks.make.results.kind), operator: in, values: [release] }] }
              - { name: sums, params: [{ name: p, value: $(tasks.make.results.sum) }] }
              - { name: publish, runAfter: [sums] }
          skippedTasks:
            - { name: deploy, reason: PipelineRun was stopping }
            - { name: notes, reason: When Expressions evaluated to false, whenExpressions: [{ input: draft, operator: in, values: [release] }] }
            - { name: sums, reason: Results were missing }
            - { name: publish, reason: Parent Tasks were skipped }
      taskRuns:
        make:
          status: { conditions: [{ type: Succeeded, status: "True", reason: Succeeded }], results: [{ name: kind, value: draft }] }
        check:
          metadata: { annotations: { tektite.dev/failure-class: user } }
          status:
            conditions: [{ type: Succeeded, status: "False", reason: StepFailed, message: '"step-b" exited with code 127: Error' }]
            steps:
              - { name: a, container: step-a, terminated: { exitCode: 1, reason: Error }, terminationReason: Continued }
              - { name: b, container: step-b, terminated: { exitCode: 127, reason: Error }, terminationReason: Error }
              - { name: c, container: step-c, terminated: { exitCode: 1, reason: Error }, terminationReason: Skipped }
    `,
    { 'run-check/step-b': ['go test ./...', 'sh: go: not found'] },
  )
  expect(summary).toBe(
    'PipelineRun "run" failed after 1m30s (Failed). Tasks Completed: 2 (Failed: 1, Cancelled 0), Skipped: 4.',
  )
  expect(findings).toEqual([
    {
      is: 'failed',
      about: 'check',
      text: 'A step did not end well. Step "b" ended with exit code 127 (no such command).',
      lines: ['go test ./...', 'sh: go: not found'],
      wayOut: 'Read its log: tektite taskrun logs run-check -n ci',
    },
    {
      is: 'skipped',
      about: 'deploy',
      text: 'It had not begun when the run was stopped by "check": after that no task begins but the finally tasks.',
      wayOut: 'Mend what failed. A task whose failure should not matter says onError: continue',
    },
    {
      is: 'skipped',
      about: 'notes',
      text: 'Its when does not hold. Tasks that only run after it do run.',
      lines: ['no:  "draft" in ["release"]   (from $(tasks.make.results.kind))'],
      wayOut: expect.any(String),
    },
    {
      is: 'skipped',
      about: 'sums',
      text: 'It needs result "sum" of "make", which ended without writing it.',
      wayOut: expect.stringContaining('$(results.NAME.path)'),
    },
    {
      is: 'skipped',
      about: 'publish',
      text: 'It comes after "sums", which was skipped. That one was skipped because: Results were missing.',
      wayOut: expect.any(String),
    },
    {
      is: 'note',
      about: '',
      text: 'What succeeded need not run again, once what failed is mended.',
      wayOut: 'Go on from there: tektite pipelinerun rerun run --from-failed -n ci',
    },
  ])
})

test('while it runs: what each task waits for', () => {
  const { summary, findings } = told(yaml`
    run:
      status:
        startTime: "2026-01-01T00:08:00Z"
        conditions: [{ type: Succeeded, status: Unknown, reason: Running, message: "Tasks Completed: 0 (Failed: 0, Cancelled 0), Incomplete: 4, Skipped: 0" }]
        pipelineSpec:
          tasks: [{ name: a }, { name: b }, { name: c, runAfter: [a, b] }]
          finally: [{ name: last }]
    taskRuns:
      a:
        status:
          podName: run-a-pod
          conditions: [{ type: Succeeded, status: Unknown, reason: ExceededNodeResources, message: "0/3 nodes are available: 3 Insufficient memory.", lastTransitionTime: "2026-01-01T00:09:00Z" }]
      b:
        spec: { retries: 2 }
        status:
          conditions: [{ type: Succeeded, status: Unknown, reason: Running }]
          steps: [{ name: s, container: step-s, running: { startedAt: "2026-01-01T00:09:50Z" } }]
          retriesStatus: [{ conditions: [{ type: Succeeded, status: "False", reason: StepFailed }] }]
  `)
  expect(summary).toContain('is under way, for 2m0s (Running)')
  expect(findings).toEqual([
    {
      is: 'waits',
      about: 'a',
      text: 'No node has room for its Pod now; it begins when one has. It has waited for 1m0s.',
      lines: ['0/3 nodes are available: 3 Insufficient memory.'],
      wayOut: 'Ask for less in computeResources, or add a node: kubectl describe pod run-a-pod -n ci',
    },
    {
      is: 'waits',
      about: 'b',
      text: 'Step "s" runs, for 10s now. This is attempt 2 (retries: 2); the one before ended with StepFailed.',
      wayOut: 'Watch it: tektite taskrun logs run-b -f -n ci',
    },
    { is: 'waits', about: 'c', text: 'It waits for "a", "b".' },
    { is: 'waits', about: 'last', text: 'It is a finally task: it begins when all others are over.' },
  ])
})

test('who cancelled, as the API server keeps account', () => {
  const { findings } = told(yaml`
    run:
      metadata:
        name: run
        namespace: ci
        uid: uid
        managedFields:
          - { manager: tektite, operation: Update, fieldsV1: { "f:spec": { "f:pipelineRef": {} } } }
          - { manager: kubectl-patch, operation: Update, time: "2026-01-01T00:05:00Z", fieldsV1: { "f:spec": { "f:status": {} } } }
      spec: { status: Cancelled }
      status:
        conditions: [{ type: Succeeded, status: "False", reason: Cancelled, message: 'PipelineRun "run" was cancelled' }]
  `)
  expect(findings[0]?.text).toBe(
    'It was cancelled by "kubectl-patch" at 2026-01-01T00:05:00Z (spec.status: Cancelled).',
  )
})

test('a limit that ran out: which one, and how much of it was spent', () => {
  const { findings } = told(yaml`
    run:
      spec: { timeouts: { pipeline: 5m } }
      status:
        startTime: "2026-01-01T00:00:00Z"
        completionTime: "2026-01-01T00:05:01Z"
        conditions: [{ type: Succeeded, status: "False", reason: PipelineRunTimeout, message: 'PipelineRun "run" failed to finish within "5m0s"' }]
        pipelineSpec: { tasks: [{ name: a }] }
    taskRuns:
      a:
        spec: { timeout: 1m }
        status:
          startTime: "2026-01-01T00:00:00Z"
          completionTime: "2026-01-01T00:01:01Z"
          conditions: [{ type: Succeeded, status: "False", reason: TaskRunTimeout, message: 'TaskRun "run-a" failed to finish within "1m0s"' }]
  `)
  expect(findings.map(({ about, text }) => [about, text])).toEqual([
    ['', 'It took longer than it may. The limit is timeouts.pipeline: 5m; it took 5m1s.'],
    ['a', 'It ran longer than it may. The limit is timeout: 1m, and it took 1m1s.'],
  ])
})

test('what was taken over, and why something was not', () => {
  const { findings } = told(yaml`
    run: { status: { conditions: [{ type: Succeeded, status: "True", reason: Succeeded }], pipelineSpec: { tasks: [{ name: a }, { name: b }] } } }
    taskRuns:
      a:
        metadata: { annotations: { tektite.dev/inherit-from: old-a, tektite.dev/inherited-from: old-a } }
        status: { conditions: [{ type: Succeeded, status: "True", reason: Succeeded }] }
      b:
        metadata: { annotations: { tektite.dev/inherit-from: old-b, tektite.dev/not-inherited: it is another } }
        status: { conditions: [{ type: Succeeded, status: "True", reason: Succeeded }] }
  `)
  expect(findings.map(({ is, text }) => [is, text])).toEqual([
    ['note', 'It did not run: its outcome is that of "old-a" of the earlier run.'],
    ['note', 'It runs anew: it is another.'],
  ])
})

test('nobody has looked at it yet', () => {
  const { summary, findings } = told({ run: {} })
  expect(summary).toBe('PipelineRun "run" waits to be taken up: no worker has looked at it yet.')
  expect(findings).toHaveLength(1)
})
