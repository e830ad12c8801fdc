import { expect, test } from 'vitest'
import { type Cluster, ClusterError } from '../../src/cluster/cluster.js'
import { createMemoryQueue } from '../../src/queue/memory.js'
import { succeededCondition } from '../../src/status/conditions.js'
import { startWorker } from '../../workers/worker.js'
import { until } from '../kubelet/until.js'
import { depsFor, PIPELINE_RUN, pipelineRun, storeWith } from '../reconcile/real-store.js'

test('a store that is away for some calls costs time and nothing else', async () => {
  const cluster = await storeWith(PIPELINE_RUN)
  let faults = 3
  const shaky: Cluster = {
    ...cluster,
    create(kind, object) {
      if (faults-- > 0) return Promise.reject(new ClusterError('Unavailable', 'connection refused'))
      return cluster.create(kind, object)
    },
  }
  const queue = createMemoryQueue({ pauses: { firstMs: 1, maxMs: 5 } })
  const worker = startWorker(queue, depsFor(shaky), { concurrency: 1 })
  await queue.wake('PipelineRun/default/run')
  await until('the status', async () => (await pipelineRun(cluster)).status !== undefined)
  await worker.close()
  await queue.close()
  expect(faults).toBeLessThan(0)
  expect(succeededCondition(await pipelineRun(cluster))).toMatchObject({ status: 'Unknown', reason: 'Running' })
  expect(await cluster.list('TaskRun')).toHaveLength(1)
})

test('closing waits for the pass in progress, and takes no more', async () => {
  const cluster = await storeWith(PIPELINE_RUN, PIPELINE_RUN.replace('name: run', 'name: other'))
  let release = () => {}
  const held = new Promise<void>(resolve => {
    release = resolve
  })
  let entered = 0
  const slow: Cluster = {
    ...cluster,
    async replaceStatus(kind, object) {
      entered += 1
      await held
      return cluster.replaceStatus(kind, object)
    },
  }
  const queue = createMemoryQueue()
  const worker = startWorker(queue, depsFor(slow), { concurrency: 1 })
  await queue.wake('PipelineRun/default/run')
  await until('the pass', () => entered === 1)
  await queue.wake('PipelineRun/default/other')
  let closed = false
  const closing = worker.close().then(() => {
    closed = true
  })
  await new Promise(setImmediate)
  expect(closed).toBe(false)
  release()
  await closing
  await queue.close()
  expect((await pipelineRun(cluster)).status).toBeDefined()
  expect((await pipelineRun(cluster, 'other')).status).toBeUndefined()
})
