import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Outcome, RunHandler, RunKey, RunQueue, RunWorker } from '../../src/queue/queue.js'
import { seededRandom } from '../helpers/random.js'

export interface RunQueueUnderTest {
  /** A handle on the queue: for BullMQ each is what another process would have, memory has only one. */
  open(): Promise<RunQueue>
  /** Takes away what the queue left behind. */
  remove(): Promise<void>
}

const settled: Outcome = { kind: 'settled' }
const inAnHour: Outcome = { kind: 'again', afterMs: 3_600_000 }
const run = (name: string): RunKey => `PipelineRun/contract/${name}`
const soon = { timeout: 25_000, interval: 2 }

/** Every promise of the RunQueue port, on one adapter. `adapter` makes an empty queue whose first pause is a minute or more. */
export function runQueueContract(name: string, adapter: () => Promise<RunQueueUnderTest>): void {
  let underTest: RunQueueUnderTest
  let handles: RunQueue[]
  let workers: RunWorker[]

  beforeEach(async () => {
    underTest = await adapter()
    handles = []
    workers = []
  })

  afterEach(async () => {
    try {
      await Promise.all(workers.map(worker => worker.close()))
      await Promise.all(handles.map(handle => handle.close()))
    } finally {
      await underTest.remove()
    }
  })

  async function open(): Promise<RunQueue> {
    const handle = await underTest.open()
    handles.push(handle)
    return handle
  }

  function work(queue: RunQueue, handler: RunHandler, concurrency = 1): RunWorker {
    const worker = queue.work(handler, { concurrency })
    workers.push(worker)
    return worker
  }

  /** Runs that were called, in order, by one worker with one hand: a later call proves that no earlier one is left. */
  async function calledBefore(queue: RunQueue, calls: readonly RunKey[], fence: RunKey): Promise<readonly RunKey[]> {
    await queue.wake(fence)
    await vi.waitFor(() => expect(calls).toContain(fence), soon)
    return calls.slice(0, calls.indexOf(fence))
  }

  test(`${name}: a wake is followed by a call, before and after work begins`, async () => {
    const queue = await open()
    const calls: RunKey[] = []
    await queue.wake(run('before'))
    work(queue, async key => {
      calls.push(key)
      return settled
    })
    await vi.waitFor(() => expect(calls).toEqual([run('before')]), soon)
    await queue.wake(run('after'))
    await vi.waitFor(() => expect(calls).toEqual([run('before'), run('after')]), soon)
  })

  test(`${name}: wakes that wait for the same run are one call, and runs are called in the order they were woken`, async () => {
    const queue = await open()
    const calls: RunKey[] = []
    for (const each of ['a', 'b', 'a', 'c', 'a', 'b']) await queue.wake(run(each))
    work(queue, async key => {
      calls.push(key)
      return settled
    })
    expect(await calledBefore(queue, calls, run('fence'))).toEqual([run('a'), run('b'), run('c')])
  })

  test(`${name}: wakes that arrive during a call are one more call, which starts after it`, async () => {
    const queue = await open()
    const log: string[] = []
    const calls: RunKey[] = []
    let end = () => {}
    work(queue, async key => {
      log.push(`start ${key}`)
      if (calls.length === 0) await new Promise<void>(resolve => (end = resolve))
      calls.push(key)
      log.push(`end ${key}`)
      return settled
    })
    await queue.wake(run('a'))
    await vi.waitFor(() => expect(log).toHaveLength(1), soon)
    for (let i = 0; i < 5; i++) await queue.wake(run('a'))
    end()
    await vi.waitFor(() => expect(calls).toHaveLength(2), soon)
    expect(await calledBefore(queue, calls, run('fence'))).toEqual([run('a'), run('a')])
    expect(log.slice(0, 3)).toEqual([`start ${run('a')}`, `end ${run('a')}`, `start ${run('a')}`])
  })

  test(`${name}: a run that asks to be looked at again is called again, and one that is settled is not`, async () => {
    const queue = await open()
    const calls: RunKey[] = []
    work(queue, async key => {
      calls.push(key)
      return key === run('again') && calls.filter(each => each === key).length < 4
        ? { kind: 'again', afterMs: 5 }
        : settled
    })
    await queue.wake(run('settled'))
    await queue.wake(run('again'))
    await vi.waitFor(() => expect(calls.filter(each => each === run('again'))).toHaveLength(4), soon)
    const before = await calledBefore(queue, calls, run('fence'))
    expect(before.filter(each => each === run('again'))).toHaveLength(4)
    expect(before.filter(each => each === run('settled'))).toHaveLength(1)
  })

  test(`${name}: a wake cuts short a pending look, also one that came while the look was being asked for`, async () => {
    const queue = await open()
    let calls = 0
    let end = () => {}
    work(queue, async () => {
      if (++calls === 2) await new Promise<void>(resolve => (end = resolve))
      return inAnHour
    })
    await queue.wake(run('a'))
    await vi.waitFor(() => expect(calls).toBe(1), soon)
    await queue.wake(run('a'))
    await vi.waitFor(() => expect(calls).toBe(2), soon)
    await queue.wake(run('a'))
    end()
    await vi.waitFor(() => expect(calls).toBe(3), soon)
  })

  test(`${name}: a wake cuts short the pause after a throw, and the other runs do not wait for it`, async () => {
    const queue = await open()
    const calls: RunKey[] = []
    work(queue, async key => {
      calls.push(key)
      if (key === run('broken')) throw new Error('the API server is away')
      return settled
    })
    await queue.wake(run('broken'))
    expect(await calledBefore(queue, calls, run('other'))).toEqual([run('broken')])
    await queue.wake(run('broken'))
    await vi.waitFor(() => expect(calls).toEqual([run('broken'), run('other'), run('broken')]), soon)
  })

  test(`${name}: never two calls at once for one run, with several workers, and never more calls than hands`, async () => {
    const queues = [await open(), await open(), await open()]
    const now = new Map<RunKey, number>()
    const inWorker = [0, 0, 0]
    let calls = 0
    let broken = ''
    queues.forEach((queue, worker) => {
      work(
        queue,
        async key => {
          calls++
          now.set(key, (now.get(key) ?? 0) + 1)
          inWorker[worker]!++
          if (now.get(key)! > 1) broken = `${key} is called twice at once`
          if (inWorker[worker]! > 2) broken = `worker ${worker} has ${inWorker[worker]} calls`
          for (let turn = 0; turn < 20; turn++) await nextTurn()
          now.set(key, now.get(key)! - 1)
          inWorker[worker]!--
          return settled
        },
        2,
      )
    })
    for (let i = 0; i < 300; i++) await queues[i % 3]!.wake(run(`r${i % 4}`))
    await vi.waitFor(() => expect([...now.values()]).toEqual([0, 0, 0, 0]), soon)
    expect(broken).toBe('')
    expect(calls).toBeGreaterThanOrEqual(4)
  })

  test(`${name}: a closed worker has ended its calls and takes no more, another takes what waits`, async () => {
    const queue = await open()
    let end = () => {}
    let ended = false
    const first: RunKey[] = []
    const second: RunKey[] = []
    const worker = work(queue, async key => {
      first.push(key)
      await new Promise<void>(resolve => (end = resolve))
      ended = true
      return settled
    })
    await queue.wake(run('slow'))
    await vi.waitFor(() => expect(first).toEqual([run('slow')]), soon)
    await queue.wake(run('waits'))
    const closing = worker.close().then(() => expect(ended).toBe(true))
    end()
    await closing
    work(queue, async key => {
      second.push(key)
      return settled
    })
    await queue.wake(run('later'))
    await vi.waitFor(() => expect(second).toEqual([run('waits'), run('later')]), soon)
    expect(first).toEqual([run('slow')])
  })

  test(`${name}: a wake to a closed queue is refused`, async () => {
    const queue = await underTest.open()
    await queue.close()
    await expect(queue.wake(run('a'))).rejects.toThrow(/closed/)
  })

  test(`${name}: 3 workers, 20 runs, 3000 random wakes: never twice at once, and the last wake of every run is seen`, async () => {
    const queues = [await open(), await open(), await open()]
    const random = seededRandom(20_260_925)
    const woken = new Map<RunKey, number>()
    const seen = new Map<RunKey, number>()
    const running = new Set<RunKey>()
    let twice = ''
    for (const queue of queues) {
      work(
        queue,
        async key => {
          if (running.has(key)) twice = key
          running.add(key)
          seen.set(key, woken.get(key) ?? 0)
          for (let turn = Math.floor(random() * 8); turn > 0; turn--) await nextTurn()
          running.delete(key)
          const dice = random()
          if (dice < 0.02) throw new Error('an infrastructure fault')
          // Looks in an hour are there to swallow wakes, looks at once to overtake them.
          if (dice < 0.4) return inAnHour
          return dice < 0.6 ? { kind: 'again', afterMs: Math.floor(random() * 4) } : settled
        },
        4,
      )
    }
    for (let sent = 0; sent < 3000; ) {
      const burst: Promise<void>[] = []
      for (let size = 1 + Math.floor(random() * 20); size > 0 && sent < 3000; size--, sent++) {
        const key = run(`r${Math.floor(random() * 20)}`)
        woken.set(key, (woken.get(key) ?? 0) + 1)
        burst.push(queues[Math.floor(random() * 3)]!.wake(key))
      }
      await Promise.all(burst)
    }
    expect(woken.size).toBe(20)
    await vi.waitFor(() => expect(seen).toEqual(woken), soon)
    expect(twice).toBe('')
  })
}
