import { expect, test } from 'vitest'
import { failedStepLogs } from '../../src/cli/print/failed-logs.js'
import { createStyle } from '../../src/cli/print/style.js'
import type { PipelineRun, TaskRun } from '../../src/resources/tekton.js'
import { yaml } from '../helpers/yaml.js'

const taskRun = (status: string) =>
  yaml<TaskRun>(`
    apiVersion: tekton.dev/v1
    kind: TaskRun
    metadata: { name: lint, namespace: ci, uid: u }
    spec: {}
    status: ${status}
  `)
const FAILED = 'conditions: [{ type: Succeeded, status: "False", reason: StepFailed }], podName: lint-pod'
const STEPS = [
  '{ name: ok, container: step-ok, terminated: { exitCode: 0 } }',
  '{ name: bad, container: step-bad, terminated: { exitCode: 3 } }',
  '{ name: after, container: step-after, terminated: { exitCode: 1 }, terminationReason: Skipped }',
]
const failed = taskRun(`{ ${FAILED}, steps: [${STEPS.join(', ')}] }`)

async function shown(runs: readonly (PipelineRun | TaskRun)[], logs: Readonly<Record<string, string>>) {
  const asked: unknown[] = []
  const engine = {
    async readLogs(key: { readonly container: string }, options: { readonly follow: boolean }) {
      asked.push({ ...key, ...options })
      const text = logs[key.container]
      if (text === undefined) return undefined
      const bytes = Buffer.from(text)
      return (async function* () {
        // In pieces that cut characters in two, as files are read.
        for (let at = 0; at < bytes.length; at += 3) yield bytes.subarray(at, at + 3)
      })()
    },
  }
  const parts: string[] = []
  for await (const part of failedStepLogs(engine, runs, createStyle(false))) parts.push(part)
  return { text: parts.join(''), asked }
}

test('the output of the step that failed is shown, and of no other', async () => {
  const { text, asked } = await shown([failed], { 'step-bad': 'one\nzwölf ✘\n', 'step-ok': 'no', 'step-after': 'no' })
  expect(text).toBe('\nlint step bad\n  one\n  zwölf ✘\n')
  expect(asked).toEqual([{ namespace: 'ci', pod: 'lint-pod', container: 'step-bad', follow: false }])
})

test('of long output the last fifty lines are shown, and it says so', async () => {
  const lines = Array.from({ length: 80 }, (_, index) => `line ${index + 1}`)
  const { text } = await shown([failed], { 'step-bad': `${lines.join('\n')}\n` })
  const shownLines = text.trimEnd().split('\n').slice(1)
  expect(shownLines).toEqual(['lint step bad (last 50 lines)', ...lines.slice(-50).map(line => `  ${line}`)])
})

test('output cannot steer the terminal', async () => {
  const { text } = await shown([failed], { 'step-bad': '\u001b[2Jgone\rover\u0007\n\ttab' })
  expect(text).toBe('\nlint step bad\n  \\x1b[2Jgone\\x0dover\\x07\n  \ttab\n')
})

test.each([
  [
    'succeeded',
    taskRun(
      '{ conditions: [{ type: Succeeded, status: "True" }], podName: lint-pod, steps: [{ name: a, container: step-bad, terminated: { exitCode: 3 } }] }',
    ),
  ],
  [
    'never had a Pod',
    taskRun(
      '{ conditions: [{ type: Succeeded, status: "False" }], steps: [{ name: a, container: step-bad, terminated: { exitCode: 3 } }] }',
    ),
  ],
  ['failed before a step did', taskRun(`{ ${FAILED} }`)],
  ['has not ended', taskRun('{ podName: lint-pod, steps: [{ name: a, container: step-bad, running: {} }] }')],
])('a run that %s has no failed output', async (_, run) => {
  expect(await shown([run], { 'step-bad': 'no' })).toEqual({ text: '', asked: [] })
})

test.each<[string, Readonly<Record<string, string>>]>([
  ['no log', {}],
  ['an empty log', { 'step-bad': '' }],
])('a step with %s is passed over', async (_, logs) => {
  expect((await shown([failed], logs)).text).toBe('')
})

test('what the containers were waiting for is told once', async () => {
  const waiting = (name: string) =>
    `{ name: ${name}, container: step-${name}, waiting: { reason: R, message: no "c" } }`
  const stuck = taskRun(`{ ${FAILED}, steps: [${waiting('a')}, ${waiting('b')}] }`)
  expect(await shown([stuck], { 'step-a': 'no' })).toEqual({ text: '\nlint\n  no "c"\n', asked: [] })
})
