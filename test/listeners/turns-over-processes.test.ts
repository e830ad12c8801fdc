/** Two listeners dispatch slots of one Schedule at the same time: `concurrencyPolicy` holds over both. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createScheduleDispatcher } from '../../listeners/dispatch-schedule.js'
import type { Delivery } from '../../src/inbox/inbox.js'
import { SILENT } from '../../src/lib/log.js'
import { connectForRequests } from '../../src/redis/connection.js'
import { createLocks } from '../../src/redis/locks.js'
import { slotDelivery } from '../../src/schedule/tick.js'
import { startRedis, type TestRedis } from '../helpers/redis.js'
import { clusterWith } from './world.js'

const SCHEDULE = (policy: string) => `
apiVersion: tektite.dev/v1alpha1
kind: Schedule
metadata: { name: often, namespace: ci }
spec:
  schedule: "* * * * *"
  concurrencyPolicy: ${policy}
  template:
    spec:
      resourcetemplates:
        - apiVersion: tekton.dev/v1
          kind: PipelineRun
          metadata: { generateName: often- }
          spec: { pipelineRef: { name: build } }
`
const NOW = Date.parse('2026-01-10T06:00:00Z')

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.close())

test.each([
  ['Forbid', 1],
  ['Replace', 1],
  ['Allow', 6],
])('%s: of six slots at once %i goes on', async (policy, expected) => {
  const cluster = await clusterWith(SCHEDULE(policy))
  const schedule = await cluster.get('Schedule', { namespace: 'ci', name: 'often' })
  // Another process sees the cluster over a network.
  const slow = {
    ...cluster,
    list: async (...asked: Parameters<typeof cluster.list>) => {
      const found = await cluster.list(...asked)
      await new Promise(resolve => setTimeout(resolve, 5))
      return found
    },
  } as typeof cluster
  const dispatchers = [1, 2, 3].map(() => {
    const connection = connectForRequests({ redisUrl: redis.url, log: SILENT })
    onTestFinished(() => connection.disconnect())
    const { inTurn } = createLocks(connection, { prefix: policy, log: SILENT })
    return createScheduleDispatcher({ cluster: slow, admission: () => ({}), log: SILENT, now: () => NOW, inTurn })
  })
  const recordOf = (delivery: Delivery) =>
    ({ delivery, state: { is: 'pending' }, copies: 1, earlier: [], replay: 0 }) as const
  const slots = [0, 1, 2, 3, 4, 5].map(minute => NOW - minute * 60_000)
  await Promise.all(
    slots.map((slot, at) => dispatchers[at % 3]!(recordOf(slotDelivery(schedule!.metadata, 'UTC', slot, NOW)))),
  )
  const runs = await cluster.list('PipelineRun')
  expect(runs.filter(({ spec }) => spec.status === undefined)).toHaveLength(expected)
})
