import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createConnection, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type Log, SILENT } from '../../src/lib/log.js'
import { type JobQueue, openQueue, openWorker } from '../../src/redis/bullmq.js'
import { connectForRequests, type Redis } from '../../src/redis/connection.js'
import { type QueueName, queueDepth } from '../../src/redis/depth.js'
import { startRedis, type TestRedis } from '../helpers/redis.js'

const soon = { timeout: 15_000, interval: 5 }

let server: TestRedis
let redis: Redis
let name: QueueName

beforeAll(async () => {
  server = await startRedis()
  redis = connectForRequests({ redisUrl: server.url, log: SILENT })
})
beforeEach(() => {
  name = { prefix: `test-${randomUUID()}`, name: 'jobs' }
})
afterAll(async () => {
  redis.disconnect()
  await server.close()
})

async function withQueue(use: (queue: JobQueue<unknown>) => Promise<void>): Promise<void> {
  const queue = openQueue<unknown>(redis, name, SILENT)
  try {
    await use(queue)
  } finally {
    await queue.close()
  }
}

const settings = { concurrency: 1, lockMs: 1_500, silentMs: 5_000, onCompleted: () => {} }
const aWake = { deduplication: { id: 'run', keepLastIfActive: true, replace: true } }

test('a look that is queued late never overwrites the wake that waits for the running call', async () => {
  await withQueue(async queue => {
    const calls: unknown[] = []
    let end = () => {}
    const worker = openWorker({ redisUrl: server.url, log: SILENT }, name, queue, {
      ...settings,
      async process({ data }) {
        calls.push(data)
        if (calls.length === 1) await new Promise<void>(resolve => (end = resolve))
      },
    })
    await queue.add('wake', 'running', aWake)
    await vi.waitFor(() => expect(calls).toEqual(['running']), soon)
    await queue.add('wake', 'kept', aWake)
    // With keepLastIfActive here, the kept wake would wait for an hour too ("the last one wins").
    await queue.add('again', 'late look', { delay: 3_600_000, deduplication: { id: 'run' } })
    end()
    await vi.waitFor(() => expect(calls).toEqual(['running', 'kept']), soon)
    await worker.close()
  })
})

test('the depth counts what waits and what is worked on, not what is pending; takeable counts what is due', async () => {
  await withQueue(async queue => {
    expect([await queueDepth(redis, name), await queue.takeable()]).toEqual([0, 0])
    await queue.add('a', 1, {})
    await queue.add('b', 2, {})
    await queue.add('c', 3, { delay: 3_600_000 })
    expect([await queueDepth(redis, name), await queue.takeable()]).toEqual([2, 2])
    let end = () => {}
    const held = new Promise<void>(resolve => (end = resolve))
    const worker = openWorker({ redisUrl: server.url, log: SILENT }, name, queue, { ...settings, process: () => held })
    await vi.waitFor(async () => expect(await queue.takeable()).toBe(1), soon)
    expect(await queueDepth(redis, name)).toBe(2)
    end()
    await worker.close()
  })
})

test('a worker whose connection is half-open is replaced and the jobs are done', async () => {
  const proxy = await startProxy(Number(new URL(server.url).port))
  const messages: string[] = []
  const note = (message: string) => void messages.push(message)
  const log: Log = { debug: note, info: note, warn: note, error: note }
  await withQueue(async queue => {
    const done: unknown[] = []
    const worker = openWorker({ redisUrl: `redis://127.0.0.1:${proxy.port}`, log }, name, queue, {
      ...settings,
      silentMs: 200,
      async process({ data }) {
        done.push(data)
      },
    })
    await queue.add('a', 'before', {})
    await vi.waitFor(() => expect(done).toEqual(['before']), soon)
    proxy.freeze()
    await queue.add('a', 'after', {})
    await vi.waitFor(() => expect(done).toEqual(['before', 'after']), soon)
    expect(messages).toContain('queue worker went silent and is replaced')
    await worker.close()
  })
  await vi.waitFor(async () => expect(await connectionsOf('tektite-worker')).toBe(0), soon)
  await proxy.close()
})

test('a closed worker leaves no connection behind, also when Redis is away', async () => {
  const own = await startRedis()
  const connection = connectForRequests({ redisUrl: own.url, log: SILENT })
  const queue = openQueue<unknown>(connection, name, SILENT)
  const done: unknown[] = []
  const worker = openWorker({ redisUrl: own.url, log: SILENT }, name, queue, {
    ...settings,
    async process({ data }) {
      done.push(data)
    },
  })
  await queue.add('a', 1, {})
  await vi.waitFor(() => expect(done).toEqual([1]), soon)
  await own.kill('SIGKILL')
  await worker.close()
  connection.disconnect()
  await own.start()
  const look = connectForRequests({ redisUrl: own.url, log: SILENT })
  await vi.waitFor(() => look.ping(), soon)
  expect(await look.client('LIST')).not.toMatch(/tektite-worker|amobs/)
  look.disconnect()
  await own.close()
})

async function connectionsOf(connectionName: string): Promise<number> {
  return String(await redis.client('LIST')).split(`name=${connectionName} `).length - 1
}

/** Passes connections on; after freeze() those that are open stay open and carry nothing, new ones work. */
async function startProxy(to: number) {
  const pairs: (readonly [Socket, Socket])[] = []
  const proxy = createServer(inside => {
    const outside = createConnection(to, '127.0.0.1')
    pairs.push([inside, outside])
    inside.pipe(outside)
    outside.pipe(inside)
    inside.on('error', () => outside.destroy()) // Cut on purpose.
    outside.on('error', () => inside.destroy())
    inside.on('close', () => outside.destroy())
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return {
    port: (proxy.address() as { port: number }).port,
    freeze() {
      for (const [inside, outside] of pairs) {
        // Swallowed, not left unread: the end of a connection must still be seen.
        inside.unpipe(outside).resume()
        outside.unpipe(inside).resume()
      }
    },
    async close() {
      for (const pair of pairs) for (const socket of pair) socket.destroy()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}
