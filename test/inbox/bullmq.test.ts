import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type BullmqInboxOptions, openBullmqInbox } from '../../src/inbox/bullmq.js'
import type { Inbox } from '../../src/inbox/inbox.js'
import { redisDeliveries } from '../../src/inbox/redis-deliveries.js'
import { SILENT } from '../../src/lib/log.js'
import { connectForRequests, type Redis } from '../../src/redis/connection.js'
import { delivery, inboxContract, rejections } from '../contract/inbox.js'
import { startRedis, type TestRedis } from '../helpers/redis.js'

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.close())

inboxContract('bullmq inbox', async () => {
  const prefix = `test-${randomUUID()}`
  const settings = {
    redisUrl: redis.url,
    prefix,
    log: SILENT,
    pauses: { firstMs: 5, maxMs: 20 },
    sweepMs: 100,
    lockMs: 500,
  }
  return {
    open: change => openBullmqInbox({ ...settings, ...change }),
    forChild: { adapter: 'bullmq', at: redis.url, prefix },
    remove: async () => {},
  }
})

const soon = { timeout: 25_000, interval: 5 }

interface Setting {
  readonly server: TestRedis
  readonly prefix: string
  /** A connection of the test's own. */
  readonly look: Redis
  open(change?: Partial<BullmqInboxOptions>): Promise<Inbox>
}

/** A Redis of its own, for tests that hurt it. */
async function withRedis(use: (setting: Setting) => Promise<void>): Promise<void> {
  const server = await startRedis()
  const look = connectForRequests({ redisUrl: server.url, log: SILENT })
  await vi.waitFor(() => look.ping(), soon)
  const prefix = 'ours'
  const opened: Inbox[] = []
  const settings = {
    redisUrl: server.url,
    prefix,
    log: SILENT,
    pauses: { firstMs: 5, maxMs: 20 },
    sweepMs: 50,
    lockMs: 500,
  }
  const open = async (change: Partial<BullmqInboxOptions> = {}) => {
    const inbox = await openBullmqInbox({ ...settings, ...change })
    opened.push(inbox)
    return inbox
  }
  try {
    await use({ server, prefix, look, open })
  } finally {
    look.disconnect()
    await Promise.all(opened.map(inbox => inbox.close())).finally(() => server.close())
  }
}

const refusal = (work: Promise<unknown>) => work.then(String, (error: Error) => `${error.message} <- ${error.cause}`)

test('the BullMQ inbox refuses while Redis is away, and keeps all it acknowledged when Redis is killed', async () => {
  await withRedis(async ({ server, open }) => {
    const inbox = await open()
    for (let i = 0; i < 50; i++) await inbox.accept(delivery(`${i}`))
    await server.kill('SIGKILL')
    expect(await refusal(inbox.accept(delivery('away')))).toMatch(
      /storing delivery .* has not confirmed within 2000 ms/,
    )
    await server.start()
    const calls = new Set<string>()
    const worker = inbox.dispatch(
      async record => {
        calls.add(record.delivery.eventId)
        return []
      },
      { concurrency: 4 },
    )
    await vi.waitFor(() => expect(calls.size).toBe(50), soon)
    await worker.close()
  })
})

