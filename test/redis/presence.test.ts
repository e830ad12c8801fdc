/** Processes that say that they are there, in a real Redis. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SILENT } from '../../src/lib/log.js'
import { connectForRequests, type Redis } from '../../src/redis/connection.js'
import { announce, type PresentProcess, presentProcesses } from '../../src/redis/presence.js'
import { startRedis, type TestRedis } from '../helpers/redis.js'
import { until } from '../kubelet/until.js'

let server: TestRedis
let redis: Redis
beforeAll(async () => {
  server = await startRedis()
  redis = connectForRequests({ redisUrl: server.url, log: SILENT })
})
afterAll(async () => {
  redis.disconnect()
  await server.close()
})

const WORKER: PresentProcess = {
  role: 'workers',
  id: 'w',
  host: 'one',
  version: '1',
  startedAt: '2026-01-01T00:00:02Z',
  concurrency: 32,
  active: 3,
}
const LISTENER: PresentProcess = {
  role: 'listeners',
  id: 'l',
  host: 'two',
  version: '1',
  startedAt: '2026-01-01T00:00:01Z',
}

test('who says so is there, the longest first, until it takes it back', async () => {
  const at = { prefix: 'orderly', log: SILENT }
  const worker = announce(redis, at, () => WORKER)
  const listener = announce(redis, at, () => LISTENER)
  await until('both', async () => (await presentProcesses(redis, at)).length === 2)
  expect(await presentProcesses(redis, at)).toEqual([LISTENER, WORKER])
  expect(await presentProcesses(redis, { prefix: 'another' })).toEqual([])
  await worker.stop()
  expect(await presentProcesses(redis, at)).toEqual([LISTENER])
  await listener.stop()
  expect(await redis.keys('orderly:*')).toEqual([])
})

test('what it does is told as it is now', async () => {
  const at = { prefix: 'busy', log: SILENT, everyMs: 10 }
  let active = 0
  const worker = announce(redis, at, () => ({ ...WORKER, active }))
  active = 7
  await until('the new number', async () => (await presentProcesses(redis, at))[0]?.active === 7)
  await worker.stop()
})

test('who was killed is forgotten, and what is no process is not shown', async () => {
  const at = { prefix: 'killed' }
  // As a process leaves it that is killed: no more is said.
  await redis.set('killed:process:gone', JSON.stringify({ ...WORKER, id: 'gone' }), 'PX', 1)
  await redis.set('killed:process:junk', '{"role":"workers","id":1}')
  await redis.set('killed:process:text', 'no JSON')
  await redis.sadd('killed:processes', 'gone', 'junk', 'text')
  await until('it to be forgotten', async () => (await redis.exists('killed:process:gone')) === 0)
  expect(await presentProcesses(redis, at)).toEqual([])
  expect((await redis.smembers('killed:processes')).sort()).toEqual(['junk', 'text'])
})
