import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Log, LogFields } from '../../src/lib/log.js'
import { SILENT } from '../../src/lib/log.js'
import { type BullmqQueueOptions, openBullmqQueue } from '../../src/queue/bullmq.js'
import type { RunHandler, RunKey, RunQueue, RunWorker } from '../../src/queue/queue.js'
import { connectForRequests, type Redis } from '../../src/redis/connection.js'
import { startRedis, type TestRedis } from '../helpers/redis.js'

const soon = { timeout: 20_000, interval: 5 }
const key = (name: string): RunKey => `TaskRun/faults/${name}`
const settled = { kind: 'settled' } as const

let redis: TestRedis
let prefix: string
let cleanUp: (() => unknown)[]

beforeEach(async () => {
  redis = await startRedis()
  prefix = `test-${randomUUID()}`
  cleanUp = [() => redis.close()]
})

afterEach(async () => {
  // Every step, whatever becomes of the one before: a server that stays is found by no one.
  const failures: unknown[] = []
  for (const step of cleanUp.reverse()) await (async () => step())().catch(failure => failures.push(failure))
  expect(failures).toEqual([])
})

async function open(change: Partial<BullmqQueueOptions> = {}): Promise<RunQueue & { depth(): Promise<number> }> {
  const queue = await openBullmqQueue({ redisUrl: redis.url, prefix, log: SILENT, ...change })
  cleanUp.push(() => queue.close())
  return queue
}

function work(queue: RunQueue, handler: RunHandler, concurrency = 1): RunWorker {
  const worker = queue.work(handler, { concurrency })
  cleanUp.push(() => worker.close())
  return worker
}

function raw(): Redis {
  const connection = connectForRequests({ redisUrl: redis.url, log: SILENT })
  cleanUp.push(() => connection.disconnect())
  return connection
}

async function workerProcess(concurrency: number) {
  const dir = await mkdtemp(join(tmpdir(), 'tektite-queue-ledger-'))
  const ledger = join(dir, 'ledger')
  const fixture = new URL('fixtures/queue-worker.mjs', import.meta.url).pathname
  const child = spawn(process.execPath, [fixture, redis.url, prefix, ledger, `${concurrency}`], { stdio: 'inherit' })
  const gone = once(child, 'exit')
  cleanUp.push(async () => {
    child.kill('SIGKILL')
    await gone
    await rm(dir, { recursive: true })
  })
  return {
    signal: (signal: NodeJS.Signals) => child.kill(signal),
    calls: async () => (await readFile(ledger, 'utf8').catch(() => '')).split('\n').filter(Boolean),
  }
}

function collectingLog(): Log & { readonly lines: { readonly message: string; readonly fields: LogFields }[] } {
  const lines: { message: string; fields: LogFields }[] = []
  const note = (message: string, fields: LogFields = {}) => void lines.push({ message, fields })
  return { lines, debug: note, info: note, warn: note, error: note }
}

test('all runs of a worker process killed in mid-call are called elsewhere', async () => {
  const queue = await open()
  const killed = await workerProcess(200)
  const runs = Array.from({ length: 200 }, (_, i) => key(`r${i}`))
  await Promise.all(runs.map(queue.wake))
  // On a machine that is busy enough, the holder loses its hold now and then and is called twice.
  await vi.waitFor(async () => expect(new Set(await killed.calls()).size).toBe(200), soon)
  // One of them is woken while it is held: the wake must not be lost with the holder.
  await queue.wake(key('r7'))
  killed.signal('SIGKILL')
  const calls: RunKey[] = []
  work(
    queue,
    async called => {
      calls.push(called)
      return settled
    },
    50,
  )
  await vi.waitFor(() => expect(new Set(calls).size).toBe(200), soon)
  await vi.waitFor(() => expect(calls.filter(called => called === key('r7')).length).toBeGreaterThanOrEqual(2), soon)
  await vi.waitFor(async () => expect(await queue.depth()).toBe(0), soon)
})

test('the run of a worker stopped past its lock is called elsewhere, and the late one does not harm the queue', async () => {
  const queue = await open()
  const stopped = await workerProcess(1)
  await queue.wake(key('a'))
  await vi.waitFor(async () => expect(await stopped.calls()).toHaveLength(1), soon)
  stopped.signal('SIGSTOP')
  const calls: RunKey[] = []
  work(queue, async called => {
    calls.push(called)
    return settled
  })
  await vi.waitFor(() => expect(calls).toEqual([key('a')]), soon)
  stopped.signal('SIGCONT')
  await queue.wake(key('b'))
  await queue.wake(key('a'))
  const all = async () => [...calls, ...(await stopped.calls())].toSorted()
  await vi.waitFor(async () => expect(await all()).toEqual([key('a'), key('a'), key('a'), key('b')]), soon)
})

