import { expect, test } from 'vitest'
import { type RunFlags, startList } from '../../src/cli/start-list.js'
import type { AnyResource } from '../../src/resources/kinds.js'
import type { New } from '../../src/resources/meta.js'
import { yaml } from '../helpers/yaml.js'

const none: RunFlags = { params: [], workspaces: [] }
const object = (text: string) => yaml<New<AnyResource>>(text)

const task = object(`
  apiVersion: tekton.dev/v1
  kind: Task
  metadata: { name: build, namespace: default }
  spec:
    params: [{ name: one }, { name: many, type: array }, { name: map, type: object, properties: { a: {} } }]
    steps: []
`)
const pipeline = object(`
  apiVersion: tekton.dev/v1
  kind: Pipeline
  metadata: { name: all, namespace: ci }
  spec: { params: [{ name: one, default: x }], tasks: [] }
`)
const run = object(`
  apiVersion: tekton.dev/v1
  kind: PipelineRun
  metadata: { name: all-1, namespace: ci }
  spec: { pipelineRef: { name: all }, params: [{ name: one, value: y }, { name: two, value: z }] }
`)

test('written runs are started, everything else comes first', () => {
  expect(startList([run, pipeline, task], none)).toEqual({ is: 'ok', support: [pipeline, task], runs: [run] })
})

test('what is there twice is refused before anything runs; a namesake of another kind or namespace is none', () => {
  const elsewhere = object('{ kind: PipelineRun, metadata: { name: all-1, namespace: other }, spec: {} }')
  const generated = object('{ kind: PipelineRun, metadata: { generateName: all-, namespace: ci }, spec: {} }')
  const namesake = object('{ kind: TaskRun, metadata: { name: all-1, namespace: ci }, spec: {} }')
  expect(startList([run, elsewhere, namesake, generated, generated], none).is).toBe('ok')
  expect(startList([run, task, run], none)).toEqual({
    is: 'refused',
    message: 'PipelineRun "ci/all-1" is in the files twice; leave one out, or give it a name of its own',
  })
})

test('a bare Pipeline is started rather than the Tasks beside it', () => {
  const list = startList([task, pipeline], { ...none, params: [{ name: 'one', value: '1' }] })
  expect(list).toMatchObject({
    is: 'ok',
    runs: [
      {
        kind: 'PipelineRun',
        metadata: { namespace: 'ci', generateName: 'all-run-' },
        spec: { pipelineRef: { name: 'all' }, params: [{ name: 'one', value: '1' }] },
      },
    ],
  })
})

test('params of a bare Task take the declared type', () => {
  const params = [
    { name: 'one', value: '["x"]' },
    { name: 'many', value: 'a' },
    { name: 'many', value: 'b' },
    { name: 'map', value: '{"a": 1}' },
  ]
  const list = startList([task], { ...none, params })
  expect(list.is === 'ok' && list.runs[0]?.spec.params).toEqual([
    { name: 'one', value: '["x"]' },
    { name: 'many', value: ['a', 'b'] },
    { name: 'map', value: { a: '1' } },
  ])
})

test('-p goes over what a written run says', () => {
  const list = startList([run, pipeline], { ...none, params: [{ name: 'one', value: 'new' }] })
  expect(list.is === 'ok' && list.runs[0]?.spec.params).toEqual([
    { name: 'two', value: 'z' },
    { name: 'one', value: 'new' },
  ])
})

test('-w binds a workspace through a claim that stands for the folder', () => {
  const list = startList([run, pipeline], { ...none, workspaces: [{ name: 'source', directory: '/src' }] })
  expect(list.is === 'ok' && list.support.at(-1)).toMatchObject({
    kind: 'PersistentVolumeClaim',
    metadata: { namespace: 'ci', name: 'tektite-workspace-source', annotations: { 'tektite.dev/host-path': '/src' } },
  })
  expect(list.is === 'ok' && list.runs[0]?.spec.workspaces).toEqual([
    { name: 'source', persistentVolumeClaim: { claimName: 'tektite-workspace-source' } },
  ])
})

test('nothing to run, or no telling which, is refused with a way out', () => {
  const other = { ...task, metadata: { ...task.metadata, name: 'other' } } as New<AnyResource>
  expect(startList([], none)).toEqual({
    is: 'refused',
    message: 'the files hold no PipelineRun, TaskRun, Pipeline or Task, so there is nothing to run; add one with -f',
  })
  expect(startList([task, other], none)).toEqual({
    is: 'refused',
    message:
      'the files hold 2 Tasks ("build", "other") and no run, so it is not clear which to start; add a TaskRun that names one',
  })
})