test('the BullMQ inbox refuses when Redis is full or read-only, and stores nothing of it', async () => {
  await withRedis(async ({ look, open }) => {
    const inbox = await open()
    await look.config('SET', 'maxmemory', '1')
    expect(await refusal(inbox.accept(delivery('full')))).toMatch(/refused <- .*OOM/)
    await look.config('SET', 'maxmemory', '0')
    await look.replicaof('127.0.0.1', 1)
    expect(await refusal(inbox.accept(delivery('readonly')))).toMatch(
      // Which of the two it says last depends on when the reconnecting that READONLY causes is through.
      /not confirmed within 2000 ms.* <- .*(READONLY|Stream isn't writeable)/,
    )
    await look.replicaof('NO', 'ONE')
    expect(await inbox.list()).toEqual({ items: [] })
    expect((await inbox.accept(delivery('full'))).is).toBe('new')
  })
})

test('a dispatch whose end a full Redis did not take is no death of its worker', async () => {
  await withRedis(async ({ look, open }) => {
    const warnings: string[] = []
    const log = { ...SILENT, warn: (message: string) => void warnings.push(message) }
    const inbox = await open({ log, maxDeaths: 1 })
    let calls = 0
    const worker = inbox.dispatch(
      async () => {
        calls += 1
        if (calls === 1) await look.config('SET', 'maxmemory', '1')
        return []
      },
      { concurrency: 1 },
    )
    await inbox.accept(delivery('a'))
    await vi.waitFor(() => expect(warnings).toContain('dispatching a delivery'), soon)
    expect((await inbox.get(delivery('a').id))?.state.is).toBe('pending')
    await look.config('SET', 'maxmemory', '0')
    await vi.waitFor(async () => expect((await inbox.get(delivery('a').id))?.state.is).not.toBe('pending'), soon)
    expect((await inbox.get(delivery('a').id))?.state.is).toBe('done')
    expect(calls).toBe(2)
    await worker.close()
  })
})

test('deliveries that were stored but never queued, as by a listener that died between, are found by any worker', async () => {
  await withRedis(async ({ look, prefix, open }) => {
    const stored = redisDeliveries(look, prefix, 3_600_000)
    // More than one page of the sweep.
    const ids = Array.from({ length: 600 }, (_, i) => `${i}`)
    await Promise.all(ids.map(id => stored.store(delivery(id))))
    const inbox = await open()
    const calls: string[] = []
    const note = async ({ delivery: { eventId } }: { delivery: { eventId: string } }) => {
      calls.push(eventId)
      return []
    }
    const worker = inbox.dispatch(note, { concurrency: 16 })
    await vi.waitFor(() => expect(new Set(calls).size).toBe(600), soon)
    // And one more while it runs.
    await stored.store(delivery('later'))
    await vi.waitFor(() => expect(calls).toContain('event-later'), soon)
    await worker.close()
    expect(calls).toHaveLength(601)
  })
})

test('several workers share the BullMQ inbox, and each delivery is dispatched by one of them', async () => {
  await withRedis(async ({ open }) => {
    const listener = await open()
    const calls: string[] = []
    const workers = await Promise.all(
      [0, 1, 2].map(async () =>
        (await open()).dispatch(
          async ({ delivery: { eventId } }) => {
            calls.push(eventId)
            return []
          },
          { concurrency: 4 },
        ),
      ),
    )
    const ids = Array.from({ length: 200 }, (_, i) => `${i}`)
    await Promise.all(ids.map(id => listener.accept(delivery(id))))
    await vi.waitFor(() => expect(calls.length).toBeGreaterThanOrEqual(200), soon)
    await Promise.all(workers.map(worker => worker.close()))
    expect(calls.toSorted()).toEqual(ids.map(id => `event-${id}`).toSorted())
  })
})

test('a body is in Redis once, in our own key, and finished deliveries and only they have a date of expiry', async () => {
  await withRedis(async ({ look, prefix, open }) => {
    const inbox = await open()
    const body = new TextEncoder().encode('recognise-me')
    await inbox.accept(delivery('open', { body }))
    // The job is queued behind the acknowledgement.
    await vi.waitFor(async () => expect(await look.llen(`${prefix}:inbox-dispatch:wait`)).toBe(1), soon)
    const found: string[] = []
    for (const key of await look.keys('*')) {
      const content = (await look.dumpBuffer(key)).toString('latin1')
      if (content.includes('recognise-me')) found.push(key)
    }
    const key = `${prefix}:inbox:delivery:${delivery('open').id}`
    expect(found).toEqual([key])
    expect(await look.pttl(key)).toBe(-1)
    const worker = inbox.dispatch(async () => [], { concurrency: 1 })
    await vi.waitFor(async () => expect(await look.pttl(key)).toBeGreaterThan(71 * 3_600_000), soon)
    await inbox.replay(delivery('open').id)
    await vi.waitFor(async () => expect((await inbox.get(delivery('open').id))?.replay).toBe(1), soon)
    await worker.close()
    expect(await look.zcard(`${prefix}:inbox:open`)).toBe(0)
  })
})

test('connections killed while the BullMQ inbox accepts make no copy of a delivery', async () => {
  await withRedis(async ({ look, open }) => {
    const inbox = await open()
    for (let round = 0; round < 10; round++) {
      const burst = Array.from({ length: 20 }, (_, i) => inbox.accept(delivery(`${round}-${i}`)))
      await look.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      expect((await Promise.all(burst)).map(answer => answer.is)).toEqual(burst.map(() => 'new'))
    }
    const { items: records } = await inbox.list({ limit: 1_000 })
    expect(records).toHaveLength(200)
    expect(new Set(records.map(record => record.copies))).toEqual(new Set([1]))
  })
})

test('junk among the jobs of the BullMQ inbox is dropped, and deliveries go on', async () => {
  await withRedis(async ({ look, prefix, open }) => {
    const job = (part: string) => `${prefix}:inbox-dispatch:${part}`
    for (const [id, data] of Object.entries({ list: '[1]', nothing: 'null', unknown: '{"id":"never-seen"}' })) {
      await look.hset(job(id), { name: 'dispatch', data, opts: '{}', timestamp: '1', delay: '0', priority: '0' })
      await look.lpush(job('wait'), id)
    }
    const inbox = await open()
    const calls: string[] = []
    const worker = inbox.dispatch(
      async record => {
        calls.push(record.delivery.eventId)
        return []
      },
      { concurrency: 1 },
    )
    await inbox.accept(delivery('a'))
    await vi.waitFor(() => expect(calls).toEqual(['event-a']), soon)
    await vi.waitFor(async () => expect(await look.keys(job('[a-z]*'))).not.toContain(job('unknown')), soon)
    await worker.close()
    expect(calls).toEqual(['event-a'])
  })
})

test('the BullMQ inbox can be told to refuse a Redis that would lose deliveries', async () => {
  await withRedis(async ({ look, open }) => {
    await look.config('SET', 'appendonly', 'no')
    await expect(open({ onUnsafeRedis: 'refuse' })).rejects.toThrow(/Set appendonly yes/)
    await look.config('SET', 'appendonly', 'yes')
    await look.config('SET', 'maxmemory-policy', 'volatile-ttl')
    await expect(open({ onUnsafeRedis: 'refuse' })).rejects.toThrow(/maxmemory-policy "volatile-ttl"/)
  })
})

test('of what was rejected the BullMQ inbox keeps the newest, of one listener fewer than of all', async () => {
  await withRedis(async ({ look, prefix }) => {
    const deliveries = redisDeliveries(look, prefix, 60_000)
    await deliveries.store(delivery('real'))
    await deliveries.reject(rejections(130, 'noisy'))
    for (let listener = 0; listener < 10; listener++) await deliveries.reject(rejections(100, `l-${listener}`))
    const of = async (name: string) =>
      (await deliveries.list({ limit: 2_000, to: { namespace: 'ci', of: { kind: 'EventListener', name } } })).items
    const sizes = await Promise.all(['noisy', 'l-0', 'github'].map(async name => (await of(name)).length))
    expect(sizes).toEqual([0, 100, 1])
    await deliveries.reject(rejections(130, 'l-9'))
    expect((await of('l-9')).map(({ delivery: { eventId } }) => eventId)).toEqual(
      Array.from({ length: 100 }, (_, i) => `l-9-${129 - i}`),
    )
    expect(await of('l-0')).toHaveLength(100)
    const inbox = `${prefix}:inbox:`
    const counts = [
      await look.zcard(`${inbox}arrivals`),
      await look.zcard(`${inbox}arrivals:ci`),
      await look.zcard(`${inbox}event-ids`),
      await look.hlen(`${inbox}entered`),
      (await look.keys(`${inbox}delivery:*`)).length,
    ]
    expect(counts).toEqual(Array(5).fill(1_001))
    expect(await look.zcard(`${inbox}rejected`)).toBe(1_000)
  })
})

test('what the BullMQ inbox has forgotten leaves nothing in Redis', async () => {
  await withRedis(async ({ look, prefix, open }) => {
    const inbox = await open({ retentionMs: 30 })
    const worker = inbox.dispatch(async () => [], { concurrency: 4 })
    const ids = Array.from({ length: 50 }, (_, i) => `${i}`)
    await Promise.all(ids.map(id => inbox.accept(delivery(id))))
    for (const { rejected } of rejections(3, 'github')) inbox.reject(rejected.delivery.to, () => rejected)
    const swept = `${prefix}:inbox:swept`
    await vi.waitFor(async () => {
      expect((await look.keys(`${prefix}:inbox:*`)).filter(key => key !== swept)).toEqual([])
    }, soon)
    await worker.close()
  })
})
