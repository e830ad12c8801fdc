import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  type Delivery,
  type Dispatcher,
  type Inbox,
  type InboxWorker,
  type ListOptions,
  NotNow,
  type RejectedDelivery,
  type Verdict,
} from '../../src/inbox/inbox.js'
import type { PauseLimits } from '../../src/lib/backoff.js'

export interface InboxSettings {
  readonly retentionMs?: number
  readonly maxAttempts?: number
  readonly maxDeaths?: number
  readonly pauses?: PauseLimits
  readonly now?: () => number
}

export interface InboxUnderTest {
  /** Opens the stored inbox, for LMDB after the one before was closed. First pause: a few ms. */
  open(settings: InboxSettings): Promise<Inbox>
  /** How test/inbox/fixtures/inbox-process.mjs opens the same inbox in a process of its own. */
  readonly forChild: { readonly adapter: 'lmdb' | 'bullmq'; readonly at: string; readonly prefix: string }
  remove(): Promise<void>
}

const soon = { timeout: 25_000, interval: 2 }
const pushFired: Verdict = {
  trigger: 'push',
  namespace: 'ci',
  is: 'fired',
  by: '',
  created: ['PipelineRun/ci/build-1'],
  message: '',
}
const fired: readonly Verdict[] = [pushFired]

export function delivery(id: string, change: Partial<Delivery> = {}): Delivery {
  return {
    id: `ci/github:${id}`,
    eventId: `event-${id}`,
    receivedAt: 1_790_000_000_000,
    to: { kind: 'EventListener', namespace: 'ci', name: 'github', uid: 'b5ab8b1e-0d4c-4f5e-9c76-4c1f3a0b7a11' },
    url: '/hooks/ci/github?x=%20y',
    headers: { 'content-type': ['application/json'], 'x-forwarded-for': ['10.0.0.1', '10.0.0.2'] },
    body: new TextEncoder().encode(`{"id":"${id}"}`),
    ...change,
  }
}

/** So many of one listener, oldest first. */
export function rejections(count: number, listener: string): readonly { rejected: RejectedDelivery; copies: number }[] {
  return Array.from({ length: count }, (_, i) => {
    const { body: _body, ...meta } = delivery(`${listener}-${i}-${randomUUID()}`, { eventId: `${listener}-${i}` })
    const rejected = {
      delivery: { ...meta, to: { ...meta.to, name: listener } },
      bodyBytes: 2,
      bodyHash: 'ab',
      refusals: [],
    }
    return { rejected, copies: 1 }
  })
}

/** Later by this with each look. */
function steppingClock(ms: number): () => number {
  let time = 1_790_000_000_000
  return () => {
    time += ms
    return time
  }
}

