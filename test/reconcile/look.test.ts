/** A pass reads what the status lists, and all the rest when it matters: after a pass that was killed before it could say what it made. */
import { expect, test } from 'vitest'
import type { Cluster } from '../../src/cluster/cluster.js'
import { reconcile } from '../../src/reconcile/reconcile.js'
import { succeededCondition, withSucceeded } from '../../src/status/conditions.js'
import { containerStatus, exited } from '../helpers/task-run-world.js'
import { depsFor, key, NOW, PIPELINE_RUN, pipelineRun, storeWith, TASK_RUN, taskRun } from './real-store.js'

const RUN = 'PipelineRun/default/run'

/** A pass that makes what it decides to make, and is killed before its status. */
async function killedPass(store: Cluster, run: Parameters<typeof reconcile>[1]): Promise<void> {
  const dying: Cluster = { ...store, replaceStatus: () => Promise.reject(new Error('killed')) }
  await expect(reconcile(depsFor(dying), run)).rejects.toThrow('killed')
}

async function interrupted() {
  const store = await storeWith(PIPELINE_RUN)
  await killedPass(store, RUN)
  expect((await pipelineRun(store)).status).toBeUndefined()
  return store
}

const endings = [
  { how: 'cancelled', status: 'Cancelled', reason: 'Cancelled' },
  { how: 'stopped', status: 'StoppedRunFinally', reason: 'StoppedRunningFinally' },
] as const

test.each(endings)('a run that is $how finds the child that its status does not list', async ({ status, reason }) => {
  const store = await interrupted()
  const run = await pipelineRun(store)
  await store.replace('PipelineRun', { ...run, spec: { ...run.spec, status } })
  await reconcile(depsFor(store), RUN)
  const after = await pipelineRun(store)
  expect(succeededCondition(after)?.reason).toBe(reason)
  expect(after.status?.childReferences?.map(child => child.name)).toEqual(['run-a'])
  const told = (await taskRun(store, 'run-a')).spec.status
  expect(told).toBe(status === 'Cancelled' ? 'TaskRunCancelled' : undefined)
})

test('a child that has ended before it was listed is seen to have ended, in the same pass', async () => {
  const store = await interrupted()
  const child = await taskRun(store, 'run-a')
  const conditions = withSucceeded(undefined, 'True', 'Succeeded', '', NOW)
  await store.replaceStatus('TaskRun', { ...child, status: { conditions } })
  await reconcile(depsFor(store), RUN)
  expect((await pipelineRun(store)).status?.childReferences?.map(each => each.name)).toEqual(['run-a', 'run-b'])
})

test('a Pod that has ended before the status named it is the end of its run, and no second one is made', async () => {
  const store = await storeWith(TASK_RUN)
  await killedPass(store, 'TaskRun/default/one')
  const pod = (await store.get('Pod', key('one-pod')))!
  const status = { phase: 'Succeeded' as const, containerStatuses: [containerStatus('step-s', exited(0))] }
  await store.replaceStatus('Pod', { ...pod, status })
  await reconcile(depsFor(store), 'TaskRun/default/one')
  const run = await taskRun(store, 'one')
  expect(succeededCondition(run)).toMatchObject({ status: 'True', reason: 'Succeeded' })
  expect(run.status?.podName).toBe('one-pod')
  expect(await store.list('Pod')).toHaveLength(1)
})

test('a TaskRun that is cancelled finds the Pod that its status does not name', async () => {
  const store = await storeWith(TASK_RUN)
  await killedPass(store, 'TaskRun/default/one')
  const run = await taskRun(store, 'one')
  await store.replace('TaskRun', { ...run, spec: { ...run.spec, status: 'TaskRunCancelled' } })
  await reconcile(depsFor(store), 'TaskRun/default/one')
  expect(succeededCondition(await taskRun(store, 'one'))?.reason).toBe('TaskRunCancelled')
  expect((await store.get('Pod', key('one-pod')))?.metadata.deletionTimestamp ?? 'gone').toBeTruthy()
})

test('a pass that finds everything as it is writes nothing', async () => {
  const store = await storeWith(PIPELINE_RUN)
  const refuse = () => Promise.reject(new Error('nothing is to be written'))
  const readOnly: Cluster = { ...store, create: refuse, replace: refuse, replaceStatus: refuse, delete: refuse }
  await reconcile(depsFor(store), RUN)
  await reconcile(depsFor(readOnly), RUN)
  await reconcile(depsFor(store), 'TaskRun/default/run-a')
  await reconcile(depsFor(readOnly), 'TaskRun/default/run-a')
  expect(await store.list('Pod')).toHaveLength(1)
})
