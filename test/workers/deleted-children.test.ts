/** What users delete while a run goes on: a child is made again under its name, as in Tekton; the run takes all with it. */
import { expect, test } from 'vitest'
import { succeededCondition } from '../../src/status/conditions.js'
import { until } from '../kubelet/until.js'
import { PIPELINE_RUN, storeWith, taskRun } from '../reconcile/real-store.js'
import { endPod, podNamed, startPod } from './fake-kubelet.js'
import { finished, startEngine } from './world.js'

const key = (name: string) => ({ namespace: 'default', name })

test('a TaskRun that is deleted while it runs is made again, and the run goes on', async () => {
  const cluster = await storeWith(PIPELINE_RUN)
  startEngine(cluster)
  await startPod(cluster, 'run-a-pod')
  const { uid } = (await taskRun(cluster, 'run-a')).metadata
  await cluster.delete('TaskRun', key('run-a'))
  const again = await until('run-a to be made again', async () => {
    const found = await cluster.get('TaskRun', key('run-a'))
    return found !== undefined && found.metadata.uid !== uid && found
  })
  await until('it to wait for the name', async () => {
    const message = succeededCondition(await taskRun(cluster, 'run-a'))?.message
    return message === 'waiting for the pod "run-a-pod" of a deleted run to go'
  })
  // The kubelet lets the first Pod go.
  await cluster.delete('Pod', key('run-a-pod'), { graceSeconds: 0 })
  await until('its own Pod', async () => {
    const pod = await podNamed(cluster, 'run-a-pod')
    return pod.metadata.ownerReferences?.some(owner => owner.uid === again.metadata.uid)
  })
  await endPod(cluster, 'run-a-pod')
  await endPod(cluster, 'run-b-pod')
  const run = await finished(cluster, 'run')
  expect(succeededCondition(run)).toMatchObject({ status: 'True', reason: 'Succeeded' })
  expect(run.status?.childReferences?.map(child => child.name)).toEqual(['run-a', 'run-b'])
})

test('a PipelineRun that is deleted while it runs takes its children and their Pods with it, and none comes back', async () => {
  const cluster = await storeWith(PIPELINE_RUN)
  startEngine(cluster)
  await startPod(cluster, 'run-a-pod')
  await cluster.delete('PipelineRun', key('run'))
  await until('everything to be gone', async () => {
    const pods = await cluster.list('Pod')
    // A kubelet would let the Pod go.
    for (const pod of pods) await cluster.delete('Pod', key(pod.metadata.name), { graceSeconds: 0 })
    return (await cluster.list('TaskRun')).length + (await cluster.list('Pod')).length === 0
  })
  await cluster.collected()
  expect([...(await cluster.list('PipelineRun')), ...(await cluster.list('TaskRun'))]).toEqual([])
})
