/** Names of requests, compared with those that Tekton's own tests expect, and what references may mention. */
import { expect, test } from 'vitest'
import type { PipelineRun } from '../../src/resources/tekton.js'
import { pipelineReference, requestName, stepReference, taskReference } from '../../src/run/resolution-request.js'
import { cases } from '../helpers/cases.js'
import { taskRun } from '../helpers/task-run-world.js'

const PARAMS = [
  { name: 'string-param', value: 'value1' },
  { name: 'array-param', value: ['value1', 'value2'] },
  { name: 'object-param', value: { key: 'value' } },
]
const A30 = 'a'.repeat(30)

test.each(
  cases({
    'nothing but a resolver': { of: ['prefix', '', [], ''], name: 'prefix-6c62272e07bb014262b821756295c58d' },
    'only what it is for': { of: ['', 'base', [], ''], name: '-6989337ae0757277b806e97e86444ef0' },
    'only a url': { of: ['', '', [], 'https://foo/bar'], name: '-dcfaf53735f4a84a3e319e17352940b4' },
    'params of all types': { of: ['', '', PARAMS, ''], name: '-52921b17d3c2930a34419c618d6af0e9' },
    'params in another order': { of: ['', '', [...PARAMS].reverse(), ''], name: '-52921b17d3c2930a34419c618d6af0e9' },
    'everything but a url': { of: ['prefix', 'base', PARAMS, ''], name: 'prefix-ba2f256f318de7f4154da577c283cb9e' },
    everything: {
      of: ['prefix', 'base', PARAMS, 'https://foo/bar'],
      name: 'prefix-ff25bd24688ab610bdc530a5ab3aabbd',
    },
    'a resolver name that just fits': {
      of: [A30, 'default/my-taskrun', [{ name: 'foo', value: 'bar' }], ''],
      name: `${A30}-da9d0a4501a276745547b4b4b21a2e77`,
    },
    'a resolver name that is one too long': {
      of: [`${A30}a`, 'default/my-taskrun', [], ''],
      name: `${A30}-2d162955e9c9fcfef736fd389e7fd796`,
    },
    'a resolver name of 5000 characters': {
      of: ['a'.repeat(5_000), 'default/my-taskrun', [], ''],
      name: `${A30}-2d162955e9c9fcfef736fd389e7fd796`,
    },
  } as const),
)('a request is named as Tekton names it: %s', (_, { of, name }) => {
  expect(requestName(...(of as unknown as Parameters<typeof requestName>))).toBe(name)
})

test('a taskRef may mention params and context of its TaskRun', () => {
  const run = taskRun({
    params: [{ name: 'branch', value: 'dev' }],
    taskRef: {
      resolver: 'git',
      params: [
        { name: 'revision', value: '$(params.branch)' },
        { name: 'pathInRepo', value: '$(context.taskRun.namespace)/$(context.taskRun.name).yaml' },
        { name: 'unknown', value: '$(params.nobody)' },
      ],
    },
  })
  expect(taskReference(run, run.spec.taskRef ?? {}).params?.map(({ value }) => value)).toEqual([
    'dev',
    'ci/build.yaml',
    '$(params.nobody)',
  ])
})

test('a pipelineRef may mention params and context of its PipelineRun, and the url in its name too', () => {
  const run: PipelineRun = {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: { name: 'r', namespace: 'ci', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
    spec: {
      params: [
        { name: 'o', value: { rev: 'main' } },
        { name: 'all', value: ['a', 'b'] },
      ],
    },
  }
  const reference = {
    resolver: 'x',
    name: 'https://example.com/$(params.o.rev)',
    params: [
      { name: 'a', value: '$(params.all[*])' },
      { name: 'n', value: '$(context.pipelineRun.name)' },
    ],
  }
  expect(pipelineReference(run, reference)).toEqual({
    resolver: 'x',
    name: 'https://example.com/main',
    params: [
      { name: 'a', value: ['a', 'b'] },
      { name: 'n', value: 'r' },
    ],
  })
})

test('a step’s ref may mention the task’s params, with their defaults', () => {
  const run = taskRun({ params: [{ name: 'given', value: 'g' }] })
  const task = { steps: [], params: [{ name: 'given' }, { name: 'rev', default: 'v1' }] }
  const reference = { resolver: 'git', params: [{ name: 'revision', value: '$(params.rev)-$(params.given)' }] }
  expect(stepReference(run, task, reference).params).toEqual([{ name: 'revision', value: 'v1-g' }])
})
