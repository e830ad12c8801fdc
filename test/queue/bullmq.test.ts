import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import { SILENT } from '../../src/lib/log.js'
import { openBullmqQueue } from '../../src/queue/bullmq.js'
import { runQueueContract } from '../contract/run-queue.js'
import { startRedis, type TestRedis } from '../helpers/redis.js'

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.close())

runQueueContract('bullmq queue', async () => {
  const prefix = `test-${randomUUID()}`
  const pauses = { firstMs: 60_000, maxMs: 60_000 }
  return {
    open: () => openBullmqQueue({ redisUrl: redis.url, prefix, log: SILENT, pauses }),
    remove: async () => {},
  }
})
