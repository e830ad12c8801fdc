import { expect, test, vi } from 'vitest'
import { createMemoryQueue } from '../../src/queue/memory.js'
import type { RunKey } from '../../src/queue/queue.js'
import { runQueueContract } from '../contract/run-queue.js'

// "A worker that dies in a call: the run is called again elsewhere" has no case here: this queue lives in the process
// that would have died, and what is waiting is found again by waking every unfinished run at start.
runQueueContract('memory queue', async () => {
  const queue = createMemoryQueue({ pauses: { firstMs: 60_000, maxMs: 60_000 } })
  return { open: async () => queue, remove: () => queue.close() }
})

const key: RunKey = 'TaskRun/ns/a'

test('a handler never starts inside the wake that calls for it, and starts before any timer or I/O', async () => {
  const queue = createMemoryQueue()
  const order: string[] = []
  const worker = queue.work(
    async () => {
      order.push('call')
      return { kind: 'settled' }
    },
    { concurrency: 1 },
  )
  const woken = queue.wake(key)
  order.push('wake returned')
  const turn = new Promise<void>(resolve => setImmediate(resolve)).then(() => order.push('next turn'))
  await Promise.all([woken, turn])
  expect(order).toEqual(['wake returned', 'call', 'next turn'])
  await worker.close()
  await queue.close()
})

test('the pause after a throw grows with every throw in a row and starts small again after a success', async () => {
  vi.useFakeTimers()
  const queue = createMemoryQueue({ pauses: { firstMs: 100, maxMs: 1_000 }, random: () => 1 })
  const calledAt: number[] = []
  const start = Date.now()
  const worker = queue.work(
    async () => {
      calledAt.push(Date.now() - start)
      if (calledAt.length === 6) return { kind: 'again', afterMs: 10 }
      throw new Error('away')
    },
    { concurrency: 1 },
  )
  await queue.wake(key)
  await vi.advanceTimersByTimeAsync(4_000)
  // 100, 200, 400, 800, 1000 (the most), then the asked-for 10, then 100 again.
  expect(calledAt.slice(0, 8)).toEqual([0, 100, 300, 700, 1500, 2500, 2510, 2610])
  await worker.close()
  await queue.close()
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

test('a look asked for in a year is not taken at once, although no timer is that long', async () => {
  vi.useFakeTimers()
  const queue = createMemoryQueue()
  let calls = 0
  const worker = queue.work(
    async () => {
      calls++
      return { kind: 'again', afterMs: 365 * 24 * 3_600_000 }
    },
    { concurrency: 1 },
  )
  await queue.wake(key)
  await vi.advanceTimersByTimeAsync(24 * 3_600_000)
  expect(calls).toBe(1)
  await worker.close()
  await queue.close()
  vi.useRealTimers()
})

test('a run that is woken all the time does not starve the others', async () => {
  const queue = createMemoryQueue()
  const calls: RunKey[] = []
  const worker = queue.work(
    async called => {
      calls.push(called)
      if (called === key && calls.length < 50) await queue.wake(key)
      return { kind: 'settled' }
    },
    { concurrency: 1 },
  )
  await queue.wake(key)
  await queue.wake('TaskRun/ns/quiet')
  await vi.waitFor(() => expect(calls).toContain('TaskRun/ns/quiet'))
  expect(calls.indexOf('TaskRun/ns/quiet')).toBeLessThanOrEqual(2)
  await worker.close()
  await queue.close()
})

test('it counts what waits, what is looked at, what is for later, and what failed', async () => {
  const queue = createMemoryQueue({ pauses: { firstMs: 60_000, maxMs: 60_000 } })
  let finish = (): void => undefined
  const held = new Promise<void>(resolve => (finish = resolve))
  const seen: RunKey[] = []
  const worker = queue.work(
    async key => {
      seen.push(key)
      if (key === 'TaskRun/ns/fails') throw new Error('away')
      if (key === 'TaskRun/ns/held') await held
      return key === 'TaskRun/ns/later' ? { kind: 'again', afterMs: 60_000 } : { kind: 'settled' }
    },
    { concurrency: 1 },
  )
  for (const name of ['fails', 'later', 'settled', 'held', 'waits']) await queue.wake(`TaskRun/ns/${name}`)
  await vi.waitFor(() => expect(seen.at(-1)).toBe('TaskRun/ns/held'))
  expect(queue.counts()).toEqual({ name: 'runs', waiting: 1, active: 1, delayed: 1, failed: 1 })
  finish()
  await vi.waitFor(() => expect(queue.counts()).toMatchObject({ waiting: 0, active: 0 }))
  await worker.close()
  await queue.close()
  expect(queue.counts()).toEqual({ name: 'runs', waiting: 0, active: 0, delayed: 0, failed: 0 })
})
