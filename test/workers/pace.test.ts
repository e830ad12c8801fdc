import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { RunKey } from '../../src/queue/queue.js'
import { createPace } from '../../workers/pace.js'

const KEY = 'PipelineRun/default/wide'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function noting() {
  const woken: RunKey[] = []
  const stop = new AbortController()
  return { woken, stop, pace: createPace(key => woken.push(key), stop.signal) }
}

test('of a burst the first wake goes through at once and the others as one', async () => {
  const { woken, pace } = noting()
  for (let i = 0; i < 50; i++) pace.wake(KEY, 100)
  expect(woken).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(99)
  expect(woken).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(woken).toHaveLength(2)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(woken).toHaveLength(2)
})

test('no two wakes of a run are closer than its window, and the last one is never lost', async () => {
  const { woken, pace } = noting()
  const times: number[] = []
  for (let i = 0; i < 100; i++) {
    pace.wake(KEY, 100)
    while (times.length < woken.length) times.push(Date.now())
    await vi.advanceTimersByTimeAsync(7)
    while (times.length < woken.length) times.push(Date.now())
  }
  const before = woken.length
  pace.wake(KEY, 100)
  await vi.advanceTimersByTimeAsync(100)
  expect(woken.length).toBe(before + 1)
  expect(before).toBeLessThan(10)
})

test('a wake without a window goes through at once, and what waited is done with it', async () => {
  const { woken, pace } = noting()
  pace.wake(KEY, 100)
  pace.wake(KEY, 100)
  pace.wake(KEY, 0)
  expect(woken).toHaveLength(2)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(woken).toHaveLength(2)
})

test('runs do not wait for each other', () => {
  const { woken, pace } = noting()
  pace.wake(KEY, 100)
  pace.wake('PipelineRun/default/other', 100)
  expect(woken).toEqual([KEY, 'PipelineRun/default/other'])
})

test('what waits when the watcher ends is dropped, and no timer is left', async () => {
  const { woken, stop, pace } = noting()
  pace.wake(KEY, 100)
  pace.wake(KEY, 100)
  stop.abort()
  pace.wake(KEY, 100)
  expect(vi.getTimerCount()).toBe(0)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(woken).toHaveLength(1)
})

test('a patient wake waits for its window, and goes with whatever comes before', async () => {
  const { woken, pace } = noting()
  pace.wakeWithin(KEY, 100)
  pace.wakeWithin(KEY, 100)
  await vi.advanceTimersByTimeAsync(99)
  expect(woken).toHaveLength(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(woken).toHaveLength(1)
  pace.wakeWithin(KEY, 100)
  await vi.advanceTimersByTimeAsync(50)
  pace.wake(KEY, 0)
  expect(woken).toHaveLength(2)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(woken).toHaveLength(2)
})