/** Every promise of the Inbox port, on one adapter. */
export function inboxContract(name: string, adapter: () => Promise<InboxUnderTest>): void {
  let underTest: InboxUnderTest
  let opened: Inbox | undefined
  let worker: InboxWorker | undefined
  let dir: string
  let children: ChildProcess[]

  beforeEach(async () => {
    children = []
    underTest = await adapter()
    dir = await mkdtemp(join(tmpdir(), 'tektite-inbox-ledger-'))
  })

  afterEach(async () => {
    try {
      await closeAll()
    } finally {
      for (const each of children) each.kill('SIGKILL')
      await underTest.remove()
      await rm(dir, { recursive: true })
    }
  })

  async function closeAll(): Promise<void> {
    await worker?.close()
    await opened?.close()
    worker = undefined
    opened = undefined
  }

  async function open(settings: InboxSettings = {}): Promise<Inbox> {
    await closeAll()
    opened = await underTest.open(settings)
    return opened
  }

  function dispatch(inbox: Inbox, dispatcher: Dispatcher, concurrency = 1): InboxWorker {
    worker = inbox.dispatch(dispatcher, { concurrency })
    return worker
  }

  async function until(inbox: Inbox, id: string, state: 'done' | 'poisoned' | 'pending'): Promise<void> {
    await vi.waitFor(async () => expect((await inbox.get(delivery(id).id))?.state.is).toBe(state), soon)
  }

  test(`${name}: what was accepted is there to the byte, also after the inbox was closed and opened again`, async () => {
    const inbox = await open()
    const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 7) % 256)
    const sent = delivery('a', { body: bytes })
    expect(await inbox.accept(sent)).toEqual({ is: 'new', eventId: 'event-a' })
    const stored = { delivery: sent, state: { is: 'pending' }, copies: 1, replay: 0, earlier: [] }
    expect(await inbox.get(sent.id)).toEqual(stored)
    const again = await open()
    expect(await again.get(sent.id)).toEqual(stored)
    const { body: _, ...meta } = sent
    const bodyHash = createHash('sha256').update(bytes).digest('hex')
    const summary = { delivery: meta, bodyBytes: 70_000, bodyHash, state: { is: 'pending' }, copies: 1, replay: 0 }
    expect(await again.list()).toEqual({ items: [{ place: expect.stringMatching(/^\d+$/), ...summary }] })
    expect(await again.get('ci/github:b')).toBeUndefined()
  })

  test(`${name}: an empty body and an odd id are stored like any other`, async () => {
    const inbox = await open()
    const id = 'ns/läuft {x}:y\n"quoted" \u0001'
    await inbox.accept(delivery('odd', { id, body: new Uint8Array() }))
    expect((await inbox.get(id))?.delivery.body).toEqual(new Uint8Array())
    dispatch(inbox, async () => [])
    await vi.waitFor(async () => expect((await inbox.get(id))?.state.is).toBe('done'), soon)
  })

  test(`${name}: an id longer than any key of a store is stored like any other`, async () => {
    const inbox = await open()
    const [one, other] = [`ci/${'x'.repeat(5_000)}1`, `ci/${'x'.repeat(5_000)}2`]
    expect((await inbox.accept(delivery('one', { id: one }))).is).toBe('new')
    expect((await inbox.accept(delivery('other', { id: other }))).is).toBe('new')
    expect((await inbox.get(other))?.delivery.eventId).toBe('event-other')
  })

  test(`${name}: 100 copies at the same moment are one entry, dispatched once, and all hear the same event id`, async () => {
    const inbox = await open()
    const calls: string[] = []
    dispatch(
      inbox,
      async ({ delivery: { eventId } }) => {
        calls.push(eventId)
        return fired
      },
      4,
    )
    const copies = Array.from({ length: 100 }, (_, i) => inbox.accept(delivery('a', { eventId: `event-${i}` })))
    const answers = await Promise.all(copies)
    const first = answers.filter(answer => answer.is === 'new')
    expect(first).toHaveLength(1)
    const { eventId } = first[0]!
    expect(answers.filter(answer => answer.is === 'duplicate' && answer.eventId === eventId)).toHaveLength(99)
    await inbox.accept(delivery('fence'))
    await until(inbox, 'a', 'done')
    await until(inbox, 'fence', 'done')
    expect(calls).toEqual([eventId, 'event-fence'])
    expect((await inbox.get(delivery('a').id))?.copies).toBe(100)
  })

  test(`${name}: a copy that comes after the dispatch is known and not dispatched again`, async () => {
    const inbox = await open()
    const calls: string[] = []
    dispatch(inbox, async record => {
      calls.push(record.delivery.id)
      return fired
    })
    await inbox.accept(delivery('a'))
    await until(inbox, 'a', 'done')
    expect(await inbox.accept(delivery('a', { eventId: 'other' }))).toEqual({ is: 'duplicate', eventId: 'event-a' })
    await inbox.accept(delivery('fence'))
    await until(inbox, 'fence', 'done')
    expect(calls).toEqual([delivery('a').id, delivery('fence').id])
    const record = await inbox.get(delivery('a').id)
    expect(record).toMatchObject({ copies: 2, replay: 0, state: { is: 'done', verdicts: fired } })
  })

  test(`${name}: the same id with another body is refused and changes nothing`, async () => {
    const inbox = await open()
    await inbox.accept(delivery('a'))
    const before = await inbox.get(delivery('a').id)
    expect(await inbox.accept(delivery('a', { body: new Uint8Array([1]) }))).toEqual({ is: 'mismatch' })
    expect(await inbox.get(delivery('a').id)).toEqual(before)
  })

  test(`${name}: every accepted delivery is dispatched, oldest first`, async () => {
    const inbox = await open()
    const ids = Array.from({ length: 30 }, (_, i) => `${(i * 7) % 30}`)
    for (const id of ids) await inbox.accept(delivery(id))
    const calls: string[] = []
    dispatch(inbox, async record => {
      calls.push(record.delivery.id)
      return []
    })
    await vi.waitFor(() => expect(calls).toHaveLength(30), soon)
    expect(calls).toEqual(ids.map(id => delivery(id).id))
  })

  test(`${name}: at most as many dispatches at once as asked for, and that many when there is work`, async () => {
    const inbox = await open()
    let now = 0
    let most = 0
    let release = () => {}
    const all = new Promise<void>(resolve => (release = resolve))
    dispatch(
      inbox,
      async () => {
        most = Math.max(most, ++now)
        if (now === 3) release()
        await all
        now--
        return []
      },
      3,
    )
    for (let i = 0; i < 12; i++) await inbox.accept(delivery(`${i}`))
    await until(inbox, '11', 'done')
    expect(most).toBe(3)
  })

  test(`${name}: a dispatcher that throws is called again until it succeeds`, async () => {
    const inbox = await open({ maxAttempts: 5 })
    let calls = 0
    dispatch(inbox, async () => {
      if (++calls < 4) throw new Error('the API server is away')
      return fired
    })
    await inbox.accept(delivery('a'))
    await until(inbox, 'a', 'done')
    expect(calls).toBe(4)
  })

  test(`${name}: a poisonous delivery is set aside with the error's message and holds up no other`, async () => {
    const inbox = await open({ maxAttempts: 3 })
    const calls: string[] = []
    dispatch(inbox, async record => {
      calls.push(record.delivery.eventId)
      if (record.delivery.eventId === 'event-bad') throw new Error('namespace "ci" is being deleted')
      return []
    })
    await inbox.accept(delivery('bad'))
    await inbox.accept(delivery('good'))
    await until(inbox, 'good', 'done')
    await until(inbox, 'bad', 'poisoned')
    const { state } = (await inbox.get(delivery('bad').id))!
    expect(state).toMatchObject({ attempts: 3, reason: expect.stringContaining('namespace "ci" is being deleted') })
    expect(calls.filter(each => each === 'event-bad')).toHaveLength(3)
  })

  test(`${name}: while the world is away a delivery is tried again past any number of tries, and then done once`, async () => {
    const inbox = await open({ maxAttempts: 2, maxDeaths: 2 })
    const calls: string[] = []
    let away = true
    dispatch(inbox, async ({ delivery: { eventId } }) => {
      calls.push(eventId)
      if (eventId === 'event-a' && away) throw new NotNow('dispatching', { cause: new Error('connection refused') })
      return fired
    })
    await inbox.accept(delivery('a'))
    await inbox.accept(delivery('b'))
    // One whose turn comes later is not held up by it.
    await until(inbox, 'b', 'done')
    await vi.waitFor(() => expect(calls.length).toBeGreaterThan(8), soon)
    expect((await inbox.get(delivery('a').id))?.state.is).toBe('pending')
    away = false
    const before = calls.length
    await until(inbox, 'a', 'done')
    await inbox.accept(delivery('fence'))
    await until(inbox, 'fence', 'done')
    expect(calls.slice(before)).toEqual(['event-a', 'event-fence'])
    expect(calls.filter(each => each === 'event-b')).toHaveLength(1)
  })

  test(`${name}: a world that is away between them takes nothing off the tries that count, and adds none`, async () => {
    const inbox = await open({ maxAttempts: 3, maxDeaths: 2 })
    const throws = ['broken', 'away', 'away', 'away', 'broken', 'away', 'away', 'away', 'broken']
    const calls: string[] = []
    dispatch(inbox, async () => {
      const next = throws[calls.length] ?? 'one too many'
      calls.push(next)
      throw next === 'away' ? new NotNow(next) : new Error(next)
    })
    await inbox.accept(delivery('a'))
    await until(inbox, 'a', 'poisoned')
    expect(calls).toEqual(throws)
    expect((await inbox.get(delivery('a').id))?.state).toMatchObject({ attempts: 3, reason: 'broken' })
  })

  test(`${name}: a pause of a delivery that waits for the world outlives the inbox, and its replay is no way around it`, async () => {
    const inbox = await open({ pauses: { firstMs: 3_600_000, maxMs: 3_600_000 } })
    const calls: string[] = []
    const failing: Dispatcher = async ({ delivery: { eventId } }) => {
      calls.push(eventId)
      if (eventId === 'event-a') throw new NotNow('away')
      return fired
    }
    dispatch(inbox, failing)
    await inbox.accept(delivery('a'))
    await inbox.accept(delivery('b'))
    await until(inbox, 'b', 'done')
    const next = await open({ maxAttempts: 1, maxDeaths: 1 })
    dispatch(next, failing)
    expect(await next.replay(delivery('a').id)).toMatchObject({ replay: 0, state: { is: 'pending' } })
    await next.accept(delivery('fence'))
    await until(next, 'fence', 'done')
    expect(calls).toEqual(['event-a', 'event-b', 'event-fence'])
    expect((await next.get(delivery('a').id))?.state.is).toBe('pending')
  })

  test(`${name}: a replay dispatches a done or a poisoned delivery again and counts, and an unknown one is undefined`, async () => {
    const inbox = await open({ maxAttempts: 2 })
    const calls: string[] = []
    let broken = true
    dispatch(inbox, async ({ delivery: { eventId }, replay }) => {
      calls.push(`${eventId} ${replay}`)
      if (eventId === 'event-bad' && broken) throw new Error('broken')
      return fired
    })
    await inbox.accept(delivery('good'))
    await inbox.accept(delivery('bad'))
    await until(inbox, 'good', 'done')
    await until(inbox, 'bad', 'poisoned')
    broken = false
    expect(await inbox.replay(delivery('nobody').id)).toBeUndefined()
    expect(await inbox.replay(delivery('good').id)).toMatchObject({ replay: 1, copies: 1 })
    expect(await inbox.replay(delivery('bad').id)).toMatchObject({ replay: 1 })
    await until(inbox, 'good', 'done')
    await until(inbox, 'bad', 'done')
    expect(calls.toSorted()).toEqual(['event-bad 0', 'event-bad 0', 'event-bad 1', 'event-good 0', 'event-good 1'])
    // And its copies are still copies.
    expect((await inbox.accept(delivery('good'))).is).toBe('duplicate')
  })

  test(`${name}: a replay of a delivery that is still to be dispatched changes nothing`, async () => {
    const inbox = await open()
    await inbox.accept(delivery('a'))
    expect(await inbox.replay(delivery('a').id)).toMatchObject({ replay: 0, state: { is: 'pending' } })
  })

  test(`${name}: the list is newest first and as long as asked for`, async () => {
    const inbox = await open()
    for (const id of ['b', 'a', 'd', 'c']) await inbox.accept(delivery(id))
    await inbox.accept(delivery('b'))
    const ids = async (limit?: number) =>
      (await inbox.list(limit === undefined ? {} : { limit })).items.map(record => record.delivery.eventId)
    expect(await ids()).toEqual(['event-c', 'event-d', 'event-a', 'event-b'])
    expect(await ids(2)).toEqual(['event-c', 'event-d'])
    expect(await ids(0)).toEqual([])
  })

  /** Takes so many in, `id` by `id`, at most 500 at a time. */
  async function acceptAll(
    inbox: Inbox,
    ids: readonly string[],
    change: (id: string) => Partial<Delivery> = () => ({}),
  ) {
    for (let from = 0; from < ids.length; from += 500) {
      await Promise.all(ids.slice(from, from + 500).map(id => inbox.accept(delivery(id, change(id)))))
    }
  }

  const numbered = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `${from + i}`)

  test(`${name}: pages of any sizes over 10 000 deliveries show each once, newest first, while others come in`, async () => {
    const inbox = await open()
    await acceptAll(inbox, numbered(10_000))
    let later = 10_000
    const walk = async (sizes: readonly number[]) => {
      const seen: string[] = []
      const places: number[] = []
      let next: string | undefined
      for (let page = 0; page === 0 || next !== undefined; page++) {
        const limit = sizes[page % sizes.length] ?? 1
        const found = await inbox.list({ limit, ...(next !== undefined && { after: next }) })
        expect(found.items.length).toBeLessThanOrEqual(limit)
        seen.push(...found.items.map(item => item.delivery.eventId))
        places.push(...found.items.map(item => Number(item.place)))
        next = found.next
        if (page < 3) await inbox.accept(delivery(`${later++}`))
      }
      return { seen, places }
    }
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 500, max: 3_000 }), { minLength: 1, maxLength: 4 }), async sizes => {
        const before = later
        const { seen, places } = await walk(sizes)
        expect(places).toEqual(places.toSorted((a, b) => b - a))
        expect(new Set(seen).size).toBe(seen.length)
        expect(new Set(seen)).toEqual(new Set(numbered(before).map(id => `event-${id}`)))
      }),
      { numRuns: 4 },
    )
  }, 120_000)

  test(`${name}: a list is of a namespace, of one listener of it, or of a Schedule that has the same name`, async () => {
    const inbox = await open()
    const to = (kind: 'EventListener' | 'Schedule', namespace: string, target: string) => ({
      to: { kind, namespace, name: target, uid: 'uid' },
    })
    await inbox.accept(delivery('1', to('EventListener', 'ci', 'app')))
    await inbox.accept(delivery('2', to('EventListener', 'ci', 'other')))
    await inbox.accept(delivery('3', to('Schedule', 'ci', 'app')))
    await inbox.accept(delivery('4', to('EventListener', 'ci-2', 'app')))
    await inbox.accept(delivery('5', to('EventListener', 'ci', 'app')))
    const ids = async (options: ListOptions) => (await inbox.list(options)).items.map(item => item.delivery.eventId)
    expect(await ids({ to: { namespace: 'ci' } })).toEqual(['event-5', 'event-3', 'event-2', 'event-1'])
    const app = { namespace: 'ci', of: { kind: 'EventListener', name: 'app' } } as const
    expect(await ids({ to: app })).toEqual(['event-5', 'event-1'])
    const first = await inbox.list({ to: app, limit: 1 })
    expect(await ids({ to: app, limit: 1, after: first.next ?? '' })).toEqual(['event-1'])
    expect(await ids({ to: { namespace: 'ci', of: { kind: 'Schedule', name: 'app' } } })).toEqual(['event-3'])
    expect(await ids({ to: { namespace: 'c' } })).toEqual([])
  })

  test(`${name}: a delivery is found by how its event id begins`, async () => {
    const inbox = await open()
    await acceptAll(inbox, numbered(30), id => ({ eventId: `${id.padStart(2, '0')}-e` }))
    const found = async (prefix: string) => (await inbox.find(prefix)).map(({ delivery: { eventId } }) => eventId)
    expect(await found('07-e')).toEqual(['07-e'])
    expect((await found('1')).toSorted()).toEqual(numbered(10, 10).map(id => `${id}-e`))
    expect(await found('2')).toHaveLength(10)
    for (const nothing of ['', '3', '07-e ', '07-ee', '*', '\u0000']) expect(await found(nothing)).toEqual([])
  })

  test(`${name}: a list tells how many triggers did what, whatever they said, and an entry all of it`, async () => {
    const inbox = await open({ now: steppingClock(40) })
    const filtered: Verdict = { ...pushFired, is: 'filtered', by: 'interceptors[0] cel', created: [], message: 'no' }
    const created = numbered(9).map(id => `TaskRun/ci/run-${id}`)
    const verdicts = [...Array<Verdict>(400).fill(filtered), { ...pushFired, created }]
    dispatch(inbox, async () => verdicts)
    await inbox.accept(delivery('a', { subject: 'acme/app main' }))
    await until(inbox, 'a', 'done')
    const [item] = (await inbox.list()).items
    expect(item).toMatchObject({
      delivery: { subject: 'acme/app main' },
      state: {
        is: 'done',
        durationMs: 40,
        counts: { fired: 1, filtered: 400, failed: 0 },
        created: created.slice(0, 5),
        why: '',
      },
    })
    expect(JSON.stringify(item).length).toBeLessThan(1_500)
    expect((await inbox.get(delivery('a').id))?.state).toMatchObject({ durationMs: 40, verdicts })
  })

  test(`${name}: how earlier dispatches ended is kept, the first one and the newest nine`, async () => {
    const inbox = await open()
    dispatch(inbox, async ({ replay }) => [{ ...pushFired, created: [`PipelineRun/ci/build-${replay}`] }])
    await inbox.accept(delivery('a'))
    await until(inbox, 'a', 'done')
    for (let replay = 1; replay <= 12; replay++) {
      await inbox.replay(delivery('a').id)
      await until(inbox, 'a', 'done')
    }
    const record = await inbox.get(delivery('a').id)
    expect(record?.earlier.map(({ replay }) => replay)).toEqual([0, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    expect(record?.earlier[0]?.state).toMatchObject({ is: 'done', verdicts: [{ created: ['PipelineRun/ci/build-0'] }] })
    expect(record).toMatchObject({ replay: 12, state: { verdicts: [{ created: ['PipelineRun/ci/build-12'] }] } })
  })

  const rejection = (id: string, listener = 'github'): RejectedDelivery => {
    const { body, ...meta } = delivery(`rejected-${id}`)
    const refusals = [
      { trigger: 'push', header: 'X-Hub-Signature-256', secret: 'ci/hook key token', why: 'bad', wayOut: 'mend' },
    ]
    return {
      delivery: { ...meta, to: { ...meta.to, name: listener } },
      bodyBytes: body.length,
      bodyHash: 'ab',
      refusals,
    }
  }

  test(`${name}: what was rejected is in the history with its reasons, cannot be replayed, and is not dispatched`, async () => {
    const inbox = await open()
    const { to, id } = rejection('1').delivery
    inbox.reject(to, () => rejection('1'))
    await vi.waitFor(async () => expect(await inbox.get(id)).toBeDefined(), soon)
    expect(await inbox.get(id)).toMatchObject({
      state: { is: 'rejected', refusals: rejection('1').refusals },
      copies: 1,
    })
    expect((await inbox.list()).items).toMatchObject([
      { bodyBytes: rejection('1').bodyBytes, state: { is: 'rejected' } },
    ])
    expect(await inbox.find('event-rejected-1')).toHaveLength(1)
    expect(await inbox.replay(id)).toBeUndefined()
    const calls: string[] = []
    dispatch(inbox, async record => {
      calls.push(record.delivery.eventId)
      return []
    })
    await inbox.accept(delivery('fence'))
    await until(inbox, 'fence', 'done')
    expect(calls).toEqual(['event-fence'])
  })

  test(`${name}: a flood of rejections is counted and mostly not described, and what waits is written at the close`, async () => {
    const inbox = await open()
    const { to } = rejection('1').delivery
    let described = 0
    for (let i = 0; i < 5_000; i++) {
      inbox.reject(to, () => {
        described += 1
        return rejection(`${i}`)
      })
    }
    inbox.reject({ ...to, name: 'quiet' }, () => rejection('quiet', 'quiet'))
    expect(described).toBe(10)
    const again = await open()
    const { items } = await again.list()
    expect(items).toHaveLength(11)
    expect(items.reduce((sum, { copies }) => sum + copies, 0)).toBe(5_001)
    expect(items.map(({ delivery: one }) => one.eventId)).toContain('event-rejected-quiet')
  })

  test(`${name}: finished deliveries are forgotten after their time, unfinished ones never`, async () => {
    const inbox = await open({ retentionMs: 30, maxAttempts: 1_000 })
    dispatch(inbox, async ({ delivery: { eventId } }) => {
      if (eventId === 'event-stuck') throw new Error('not yet')
      return []
    })
    await inbox.accept(delivery('stuck'))
    await inbox.accept(delivery('a'))
    await vi.waitFor(async () => expect(await inbox.get(delivery('a').id)).toBeUndefined(), soon)
    await vi.waitFor(async () => expect((await inbox.list()).items).toHaveLength(1), soon)
    expect((await inbox.get(delivery('stuck').id))?.state.is).toBe('pending')
    expect((await inbox.accept(delivery('a'))).is).toBe('new')
  })

  test(`${name}: close waits for dispatches in progress, hands out nothing more, and the next worker goes on`, async () => {
    const inbox = await open()
    const calls: string[] = []
    let end = () => {}
    let ended = false
    const first = dispatch(inbox, async record => {
      calls.push(record.delivery.eventId)
      await new Promise<void>(resolve => (end = resolve))
      ended = true
      return []
    })
    await inbox.accept(delivery('a'))
    await vi.waitFor(() => expect(calls).toEqual(['event-a']), soon)
    await inbox.accept(delivery('b'))
    const closing = first.close().then(() => expect(ended).toBe(true))
    end()
    await closing
    const next = await open()
    expect((await next.get(delivery('a').id))?.state.is).toBe('done')
    expect((await next.get(delivery('b').id))?.state.is).toBe('pending')
    dispatch(next, async record => {
      calls.push(record.delivery.eventId)
      return []
    })
    await until(next, 'b', 'done')
    expect(calls).toEqual(['event-a', 'event-b'])
  })

  test(`${name}: a closed inbox refuses`, async () => {
    const inbox = await underTest.open({})
    await inbox.close()
    await expect(inbox.accept(delivery('a'))).rejects.toThrow(/closed/)
  })

  /** The fixture in `mode`; it writes a line to the ledger for everything that was confirmed to it. */
  async function child(mode: 'accept' | 'dispatch' | 'bomb' | 'crowd') {
    const ledger = join(dir, mode)
    const { adapter, at, prefix } = underTest.forChild
    const fixture = new URL('../inbox/fixtures/inbox-process.mjs', import.meta.url).pathname
    const started = spawn(process.execPath, [fixture, mode, adapter, at, prefix, ledger], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    children.push(started)
    let complaints = ''
    started.stderr.on('data', text => (complaints += text))
    const gone = once(started, 'exit')
    return {
      gone,
      lines: async () => (await readFile(ledger, 'utf8').catch(() => '')).split('\n').slice(0, -1),
      complaints: () => complaints,
      async kill() {
        started.kill('SIGKILL')
        await gone
      },
    }
  }

  test(`${name}: nothing acknowledged is lost when the process is killed while it accepts`, async () => {
    const killed = await child('accept')
    await vi.waitFor(async () => expect((await killed.lines()).length, killed.complaints()).toBeGreaterThan(200), soon)
    await killed.kill()
    const acknowledged = await killed.lines()
    const inbox = await open()
    const dispatched = new Set<string>()
    dispatch(
      inbox,
      async record => {
        dispatched.add(record.delivery.eventId)
        return []
      },
      8,
    )
    for (const id of acknowledged) expect(await inbox.get(delivery(id).id), id).toBeDefined()
    await vi.waitFor(() => expect(acknowledged.filter(id => !dispatched.has(`event-${id}`))).toEqual([]), soon)
    // The sender, who heard nothing for those in flight, sends them again.
    for (const id of acknowledged) expect((await inbox.accept(delivery(id))).is).toBe('duplicate')
  })

  test(`${name}: a process killed in a dispatch: it is dispatched again, and what was done is not`, async () => {
    const killed = await child('dispatch')
    await vi.waitFor(async () => expect(await killed.lines(), killed.complaints()).toContain('start 4'), soon)
    await killed.kill()
    const before = await killed.lines()
    const inbox = await open()
    const calls: string[] = []
    dispatch(inbox, async record => {
      calls.push(record.delivery.eventId.slice('event-'.length))
      return []
    })
    for (let id = 0; id < 8; id++) await until(inbox, `${id}`, 'done')
    expect(calls).toContain('4')
    // Done 0 to 2 was noted before 4 started (two hands, oldest first); 3 may have ended without being noted.
    expect(calls.filter(id => Number(id) < 3)).toEqual([])
    expect(before.filter(line => line === 'start 4')).toHaveLength(1)
  })

  test(`${name}: a delivery that kills the process each time is set aside after as many deaths as are allowed`, async () => {
    const lines: number[] = []
    for (let death = 1; death <= 2; death++) {
      const dying = await child('bomb')
      const [, signal] = await dying.gone
      expect(signal, dying.complaints()).toBe('SIGKILL')
      lines.push((await dying.lines()).length)
    }
    expect(lines).toEqual([1, 2])
    // The fixture and this process allow the same two deaths; the one throw it would have is not touched by them.
    const inbox = await open({ maxAttempts: 1, maxDeaths: 2 })
    dispatch(inbox, async () => fired)
    await until(inbox, 'bomb', 'poisoned')
    await until(inbox, 'harmless', 'done')
    const { state } = (await inbox.get(delivery('bomb').id))!
    expect(state).toMatchObject({ attempts: 2, reason: expect.stringContaining('died') })
  })

  test(`${name}: who is together with a delivery that kills the process is not set aside for it`, async () => {
    for (let death = 1; death <= 5; death++) expect(await (await child('crowd')).gone).toContain('SIGKILL')
    const inbox = await open({ maxAttempts: 1, maxDeaths: 5 })
    dispatch(inbox, async () => fired)
    for (const [id, state] of [
      ['before', 'done'],
      ['bomb', 'poisoned'],
      ['after', 'done'],
    ] as const) {
      await until(inbox, id, state)
    }
  })

  test(`${name}: deaths of the process are no tries that count, and a try that ends makes up for them`, async () => {
    for (let death = 1; death <= 2; death++) await (await child('bomb')).gone
    // Two deaths behind it, where three are allowed and one throw too many would end it.
    const inbox = await open({ maxAttempts: 2, maxDeaths: 3 })
    let calls = 0
    dispatch(inbox, async ({ delivery: { eventId } }) => {
      if (eventId !== 'event-bomb') return fired
      calls += 1
      if (calls === 1) throw new Error('broken')
      if (calls < 6) throw new NotNow('away')
      return fired
    })
    await until(inbox, 'bomb', 'done')
    expect(calls).toBe(6)
  })
}
