/** A PipelineRun from its creation to its end, with everything real but the processes of its steps. */
import { expect, test } from 'vitest'
import type { Cluster } from '../../src/cluster/cluster.js'
import { succeededCondition } from '../../src/status/conditions.js'
import { until } from '../kubelet/until.js'
import { applyTo } from '../listeners/world.js'
import { PIPELINE_RUN, pipelineRun, storeWith, taskRun } from '../reconcile/real-store.js'
import { endPod, podNamed, startPod } from './fake-kubelet.js'
import { finished, startEngine } from './world.js'

const WITH_RESULTS = `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: run }
spec:
  pipelineSpec:
    results: [{ name: answer, value: $(tasks.a.results.number) }]
    tasks:
      - name: a
        taskSpec:
          results: [{ name: number }]
          steps: [{ name: s, image: alpine, script: "true" }]
      - name: b
        params: [{ name: given, value: $(tasks.a.results.number) }]
        taskSpec:
          params: [{ name: given }]
          steps: [{ name: s, image: alpine, script: "true" }]
    finally:
      - name: f
        taskSpec: { steps: [{ name: s, image: alpine, script: "true" }] }
`

test('a run goes from task to task by nothing but what happens to its Pods', async () => {
  const cluster = await storeWith()
  startEngine(cluster)
  await applyTo(cluster, WITH_RESULTS)
  await startPod(cluster, 'run-a-pod')
  await until('run-a to run', async () => succeededCondition(await taskRun(cluster, 'run-a'))?.reason === 'Running')
  expect(await cluster.list('TaskRun')).toHaveLength(1)
  await endPod(cluster, 'run-a-pod', { results: { number: '42' } })
  await podNamed(cluster, 'run-b-pod')
  expect((await taskRun(cluster, 'run-b')).spec.params).toEqual([{ name: 'given', value: '42' }])
  await endPod(cluster, 'run-b-pod')
  await endPod(cluster, 'run-f-pod')
  const run = await finished(cluster, 'run')
  expect(succeededCondition(run)).toMatchObject({ status: 'True', reason: 'Succeeded' })
  expect(run.status?.results).toEqual([{ name: 'answer', value: '42' }])
  expect((await cluster.list('Pod')).map(pod => pod.metadata.name)).toEqual(['run-a-pod', 'run-b-pod', 'run-f-pod'])
})

test('a failed step ends the run, and what comes after it is skipped', async () => {
  const cluster = await storeWith(PIPELINE_RUN)
  startEngine(cluster)
  await endPod(cluster, 'run-a-pod', { exitCode: 3 })
  const run = await finished(cluster, 'run')
  expect(succeededCondition(run)).toMatchObject({ status: 'False', reason: 'Failed' })
  expect(succeededCondition(await taskRun(cluster, 'run-a'))).toMatchObject({ status: 'False', reason: 'StepFailed' })
  expect(run.status?.skippedTasks?.map(skipped => skipped.name)).toEqual(['b'])
  expect(await cluster.get('TaskRun', { namespace: 'default', name: 'run-b' })).toBeUndefined()
})

test('workers that come later go on where the earlier ones stopped', async () => {
  const cluster = await storeWith(PIPELINE_RUN)
  const first = startEngine(cluster)
  await podNamed(cluster, 'run-a-pod')
  await first.close()
  // Happens while nobody looks, and is not said again to those who come.
  await endPod(cluster, 'run-a-pod')
  expect(succeededCondition(await pipelineRun(cluster))).toMatchObject({ status: 'Unknown' })
  startEngine(cluster)
  await endPod(cluster, 'run-b-pod')
  expect(succeededCondition(await finished(cluster, 'run'))).toMatchObject({ status: 'True' })
  expect(await cluster.list('TaskRun')).toHaveLength(2)
})

test('two engines over one store bring a run to one end, with one Pod per task', async () => {
  const cluster = await storeWith()
  startEngine(cluster)
  startEngine(cluster)
  await applyTo(cluster, PIPELINE_RUN)
  await endPod(cluster, 'run-a-pod')
  await endPod(cluster, 'run-b-pod')
  expect(succeededCondition(await finished(cluster, 'run'))).toMatchObject({ status: 'True', reason: 'Succeeded' })
  expect(await cluster.list('TaskRun')).toHaveLength(2)
  expect(await cluster.list('Pod')).toHaveLength(2)
})

test('a cancelled run cancels its children and deletes their Pods', async () => {
  const cluster = await storeWith(PIPELINE_RUN)
  startEngine(cluster)
  await startPod(cluster, 'run-a-pod')
  await until('the request to be written', async () => {
    const run = await pipelineRun(cluster)
    return cluster.replace('PipelineRun', { ...run, spec: { ...run.spec, status: 'Cancelled' } })
  })
  const run = await finished(cluster, 'run')
  expect(succeededCondition(run)).toMatchObject({ status: 'False', reason: 'Cancelled' })
  await until('run-a to be cancelled', async () => {
    const child = await taskRun(cluster, 'run-a')
    return succeededCondition(child)?.reason === 'TaskRunCancelled'
  })
  await until('its Pod to be told', async () => {
    const [pod] = await cluster.list('Pod')
    return pod === undefined || pod.metadata.deletionTimestamp !== undefined
  })
  expect(await cluster.list('TaskRun')).toHaveLength(1)
})

test('the engine comes to rest: what it writes itself does not wake it for ever', async () => {
  const cluster = await storeWith(PIPELINE_RUN)
  let reads = 0
  const counting = { ...cluster, get: counted(cluster, () => (reads += 1)) }
  const engine = startEngine(counting)
  await endPod(cluster, 'run-a-pod')
  await endPod(cluster, 'run-b-pod')
  await finished(cluster, 'run')
  await engine.close()
  const [readsOfOne, version] = [reads, cluster.version()]
  // A second engine finds nothing to do in what is finished: it reads for the new run only, and writes nothing else.
  const before = await cluster.list('TaskRun')
  startEngine(counting)
  await applyTo(cluster, PIPELINE_RUN.replace('name: run', 'name: other'))
  await endPod(cluster, 'other-a-pod')
  await endPod(cluster, 'other-b-pod')
  await finished(cluster, 'other')
  expect(reads - readsOfOne).toBeLessThan(3 * readsOfOne)
  expect(Number(cluster.version())).toBeGreaterThan(Number(version))
  const after = await cluster.list('TaskRun')
  expect(after.filter(child => child.metadata.name.startsWith('run-'))).toEqual(before)
})

function counted(cluster: Cluster, note: () => void): Cluster['get'] {
  return (kind, at) => {
    note()
    return cluster.get(kind, at)
  }
}