test('a wake to a Redis that is gone is refused, and wakes and calls work again when it is back', async () => {
  const queue = await open()
  const calls: RunKey[] = []
  work(queue, async called => {
    calls.push(called)
    return settled
  })
  await queue.wake(key('before'))
  await vi.waitFor(() => expect(calls).toEqual([key('before')]), soon)
  await redis.kill('SIGKILL')
  await expect(queue.wake(key('away'))).rejects.toThrow(/queueing wake in .* has not confirmed within 2000 ms/)
  await expect(queue.depth()).rejects.toThrow(/has not confirmed/)
  await redis.start()
  await vi.waitFor(() => queue.wake(key('after')), soon)
  await vi.waitFor(() => expect(calls).toContain(key('after')), soon)
})

test('a wake to a Redis that answers nothing is refused, and all is well when it goes on', async () => {
  const queue = await open()
  const calls: RunKey[] = []
  work(queue, async called => {
    calls.push(called)
    return settled
  })
  await redis.kill('SIGSTOP')
  await expect(queue.wake(key('frozen'))).rejects.toThrow(/has not confirmed within 2000 ms/)
  await redis.kill('SIGCONT')
  await vi.waitFor(() => queue.wake(key('after')), soon)
  await vi.waitFor(() => expect(calls).toContain(key('after')), soon)
})

test('wakes that were confirmed survive kill -9 of Redis, and a call in progress keeps its promise to look again', async () => {
  const queue = await open()
  const calls: RunKey[] = []
  let end = () => {}
  work(queue, async called => {
    calls.push(called)
    if (calls.length > 1) return settled
    await new Promise<void>(resolve => (end = resolve))
    return { kind: 'again', afterMs: 1 }
  })
  await queue.wake(key('held'))
  await vi.waitFor(() => expect(calls).toEqual([key('held')]), soon)
  for (let i = 0; i < 100; i++) await queue.wake(key(`w${i}`))
  await redis.kill('SIGKILL')
  end()
  await redis.start()
  await vi.waitFor(() => expect(new Set(calls).size).toBe(101), soon)
  await vi.waitFor(() => expect(calls.filter(called => called === key('held')).length).toBeGreaterThan(1), soon)
})

test('after FLUSHALL in mid-call the queue goes on: waiting wakes are lost, later ones and the look asked for are not', async () => {
  const queue = await open()
  const calls: RunKey[] = []
  let end = () => {}
  work(queue, async called => {
    calls.push(called)
    if (calls.length > 1) return settled
    await new Promise<void>(resolve => (end = resolve))
    return { kind: 'again', afterMs: 1 }
  })
  await queue.wake(key('held'))
  await vi.waitFor(() => expect(calls).toHaveLength(1), soon)
  await queue.wake(key('lost'))
  const connection = raw()
  await vi.waitFor(() => connection.flushall(), soon)
  end()
  await queue.wake(key('later'))
  await vi.waitFor(() => expect(calls).toEqual(expect.arrayContaining([key('later')])), soon)
  await vi.waitFor(() => expect(calls.filter(called => called === key('held'))).toHaveLength(2), soon)
  await queue.wake(key('held'))
  await vi.waitFor(() => expect(calls.filter(called => called === key('held'))).toHaveLength(3), soon)
})

test.each([
  ['a flush', flush],
  [
    'kill -9, which may have cost the last second',
    async () => {
      await redis.kill('SIGKILL')
      await redis.start()
    },
  ],
  ['an older copy in its place', putBack],
])('%s is told as a loss, once', async (_, lose) => {
  const { lines, ...log } = collectingLog()
  const queue = await open({ log, lossLookMs: 20 })
  let losses = 0
  queue.onLoss(() => {
    losses += 1
  })
  const connection = raw()
  const witness = async () => {
    const [key] = await connection.keys(`${prefix}:runs:witness:*`)
    return key === undefined ? 0 : Number(await connection.get(key))
  }
  await vi.waitFor(async () => expect(await witness()).toBeGreaterThan(2), soon)
  expect(losses).toBe(0)
  await lose()
  await vi.waitFor(() => expect(losses).toBe(1), soon)
  const before = await vi.waitFor(() => witness(), soon)
  await vi.waitFor(async () => expect(await witness()).toBeGreaterThan(before + 1), soon)
  expect(losses).toBe(1)
  expect(lines.filter(({ message }) => message.includes('may have lost'))).toHaveLength(1)
})

async function flush(): Promise<void> {
  const connection = raw()
  await vi.waitFor(() => connection.flushall(), soon)
}

/** What a replica that lagged behind would have. */
async function putBack(): Promise<void> {
  const connection = raw()
  const [key] = await vi.waitFor(() => connection.keys(`${prefix}:runs:witness:*`), soon)
  await connection.set(key!, 1)
}

test('connections that are cut are no loss', async () => {
  const queue = await open({ lossLookMs: 20 })
  const told = vi.fn()
  queue.onLoss(told)
  const connection = raw()
  const witness = async () => Number(await connection.get((await connection.keys(`${prefix}:runs:witness:*`))[0]!))
  await vi.waitFor(async () => expect(await witness()).toBeGreaterThan(0), soon)
  await connection.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  const before = await witness()
  await vi.waitFor(async () => expect(await witness()).toBeGreaterThan(before + 1), soon)
  expect(told).not.toHaveBeenCalled()
})

