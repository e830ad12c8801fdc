import { expect, test } from 'vitest'
import { createStyle, printable } from '../../src/cli/print/style.js'
import { formatSeconds } from '../../src/cli/print/times.js'
import { treeLines } from '../../src/cli/print/tree.js'
import type { PipelineRun, TaskRun } from '../../src/resources/tekton.js'
import { yaml } from '../helpers/yaml.js'

const plain = createStyle(false)

test('a run is drawn as a tree: tasks, retries, skips, finally, results', () => {
  const run = yaml<PipelineRun>`
    apiVersion: tekton.dev/v1
    kind: PipelineRun
    metadata: { name: build-7, namespace: default, uid: p }
    spec: {}
    status:
      conditions: [{ type: Succeeded, status: "True", reason: Completed }]
      pipelineSpec:
        tasks: [{ name: clone }, { name: test }, { name: deploy }]
        finally: [{ name: report }]
      skippedTasks: [{ name: deploy, reason: When Expressions evaluated to false }]
      childReferences:
        - { apiVersion: tekton.dev/v1, kind: TaskRun, name: build-7-clone, pipelineTaskName: clone }
        - { apiVersion: tekton.dev/v1, kind: TaskRun, name: build-7-test, pipelineTaskName: test }
        - { apiVersion: tekton.dev/v1, kind: TaskRun, name: build-7-report, pipelineTaskName: report }
      results: [{ name: digest, value: "sha256:abc" }]
  `
  const task = (name: string, status: string) =>
    yaml<TaskRun>(`
      apiVersion: tekton.dev/v1
      kind: TaskRun
      metadata: { name: ${name}, namespace: default, uid: ${name} }
      spec: {}
      status: ${status}
    `)
  const done = '{ conditions: [{ type: Succeeded, status: "True", reason: Succeeded }]'
  const children = [
    task('build-7-clone', `${done}, results: [{ name: commit, value: "0a1b2c\\n" }] }`),
    task('build-7-test', `${done}, retriesStatus: [{}] }`),
    task(
      'build-7-report',
      '{ conditions: [{ type: Succeeded, status: Unknown, reason: Running }], steps: [{ name: say, container: step-say, running: {} }] }',
    ),
  ]
  const lines = treeLines(
    {
      run,
      children: new Map(children.map(child => [child.metadata.name, child])),
      seen: new Map([
        ['p', { startedAt: 1_000, endedAt: 3_500 }],
        ['build-7-clone', { startedAt: 1_000, endedAt: 1_250 }],
        ['build-7-report', { startedAt: 3_000 }],
      ]),
    },
    3_100,
    plain,
  )
  expect(lines).toEqual([
    '✔  PipelineRun build-7  Completed  2.50s',
    '   ├─ ✔ clone   Succeeded  0.25s',
    '   │  └─ commit = 0a1b2c',
    '   ├─ ✔ test    Succeeded    retried 1×',
    '   ├─ ○ deploy  Skipped  When Expressions evaluated to false',
    '   └─ finally',
    '      └─ ● report  Running  0.10s  step say',
    '   results',
    '     digest = sha256:abc',
  ])
})

test('a failed TaskRun shows its steps and why', () => {
  const run = yaml<TaskRun>`
    apiVersion: tekton.dev/v1
    kind: TaskRun
    metadata: { name: lint, namespace: default, uid: t }
    spec: {}
    status:
      conditions: [{ type: Succeeded, status: "False", reason: StepFailed, message: '"step-b" exited with code 3' }]
      steps:
        - { name: a, container: step-a, terminated: { exitCode: 0 } }
        - { name: b, container: step-b, terminated: { exitCode: 3 } }
  `
  expect(treeLines({ run, children: new Map(), seen: new Map() }, 0, plain)).toEqual([
    '✘  TaskRun lint  StepFailed  ',
    '   ├─ ✔ a',
    '   └─ ✘ b  exit code 3',
    '   "step-b" exited with code 3',
  ])
})

test('a hostile name cannot steer the terminal', () => {
  expect(printable('a\u001b[2Jb\rc\u0007')).toBe('a\\x1b[2Jb\\x0dc\\x07')
})

test.for([
  [83, '0.08s'],
  [9_990, '9.99s'],
  [12_440, '12.4s'],
  [185_000, '3m05s'],
] as const)('%i ms is %s', ([ms, text]) => {
  expect(formatSeconds(ms)).toBe(text)
})
