/** A status that is refused for its size loses detail, never what the run came to. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Cluster, ClusterError } from '../../src/cluster/cluster.js'
import { SILENT } from '../../src/lib/log.js'
import { storeStatus } from '../../src/reconcile/store-status.js'
import type { PipelineRunStatus, TaskRunStatus } from '../../src/resources/tekton.js'
import { succeededCondition } from '../../src/status/conditions.js'
import { PIPELINE_RUN, pipelineRun, storeWith, TASK_RUN, taskRun } from './real-store.js'

const filler = (chars: number) => 'x'.repeat(chars)
const steps = [
  {
    name: 's',
    container: 'step-s',
    results: [{ name: 'r', type: 'string' as const, value: filler(3_000) }],
    terminated: { exitCode: 0, message: filler(2_000) },
  },
]
const END: TaskRunStatus = {
  startTime: '2026-01-02T03:04:05Z',
  completionTime: '2026-01-02T03:14:05Z',
  podName: 'one-pod',
  conditions: [
    { type: 'Succeeded', status: 'True', reason: 'Succeeded', message: 'All Steps have completed executing' },
  ],
  steps,
  results: [{ name: 'r', type: 'string', value: 'the result' }],
  taskSpec: { steps: [{ name: 's', image: 'alpine', script: filler(8_000) }] },
  retriesStatus: [
    {
      podName: 'one-pod-before',
      conditions: [{ type: 'Succeeded', status: 'False', reason: 'Failed', message: 'of the first' }],
      taskSpec: { steps: [{ name: 's', image: 'alpine', script: filler(8_000) }] },
      steps,
    },
  ],
}
const PIPELINE_END: PipelineRunStatus = {
  startTime: '2026-01-02T03:04:05Z',
  completionTime: '2026-01-02T03:14:05Z',
  conditions: [{ type: 'Succeeded', status: 'False', reason: 'Failed', message: 'Tasks Completed: 2' }],
  pipelineSpec: { tasks: [{ name: 'a', taskSpec: { steps: [{ image: 'alpine', script: filler(9_000) }] } }] },
  childReferences: Array.from({ length: 20 }, (_, index) => ({
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    name: `run-a-${index}`,
    pipelineTaskName: 'a',
    whenExpressions: [{ input: filler(200), operator: 'in', values: ['y'] }],
  })),
  skippedTasks: [{ name: 'b', reason: 'PipelineRun was stopping' }],
  results: [{ name: 'r', value: 'the result' }],
}

/** The API server, with another limit. */
function limited(cluster: Cluster, limit: number): Cluster {
  return {
    ...cluster,
    replaceStatus: (kind, object) =>
      JSON.stringify((object as { status?: unknown }).status).length > limit
        ? Promise.reject(new ClusterError('Invalid', 'etcdserver: request is too large', { by: 'size' }))
        : cluster.replaceStatus(kind, object),
  }
}

test('whatever the limit, the end of a run is written, and results stay longest', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1_000, max: 40_000 }), async limit => {
      const cluster = await storeWith(TASK_RUN)
      const run = { ...(await taskRun(cluster, 'one')), status: END }
      await storeStatus({ cluster: limited(cluster, limit), log: SILENT }, run)
      const { status } = await taskRun(cluster, 'one')
      expect(succeededCondition({ status: status! })).toMatchObject({ status: 'True', reason: 'Succeeded' })
      expect(status).toMatchObject({ startTime: END.startTime, completionTime: END.completionTime, podName: 'one-pod' })
      expect(status?.results).toEqual(END.results)
      const isWhole = JSON.stringify(END).length <= limit
      const { message } = succeededCondition({ status: status! })!
      expect(message?.includes('Left out: tasks and steps of earlier attempts')).toBe(!isWhole)
      expect(status?.retriesStatus?.length ?? 1).toBe(1)
    }),
    { numRuns: 25 },
  )
})

test('what is left out is said, from what matters least', async () => {
  const cluster = await storeWith(TASK_RUN)
  const run = { ...(await taskRun(cluster, 'one')), status: END }
  await storeStatus({ cluster: limited(cluster, 9_500), log: SILENT }, run)
  const { status } = await taskRun(cluster, 'one')
  expect(succeededCondition({ status: status! })?.message).toBe(
    'All Steps have completed executing. This status is not stored as a whole, because it is too large (etcdserver: request is too large). Left out: tasks and steps of earlier attempts; messages, results and artifacts of steps',
  )
  expect(status?.taskSpec).toEqual(END.taskSpec)
  expect(status?.steps).toEqual([{ name: 's', container: 'step-s', terminated: { exitCode: 0 } }])
  expect(status?.retriesStatus).toEqual([{ podName: 'one-pod-before', conditions: END.retriesStatus?.[0]?.conditions }])
})

test('a PipelineRun keeps its verdict too', async () => {
  for (const limit of [13_000, 6_000, 3_000, 1_500, 800]) {
    const cluster = await storeWith(PIPELINE_RUN)
    const run = { ...(await pipelineRun(cluster)), status: PIPELINE_END }
    expect(await storeStatus({ cluster: limited(cluster, limit), log: SILENT }, run)).toMatchObject({ is: 'stored' })
    const { status } = await pipelineRun(cluster)
    expect(succeededCondition({ status: status! })).toMatchObject({ status: 'False', reason: 'Failed' })
    expect(status?.completionTime).toBe(PIPELINE_END.completionTime)
  }
})

test('a run that goes on keeps what it needs, and is not ended while earlier attempts can be told shorter', async () => {
  const cluster = await storeWith(TASK_RUN)
  const conditions = [{ type: 'Succeeded', status: 'Unknown' as const, reason: 'Running', message: 'on its way' }]
  const { completionTime: _, results: __, ...begun } = END
  const run = { ...(await taskRun(cluster, 'one')), status: { ...begun, conditions } }
  expect(await storeStatus({ cluster: limited(cluster, 20_000), log: SILENT }, run)).toMatchObject({ is: 'stored' })
  const { status } = await taskRun(cluster, 'one')
  expect(status?.taskSpec).toEqual(END.taskSpec)
  expect(status?.retriesStatus).toHaveLength(1)
  expect(succeededCondition({ status: status! })?.message).toMatch(/^on its way\. This status is not stored as a whole/)
  const next = { ...(await taskRun(cluster, 'one')), status: { ...begun, conditions } }
  const small = await storeStatus({ cluster: limited(cluster, 2_000), log: SILENT }, next)
  expect(small).toEqual({ is: 'refused', why: 'etcdserver: request is too large' })
})

test('a status that is refused for another cause is told with that cause, and an API server that is away is thrown', async () => {
  const cluster = await storeWith(TASK_RUN)
  const run = { ...(await taskRun(cluster, 'one')), status: END }
  const picky: Cluster = {
    ...cluster,
    replaceStatus: (kind, object) =>
      JSON.stringify(object).includes('"retriesStatus":[{"podName"')
        ? Promise.reject(new ClusterError('Invalid', 'status.retriesStatus: Invalid value'))
        : cluster.replaceStatus(kind, object),
  }
  await storeStatus({ cluster: picky, log: SILENT }, run)
  expect(succeededCondition(await taskRun(cluster, 'one'))?.message).toContain(
    'because the API server refuses it (status.retriesStatus: Invalid value)',
  )
  const away = new ClusterError('Unavailable', 'connection refused')
  const broken: Cluster = { ...cluster, replaceStatus: () => Promise.reject(away) }
  await expect(storeStatus({ cluster: broken, log: SILENT }, run)).rejects.toBe(away)
})