test('killed connections cost neither a wake nor a look', async () => {
  const queue = await open()
  const connection = raw()
  const woken = new Map<RunKey, number>()
  const seen = new Map<RunKey, number>()
  const looked = new Set<RunKey>()
  work(
    queue,
    async called => {
      seen.set(called, woken.get(called) ?? 0)
      if (looked.has(called)) return settled
      looked.add(called)
      return { kind: 'again', afterMs: 1 }
    },
    8,
  )
  for (let round = 0; round < 20; round++) {
    const burst = Array.from({ length: 20 }, (_, i) => {
      const each = key(`r${(round + i) % 30}`)
      woken.set(each, (woken.get(each) ?? 0) + 1)
      return queue.wake(each)
    })
    await vi.waitFor(() => connection.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'), soon)
    await Promise.all(burst)
  }
  await vi.waitFor(() => expect(seen).toEqual(woken), soon)
})

test('junk in a shared Redis is dropped and logged, and the runs go on', async () => {
  const log = collectingLog()
  const queue = await open({ log })
  const connection = raw()
  await vi.waitFor(() => connection.ping(), soon)
  const runs = (part: string) => `${prefix}:runs:${part}`
  const junk: Record<string, string> = {
    'not-a-key': '{"key":"../../etc/passwd"}',
    'no-object': 'null',
    'a-list': '[1,2]',
    'wrong-failures': `{"key":"${key('fine')}","failures":"many"}`,
    'not-json': '{"key":',
  }
  for (const [id, data] of Object.entries(junk)) {
    await connection.hset(runs(id), { name: 'wake', data, opts: '{}', timestamp: '1', delay: '0', priority: '0' })
    await connection.lpush(runs('wait'), id)
  }
  await connection.lpush(runs('wait'), 'no-such-job')
  const calls: RunKey[] = []
  work(queue, async called => {
    calls.push(called)
    return settled
  })
  await queue.wake(key('after'))
  await vi.waitFor(() => expect(calls.toSorted()).toEqual([key('after'), key('fine')]), soon)
  await vi.waitFor(async () => expect(await queue.depth()).toBe(0), soon)
  const dropped = log.lines.filter(line => line.message === 'dropped a job that names no run')
  expect(dropped.map(line => line.fields['jobId'])).toEqual(['not-a-key', 'no-object', 'a-list', 'no-such-job'])
  expect(log.lines).toContainEqual(expect.objectContaining({ message: 'dropped a job that cannot be read' }))
})

test('a pause after a throw survives the process: the count of failures travels with the run', async () => {
  const log = collectingLog()
  const pauses = { firstMs: 1, maxMs: 4 }
  const first = await open({ log, pauses })
  const worker = work(first, async () => {
    throw new Error('away')
  })
  await first.wake(key('a'))
  const failures = () => log.lines.map(line => line.fields['failures']).filter(count => count !== undefined)
  await vi.waitFor(() => expect(failures().length).toBeGreaterThanOrEqual(3), soon)
  await worker.close()
  const before = failures().length
  const second = await open({ log, pauses })
  work(second, async () => {
    throw new Error('still away')
  })
  await vi.waitFor(() => expect(failures().length).toBeGreaterThan(before), soon)
  expect(failures()).toEqual(Array.from({ length: failures().length }, (_, i) => i + 1))
})

test('a Redis that may evict is reported, or refused when told so', async () => {
  const connection = raw()
  await vi.waitFor(() => connection.config('SET', 'maxmemory-policy', 'allkeys-lru'), soon)
  const log = collectingLog()
  await open({ log })
  expect(log.lines[0]?.fields['trouble']).toMatch(/maxmemory-policy "allkeys-lru".* Set maxmemory-policy to noeviction/)
  await expect(openBullmqQueue({ redisUrl: redis.url, prefix, log, onEviction: 'refuse' })).rejects.toThrow(
    /allkeys-lru/,
  )
})

test('a full Redis refuses a wake at once with its own words', async () => {
  const queue = await open()
  const connection = raw()
  await vi.waitFor(() => connection.config('SET', 'maxmemory', '1'), soon)
  const refused = await queue.wake(key('a')).then(
    () => undefined,
    (error: Error) => error,
  )
  expect(String(refused?.cause)).toMatch(/OOM/)
  await connection.config('SET', 'maxmemory', '0')
  await queue.wake(key('a'))
})

test('two installations share a Redis without hearing each other', async () => {
  const here = await open()
  const there = await open({ prefix: `${prefix}-2` })
  const calls: string[] = []
  work(here, async called => {
    calls.push(`here ${called}`)
    return settled
  })
  work(there, async called => {
    calls.push(`there ${called}`)
    return settled
  })
  await here.wake(key('a'))
  await vi.waitFor(() => expect(calls).toHaveLength(1), soon)
  await there.wake(key('b'))
  await vi.waitFor(() => expect(calls).toEqual([`here ${key('a')}`, `there ${key('b')}`]), soon)
  expect(await here.depth()).toBe(0)
})
