import { expect, test } from 'vitest'
import type { PipelineRun, TaskRun } from '../../src/resources/tekton.js'
import { claimsOf, rerunOf, rerunProblem } from '../../src/run/rerun.js'
import { cases } from '../helpers/cases.js'
import { yaml } from '../helpers/yaml.js'

const RUN: PipelineRun = yaml`
  apiVersion: tekton.dev/v1
  kind: PipelineRun
  metadata:
    name: build-7f
    namespace: ci
    uid: uid-1
    resourceVersion: "9"
    creationTimestamp: "2026-01-01T00:00:00Z"
    ownerReferences: [{ apiVersion: v1, kind: X, name: x, uid: x }]
    labels: { team: web, tektite.dev/git-report: sent, tektite.dev/schedule: nightly, tektite.dev/schedule-uid: u }
    annotations:
      tektite.dev/git-sha: abc
      kubectl.kubernetes.io/last-applied-configuration: "{}"
      chains.tekton.dev/signed: "true"
  spec:
    pipelineRef: { name: build }
    status: Cancelled
    params: [{ name: a, value: "1" }, { name: b, value: "2" }]
    workspaces:
      - { name: cache, persistentVolumeClaim: { claimName: cache } }
      - { name: source, volumeClaimTemplate: { spec: {} } }
  status: { conditions: [{ type: Succeeded, status: "False", reason: Failed }] }
`

test('a rerun asks for the same, and bears nothing of what happened', () => {
  const { status: _, ...spec } = RUN.spec
  expect(rerunOf(RUN)).toEqual({
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: {
      namespace: 'ci',
      generateName: 'build-7f-r-',
      labels: { team: 'web', 'tektite.dev/schedule': 'nightly' },
      annotations: {
        'tektite.dev/git-sha': 'abc',
        'tektite.dev/rerun-of': 'build-7f',
        'tektite.dev/rerun-of-uid': 'uid-1',
      },
    },
    spec,
  })
})

test('from failed, it goes on with the claims that are there, and so does the one after it', () => {
  const [claim = ''] = claimsOf(RUN)
  expect(claim).toMatch(/^pvc-/)
  expect(rerunOf(RUN, { fromFailed: true }).metadata.annotations).not.toHaveProperty('tektite.dev/from-failed-claims')
  const again = rerunOf(RUN, { fromFailed: true, claims: new Set([claim]) })
  expect(again.metadata.annotations).toMatchObject({
    'tektite.dev/from-failed': 'build-7f',
    'tektite.dev/from-failed-claims': `source=${claim}`,
  })
  const stored = {
    ...again,
    metadata: { ...again.metadata, name: 'build-7f-r-abcde', uid: 'uid-2' },
  } as unknown as PipelineRun
  expect(claimsOf(stored)).toEqual([claim])
  expect(rerunOf(stored).metadata.annotations).not.toHaveProperty('tektite.dev/from-failed')
})

test.each([
  ['build-7f', undefined, 'build-7f-r-'],
  ['build-7f-r-abcde', undefined, 'build-7f-r-'],
  ['build-x1x1x', 'build-', 'build-'],
])('%s made of %s is rerun as %s', (name, generateName, expected) => {
  const run = { ...RUN, metadata: { ...RUN.metadata, name, ...(generateName && { generateName }) } }
  expect(rerunOf(run).metadata.generateName).toBe(expected)
})

test('params that are given take the place of those of the same name', () => {
  expect(rerunOf(RUN, { params: [{ name: 'b', value: '3' }] }).spec).toMatchObject({
    params: [
      { name: 'a', value: '1' },
      { name: 'b', value: '3' },
    ],
  })
})

test('the TaskRun of a pipeline is rerun by itself', () => {
  const run: TaskRun = yaml`
    apiVersion: tekton.dev/v1
    kind: TaskRun
    metadata: { name: r-t, namespace: ci, uid: u, labels: { tekton.dev/pipelineRun: r, tekton.dev/memberOf: tasks, tekton.dev/task: t } }
    spec: { taskRef: { name: t }, status: TaskRunCancelled, statusMessage: gone }
  `
  expect(rerunOf(run)).toMatchObject({
    metadata: { labels: { 'tekton.dev/task': 't' } },
    spec: { taskRef: { name: 't' } },
  })
  expect(Object.keys(rerunOf(run).spec)).toEqual(['taskRef'])
})

test.each(
  cases({
    failed: { status: 'False', problem: undefined },
    'under way': {
      status: 'Unknown',
      problem: 'PipelineRun "build-7f" is not done: wait for it, or cancel it, and then rerun it from what failed',
    },
    succeeded: { status: 'True', problem: 'PipelineRun "build-7f" succeeded: nothing of it failed. Rerun it whole' },
  }),
)('from failed, of a run that is %s', (_, { status, problem }) => {
  const run = { ...RUN, status: { conditions: [{ type: 'Succeeded', status }] } } as PipelineRun
  expect(rerunProblem(run, { fromFailed: true })).toBe(problem)
  expect(rerunProblem(run, {})).toBeUndefined()
})
