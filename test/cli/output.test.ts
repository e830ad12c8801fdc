import { expect, test } from 'vitest'
import { OUTPUTS, printRuns } from '../../src/cli/print/output.js'
import type { PipelineRun, TaskRun } from '../../src/resources/tekton.js'
import { yaml } from '../helpers/yaml.js'

const run = <T>(kind: string, name: string, namespace = 'default') =>
  yaml<T>(`
    apiVersion: tekton.dev/v1
    kind: ${kind}
    metadata: { name: ${name}, namespace: ${namespace}, uid: ${namespace}-${name} }
    spec: {}
  `)
const root = run<PipelineRun>('PipelineRun', 'build')
const children = [run<TaskRun>('TaskRun', 'build-b'), run<TaskRun>('TaskRun', 'build-a')]
const all = [children[0] as TaskRun, root, children[1] as TaskRun]

test('json is one List of all runs, sorted by kind and name, whatever order they came in', () => {
  const text = printRuns('json', [root], all)
  expect(JSON.parse(text)).toEqual({ apiVersion: 'v1', kind: 'List', items: [root, children[1], children[0]] })
  expect(printRuns('json', [root], [...all].reverse())).toBe(text)
  expect(text.endsWith('}\n')).toBe(true)
})

test('yaml says the same as json', () => {
  expect(yaml(printRuns('yaml', [root], all))).toEqual(JSON.parse(printRuns('json', [root], all)))
})

test('name is one line for each run that was asked for, as kubectl names it', () => {
  expect(printRuns('name', [root, children[0] as TaskRun], all)).toBe(
    'pipelinerun.tekton.dev/build\ntaskrun.tekton.dev/build-b\n',
  )
})

test('no runs are an empty List, and no lines', () => {
  expect(OUTPUTS.map(output => printRuns(output, [], []))).toEqual([
    '{\n  "apiVersion": "v1",\n  "kind": "List",\n  "items": []\n}\n',
    'apiVersion: v1\nkind: List\nitems: []\n',
    '',
  ])
})
