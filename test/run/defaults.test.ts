import { expect, test } from 'vitest'
import {
  defaultPipelineRunSpec,
  defaultPipelineSpec,
  defaultRunMeta,
  defaultTaskRunSpec,
  defaultTaskSpec,
  mergePodTemplates,
} from '../../src/run/defaults.js'
import { DEFAULT_SETTINGS } from '../../src/run/settings.js'

test('a TaskRun gets a timeout, a service account, the kind of its reference and a label', () => {
  expect(defaultTaskRunSpec({ taskRef: { name: 't' } }, DEFAULT_SETTINGS)).toEqual({
    taskRef: { name: 't', kind: 'Task' },
    timeout: '1h0m0s',
    serviceAccountName: 'default',
  })
  expect(
    defaultRunMeta(
      'TaskRun',
      { namespace: 'n', annotations: { 'chains.tekton.dev/signed': 'x', a: 'b' } },
      DEFAULT_SETTINGS,
    ),
  ).toEqual({
    namespace: 'n',
    annotations: { a: 'b' },
    labels: { 'app.kubernetes.io/managed-by': 'tekton-pipelines' },
  })
})

test('what the author wrote stays', () => {
  const spec = { taskRef: { resolver: 'git' }, timeout: '0s', serviceAccountName: 'sa' }
  expect(defaultTaskRunSpec(spec, DEFAULT_SETTINGS)).toEqual(spec)
  const meta = { namespace: 'n', labels: { 'app.kubernetes.io/managed-by': 'me' } }
  expect(defaultRunMeta('TaskRun', meta, DEFAULT_SETTINGS)).toEqual(meta)
  expect(defaultRunMeta('PipelineRun', { namespace: 'n' }, DEFAULT_SETTINGS)).toEqual({ namespace: 'n' })
})

test('a PipelineRun gets the pipeline timeout only, and a service account for its tasks', () => {
  expect(defaultPipelineRunSpec({ pipelineRef: { name: 'p' }, timeouts: { tasks: '5m0s' } }, DEFAULT_SETTINGS)).toEqual(
    {
      pipelineRef: { name: 'p' },
      timeouts: { tasks: '5m0s', pipeline: '1h0m0s' },
      taskRunTemplate: { serviceAccountName: 'default' },
    },
  )
})

test('types of params and results are written down, also inside pipelines', () => {
  const params = [{ name: 'a' }, { name: 'b', default: ['x'] }, { name: 'c', properties: { k: {} } }]
  const typed = [
    { name: 'a', type: 'string' },
    { name: 'b', type: 'array', default: ['x'] },
    { name: 'c', type: 'object', properties: { k: { type: 'string' } } },
  ]
  const task = { params, steps: [], results: [{ name: 'r' }, { name: 'o', properties: { k: {} } }] }
  const done = {
    params: typed,
    steps: [],
    results: [
      { name: 'r', type: 'string' },
      { name: 'o', type: 'object', properties: { k: { type: 'string' } } },
    ],
  }
  expect(defaultTaskSpec(task, DEFAULT_SETTINGS)).toEqual(done)
  const pipeline = { params, tasks: [{ name: 't', taskSpec: task }] }
  expect(defaultPipelineSpec(pipeline, DEFAULT_SETTINGS)).toEqual({
    params: typed,
    tasks: [{ name: 't', taskSpec: done }],
  })
})

test('settings say which defaults there are', () => {
  const settings = {
    ...DEFAULT_SETTINGS,
    timeoutMinutes: 0,
    serviceAccount: 'builder',
    resolverType: 'git',
    podTemplate: {
      schedulerName: 's',
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '1' },
      ],
    },
  }
  expect(defaultTaskRunSpec({ taskRef: {}, podTemplate: { env: [{ name: 'B', value: '2' }] } }, settings)).toEqual({
    taskRef: { resolver: 'git' },
    timeout: '0s',
    serviceAccountName: 'builder',
    podTemplate: {
      schedulerName: 's',
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ],
    },
  })
  expect(mergePodTemplates(undefined, undefined)).toBeUndefined()
})
