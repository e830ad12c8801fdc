import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Log, SILENT } from '../../src/lib/log.js'
import { connectForRequests, persistenceTrouble, type Redis, requestWithin } from '../../src/redis/connection.js'
import { startRedis, type TestRedis } from '../helpers/redis.js'

const soon = { timeout: 15_000, interval: 5 }

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

test('a request made before the connection stands waits for it', async () => {
  const fresh = connectForRequests({ redisUrl: server.url, log: SILENT })
  expect(await requestWithin(fresh, 'asking', () => fresh.ping())).toBe('PONG')
  fresh.disconnect()
})

test('what Redis refuses for good is refused at once, with its words as the cause', async () => {
  let tries = 0
  const request = () => {
    tries++
    return redis.call('NO-SUCH-COMMAND')
  }
  const refused = await requestWithin(redis, 'asking for the moon', request).catch((error: Error) => error)
  expect(refused).toMatchObject({
    message: expect.stringMatching(/^asking for the moon: Redis at 127\.0\.0\.1:\d+ refused$/),
    cause: expect.objectContaining({ message: expect.stringContaining('unknown command') }),
  })
  expect(tries).toBe(1)
})

test('a Redis that became a replica is asked again over a new connection until it is a master', async () => {
  await requestWithin(redis, 'asking', () => redis.ping())
  const other = connectForRequests({ redisUrl: server.url, log: SILENT })
  await requestWithin(other, 'demoting', () => other.config('SET', 'replica-read-only', 'yes'))
  await requestWithin(other, 'demoting', () => other.replicaof('127.0.0.1', 1))
  let tries = 0
  const request = () => {
    tries++
    return redis.set('key', 'value')
  }
  const written = requestWithin(redis, 'writing', request, 15_000)
  await vi.waitFor(() => expect(tries).toBeGreaterThan(1), soon)
  await requestWithin(other, 'promoting', () => other.replicaof('NO', 'ONE'))
  expect(await written).toBe('OK')
  other.disconnect()
})

test('a read-only Redis is refused within the deadline', async () => {
  const other = connectForRequests({ redisUrl: server.url, log: SILENT })
  await requestWithin(other, 'demoting', () => other.replicaof('127.0.0.1', 1))
  const refused = await requestWithin(redis, 'writing', () => redis.set('key', 'value'), 200).catch(
    (error: Error) => error,
  )
  expect(String(refused)).toMatch(/writing: Redis at .* has not confirmed within 200 ms/)
  await requestWithin(other, 'promoting', () => other.replicaof('NO', 'ONE'))
  other.disconnect()
})

test('a connection that was closed says so', async () => {
  const closed = connectForRequests({ redisUrl: server.url, log: SILENT })
  await requestWithin(closed, 'asking', () => closed.ping())
  closed.disconnect()
  await vi.waitFor(() => expect(closed.status).toBe('end'), soon)
  await expect(requestWithin(closed, 'asking', () => closed.ping())).rejects.toThrow(
    'asking: the connection to Redis is closed',
  )
})

test('a lost connection is one line in the log, its return another', async () => {
  const own = await startRedis()
  const messages: string[] = []
  const note = (message: string) => void messages.push(message)
  const log: Log = { debug: note, info: note, warn: note, error: note }
  const connection = connectForRequests({ redisUrl: own.url, log })
  await requestWithin(connection, 'asking', () => connection.ping())
  await own.kill('SIGKILL')
  // Several tries to connect fail meanwhile.
  await expect(requestWithin(connection, 'asking', () => connection.ping(), 500)).rejects.toThrow(/not confirmed/)
  await own.start()
  await vi.waitFor(() => expect(messages).toEqual(['redis connection lost', 'redis connection is back']), soon)
  connection.disconnect()
  await own.close()
})

test('a Redis that keeps nothing over a restart is reported', async () => {
  const forgetful = await startRedis(['--appendonly', 'no'])
  const connection = connectForRequests({ redisUrl: forgetful.url, log: SILENT })
  expect(await persistenceTrouble(connection)).toMatch(/no append-only file.*Set appendonly yes/)
  expect(await persistenceTrouble(redis)).toBeUndefined()
  connection.disconnect()
  await forgetful.close()
})
