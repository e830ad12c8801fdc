/** Pipelines in pipelines from beginning to end, with everything real but the processes of the steps. */
import { expect, test } from 'vitest'
import { succeededCondition } from '../../src/status/conditions.js'
import { until } from '../kubelet/until.js'
import { applyTo } from '../listeners/world.js'
import { pipelineRun, storeWith } from '../reconcile/real-store.js'
import { endPod, startPod } from './fake-kubelet.js'
import { finished, startEngine } from './world.js'

const STEPS = 'steps: [{ name: s, image: alpine, script: "true" }]'

const PIPELINES = `
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: inner, labels: { team: x } }
spec:
  params: [{ name: greeting }]
  workspaces: [{ name: in }]
  results: [{ name: said, value: $(tasks.say.results.said) }]
  tasks:
    - name: say
      params: [{ name: greeting, value: $(params.greeting) }]
      workspaces: [{ name: in }]
      taskSpec:
        params: [{ name: greeting }]
        workspaces: [{ name: in }]
        results: [{ name: said }]
        ${STEPS}
---
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: middle }
spec:
  params: [{ name: greeting }]
  workspaces: [{ name: w }]
  results: [{ name: said, value: $(tasks.inner.results.said) }]
  tasks:
    - name: inner
      params: [{ name: greeting, value: "$(params.greeting)!" }]
      workspaces: [{ name: in, workspace: w }]
      pipelineRef: { name: inner }
---
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: run }
spec:
  workspaces: [{ name: shared, emptyDir: {} }]
  pipelineSpec:
    workspaces: [{ name: shared }]
    results: [{ name: heard, value: $(tasks.after.results.heard) }]
    tasks:
      - name: middle
        params: [{ name: greeting, value: hello }]
        workspaces: [{ name: w, workspace: shared }]
        pipelineRef: { name: middle }
      - name: after
        params: [{ name: p, value: $(tasks.middle.results.said) }]
        taskSpec: { params: [{ name: p }], results: [{ name: heard }], ${STEPS} }
`

const get = (cluster: Parameters<typeof pipelineRun>[0], kind: 'PipelineRun' | 'TaskRun', name: string) =>
  cluster.get(kind, { namespace: 'default', name })

test('three levels: params and workspaces go in, results come out', async () => {
  const cluster = await storeWith()
  startEngine(cluster)
  await applyTo(cluster, PIPELINES)
  await endPod(cluster, 'run-middle-inner-say-pod', { results: { said: 'hello!' } })
  await endPod(cluster, 'run-after-pod', { results: { heard: 'it' } })
  const run = await finished(cluster, 'run')
  expect(succeededCondition(run)).toMatchObject({ status: 'True', reason: 'Succeeded' })
  expect(run.status?.results).toEqual([{ name: 'heard', value: 'it' }])
  expect(run.status?.childReferences?.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    'PipelineRun run-middle',
    'TaskRun run-after',
  ])
  const say = await get(cluster, 'TaskRun', 'run-middle-inner-say')
  expect(say?.spec).toMatchObject({
    params: [{ name: 'greeting', value: 'hello!' }],
    workspaces: [{ name: 'in', emptyDir: {} }],
  })
  expect(say?.metadata.labels).toMatchObject({
    'tekton.dev/pipeline': 'inner',
    'tekton.dev/pipelineRun': 'run-middle-inner',
    'tekton.dev/pipelineTask': 'say',
    team: 'x',
  })
  const after = await get(cluster, 'TaskRun', 'run-after')
  expect(after?.spec).toMatchObject({ params: [{ name: 'p', value: 'hello!' }] })
  expect((await get(cluster, 'PipelineRun', 'run-middle'))?.status?.results).toEqual([
    { name: 'said', value: 'hello!' },
  ])
})

test('a cancel goes down to the last Pod, and a deletion takes everything with it', async () => {
  const cluster = await storeWith(PIPELINES)
  startEngine(cluster)
  await startPod(cluster, 'run-middle-inner-say-pod')
  await until('the request to be written', async () => {
    const run = await pipelineRun(cluster)
    return cluster.replace('PipelineRun', { ...run, spec: { ...run.spec, status: 'Cancelled' } })
  })
  for (const name of ['run', 'run-middle', 'run-middle-inner']) {
    expect(succeededCondition(await finished(cluster, name))).toMatchObject({ status: 'False', reason: 'Cancelled' })
  }
  await until('the TaskRun to be cancelled', async () => {
    const child = await get(cluster, 'TaskRun', 'run-middle-inner-say')
    return succeededCondition(child ?? {})?.reason === 'TaskRunCancelled'
  })
  await cluster.delete('PipelineRun', { namespace: 'default', name: 'run' })
  await until('everything to be gone', async () => {
    const left = await Promise.all([cluster.list('PipelineRun'), cluster.list('TaskRun')])
    return left.flat().length === 0
  })
})

test('a Pipeline that comes back to itself by way of another fails at once, on every level', async () => {
  const cluster = await storeWith()
  startEngine(cluster)
  await applyTo(
    cluster,
    `
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: a }
spec: { tasks: [{ name: to-b, pipelineSpec: { tasks: [{ name: b, pipelineRef: { name: b } }] } }] }
---
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: { name: b }
spec: { tasks: [{ name: a, pipelineRef: { name: a } }] }
---
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: run }
spec: { pipelineRef: { name: a } }
`,
  )
  const run = await finished(cluster, 'run')
  expect(succeededCondition(run)).toMatchObject({ status: 'False', reason: 'Failed' })
  expect(succeededCondition(await finished(cluster, 'run-to-b-b'))).toMatchObject({
    reason: 'CreateRunFailed',
    message: 'detected cycle in pipeline-in-pipeline: pipeline "a" is already running in ancestor chain [b run-to-b]',
  })
  expect(await cluster.list('PipelineRun')).toHaveLength(3)
})
