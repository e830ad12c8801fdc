/** Graphs over HTTP, of runs that stand in a real store. */
import { expect, test } from 'vitest'
import { builtInUser } from '../../src/api/access/users.js'
import type { GraphDocument } from '../../src/api/graphs.js'
import type { New } from '../../src/resources/meta.js'
import type { PipelineRun, PipelineSpec, TaskRun } from '../../src/resources/tekton.js'
import { yaml } from '../helpers/yaml.js'
import { serveApi } from './world.js'

const OWN = '/apis/tektite.dev/v1alpha1/namespaces/ci'
const SPEC: PipelineSpec = yaml`
  tasks:
    - { name: build, taskSpec: { steps: [{ image: i, script: make }] } }
    - { name: deploy, runAfter: [build], pipelineSpec: { tasks: [{ name: apply, taskSpec: { steps: [{ image: i, script: kubectl }] } }] } }
`

async function world() {
  const api = await serveApi()
  const { cluster } = api
  const pipelineRun = async (name: string, spec: PipelineSpec, labels: Record<string, string> = {}) =>
    cluster.create('PipelineRun', {
      apiVersion: 'tekton.dev/v1',
      kind: 'PipelineRun',
      metadata: { name, namespace: 'ci', labels },
      spec: { pipelineSpec: spec },
    } as New<PipelineRun>)
  const taskRun = async (name: string, labels: Record<string, string>) =>
    cluster.create('TaskRun', {
      apiVersion: 'tekton.dev/v1',
      kind: 'TaskRun',
      metadata: { name, namespace: 'ci', labels },
      spec: { taskSpec: { steps: [] } },
    } as New<TaskRun>)
  const graph = async (path: string) => (await api.call('GET', OWN + path)).body as unknown as GraphDocument
  return { ...api, pipelineRun, taskRun, graph }
}

function childOf(run: PipelineRun, task: string): Record<string, string> {
  return { 'tekton.dev/pipelineRunUID': run.metadata.uid, 'tekton.dev/pipelineTask': task }
}

test('a run is found by its uid, with its children and theirs', async () => {
  const { pipelineRun, taskRun, graph } = await world()
  const run = await pipelineRun('run', SPEC)
  await taskRun('run-build', childOf(run, 'build'))
  const nested = await pipelineRun('run-deploy', SPEC.tasks?.[1]?.pipelineSpec ?? {}, childOf(run, 'deploy'))
  const apply = await taskRun('run-deploy-apply', childOf(nested, 'apply'))
  const found = await graph(`/runs/${run.metadata.uid}/graph`)
  expect(found).toMatchObject({
    apiVersion: 'tektite.dev/v1alpha1',
    kind: 'RunGraph',
    nodes: [
      { id: 'build', kind: 'task', status: 'pending', taskRuns: ['run-build'] },
      { id: 'deploy', kind: 'pipeline', group: { nodes: [{ id: 'deploy/apply', taskRuns: ['run-deploy-apply'] }] } },
    ],
    edges: [{ from: 'build', to: 'deploy', why: 'runAfter' }],
    criticalPath: [],
  })
  expect(await graph(`/runs/${apply.metadata.uid}/graph`)).toMatchObject({ nodes: [{ id: 'apply', kind: 'task' }] })
})

test('a pipeline is drawn before it ever ran', async () => {
  const { cluster, graph } = await world()
  await cluster.create('Pipeline', {
    apiVersion: 'tekton.dev/v1',
    kind: 'Pipeline',
    metadata: { name: 'p', namespace: 'ci' },
    spec: SPEC,
  })
  expect((await graph('/pipelines/p/graph')).nodes.map(({ id, status }) => [id, status])).toEqual([
    ['build', 'pending'],
    ['deploy', 'pending'],
  ])
})

test.each([
  ['GET', '/runs/nobody/graph', 404, 'run "nobody" not found in namespace "ci"'],
  ['GET', '/pipelines/nobody/graph', 404, 'Pipeline "nobody" not found in namespace "ci"'],
  ['DELETE', '/runs/nobody/graph', 405, 'a graph can only be got'],
])('%s %s is answered with %i', async (method, path, status, message) => {
  const { call } = await world()
  const answer = await call(method, OWN + path)
  expect(answer.status).toBe(status)
  expect(answer.body?.['message']).toContain(message)
})

test('whoever may only look may look at graphs', async () => {
  const api = await serveApi({ users: [{ user: builtInUser('view'), token: 'guest-token' }] })
  const answer = await api.call('GET', `${OWN}/runs/nobody/graph`, { authorization: 'Bearer guest-token' })
  expect(answer.status).toBe(404)
})

test('a run is explained to whoever may look', async () => {
  const { call, pipelineRun } = await world()
  const run = await pipelineRun('run', SPEC)
  const path = `${OWN}/runs/${run.metadata.uid}/explain`
  expect(await call('GET', path)).toMatchObject({
    status: 200,
    body: {
      kind: 'RunExplanation',
      summary: 'PipelineRun "run" waits to be taken up: no worker has looked at it yet.',
      findings: [{ is: 'waits', about: '' }],
    },
  })
  expect((await call('POST', path)).status).toBe(405)
  expect((await call('GET', `${OWN}/runs/nobody/explain`)).status).toBe(404)
})
