import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Inbox } from '../../src/inbox/inbox.js'
import { type LmdbInboxOptions, openLmdbInbox } from '../../src/inbox/lmdb.js'
import { openLmdbDeliveries } from '../../src/inbox/lmdb-deliveries.js'
import { SILENT } from '../../src/lib/log.js'
import { openDatabase } from '../../src/storage/lmdb.js'
import { delivery, inboxContract, rejections } from '../contract/inbox.js'

inboxContract('lmdb inbox', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'tektite-inbox-'))
  const dir = join(parent, 'inbox')
  return {
    open: async change => openLmdbInbox({ dir, log: SILENT, pauses: { firstMs: 5, maxMs: 20 }, ...change }),
    forChild: { adapter: 'lmdb', at: dir, prefix: '' },
    remove: () => rm(parent, { recursive: true }),
  }
})

const soon = { timeout: 15_000, interval: 2 }
let parent: string

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'tektite-inbox-'))
})
afterEach(() => rm(parent, { recursive: true }))

function open(change: Partial<LmdbInboxOptions> = {}): Inbox {
  return openLmdbInbox({ dir: join(parent, 'inbox'), log: SILENT, pauses: { firstMs: 5, maxMs: 20 }, ...change })
}

test('the LMDB inbox of one process is refused to another opener, who is told why', async () => {
  const inbox = open()
  expect(() => open()).toThrow(/already open/)
  await inbox.close()
  const next = open()
  expect(await next.list()).toEqual({ items: [] })
  await next.close()
})

test('the tries and the pause of a delivery in the LMDB inbox outlive the process', async () => {
  const longPause = { pauses: { firstMs: 60_000, maxMs: 60_000 }, maxAttempts: 2 }
  const first = open(longPause)
  const calls: string[] = []
  const failing = async ({ delivery: { eventId } }: { delivery: { eventId: string } }) => {
    calls.push(eventId)
    if (eventId === 'event-bad') throw new Error('away')
    return []
  }
  const worker = first.dispatch(failing, { concurrency: 1 })
  await first.accept(delivery('bad'))
  await first.accept(delivery('good'))
  await vi.waitFor(async () => expect((await first.get(delivery('good').id))?.state.is).toBe('done'), soon)
  await worker.close()
  await first.close()

  const second = open(longPause)
  const again = second.dispatch(failing, { concurrency: 1 })
  await second.accept(delivery('fence'))
  await vi.waitFor(async () => expect((await second.get(delivery('fence').id))?.state.is).toBe('done'), soon)
  expect(calls).toEqual(['event-bad', 'event-good', 'event-fence'])
  await again.close()
  await second.close()

  const deliveries = openLmdbDeliveries(join(parent, 'inbox'), 60_000)
  const { key } = deliveries.openAfter(0)!
  const inTwoMinutes = Date.now() + 120_000
  const failedOnce = { failures: 1, pauses: 1 }
  const begin = (survived = false) => deliveries.begin(key, inTwoMinutes, { maxDeaths: 2, survived })
  expect(await begin()).toMatchObject({ is: 'try', tries: { deaths: 1, ...failedOnce } })
  expect(await begin()).toMatchObject({ is: 'try', tries: { deaths: 2, ...failedOnce } })
  expect(await begin()).toMatchObject({ is: 'too often', tries: { deaths: 2, ...failedOnce } })
  // Unless this process knows better, which could not write the end of the last one down.
  expect(await begin(true)).toMatchObject({ is: 'try', tries: { deaths: 1, ...failedOnce } })
  await deliveries.close()
})

test('what the LMDB inbox has forgotten leaves nothing on the disk, and what is unfinished stays', async () => {
  const dir = join(parent, 'inbox')
  const deliveries = openLmdbDeliveries(dir, 1)
  const ids = Array.from({ length: 600 }, (_, i) => `${i}`)
  await Promise.all(ids.map(id => deliveries.store(delivery(id))))
  const keys: string[] = []
  for (let next = deliveries.openAfter(0); next !== undefined; next = deliveries.openAfter(next.place))
    keys.push(next.key)
  expect(keys).toHaveLength(600)
  const begun = await Promise.all(keys.map(key => deliveries.begin(key, Date.now(), { maxDeaths: 5 })))
  await Promise.all(
    begun.map(async (each, i) => {
      if (each.is !== 'try') throw new Error(`${keys[i]} is ${each.is}`)
      if (i !== 499)
        await deliveries.finish(keys[i]!, each.record, { is: 'done', at: Date.now(), durationMs: 1, verdicts: [] })
    }),
  )
  await vi.waitFor(() => expect(deliveries.list({ limit: 2_000 }).items).toHaveLength(1), soon)
  await deliveries.forgetExpired()
  expect(deliveries.list({ limit: 2_000 }).items.map(record => record.delivery.eventId)).toEqual(['event-499'])
  await deliveries.close()

  const database = openDatabase(dir, { durable: true })
  const sizes = [
    'inbox-records',
    'inbox-arrivals',
    'inbox-open',
    'inbox-expiry',
    'inbox-bodies',
    'inbox-outcomes',
    'inbox-scoped',
    'inbox-event-ids',
  ].map(table => database.textTable(table).range().length)
  expect(sizes).toEqual([1, 1, 1, 0, 1, 0, 2, 1])
  await database.close()
})

test('a late finish of a dispatch does not end the replay that came after it in the LMDB inbox', async () => {
  const deliveries = openLmdbDeliveries(join(parent, 'inbox'), 60_000)
  await deliveries.store(delivery('a'))
  const { key } = deliveries.openAfter(0)!
  const begun = await deliveries.begin(key, Date.now(), { maxDeaths: 5 })
  if (begun.is !== 'try') throw new Error(begun.is)
  await deliveries.finish(key, begun.record, { is: 'done', at: 1, durationMs: 1, verdicts: [] })
  await deliveries.reopen(delivery('a').id)
  await deliveries.finish(key, begun.record, { is: 'done', at: 2, durationMs: 1, verdicts: [] })
  expect(deliveries.read(delivery('a').id)).toMatchObject({ replay: 1, state: { is: 'pending' } })
  await deliveries.close()
})

test('of what was rejected the LMDB inbox keeps the newest, of one listener fewer than of all', async () => {
  const dir = join(parent, 'inbox')
  const deliveries = openLmdbDeliveries(dir, 60_000)
  await deliveries.store(delivery('real'))
  await deliveries.reject(rejections(130, 'noisy'))
  await deliveries.reject(rejections(5, 'quiet'))
  for (let listener = 0; listener < 10; listener++) await deliveries.reject(rejections(100, `l-${listener}`))
  const of = (name: string) =>
    deliveries.list({ limit: 2_000, to: { namespace: 'ci', of: { kind: 'EventListener', name } } }).items
  // 1000 in all: those that came first have gone, the delivery has not.
  expect([of('noisy').length, of('quiet').length, of('l-0').length, of('github').length]).toEqual([0, 0, 100, 1])
  await deliveries.reject(rejections(130, 'l-9'))
  expect(of('l-9').map(({ delivery: { eventId } }) => eventId)).toEqual(
    Array.from({ length: 100 }, (_, i) => `l-9-${129 - i}`),
  )
  expect(of('l-0')).toHaveLength(100)
  await deliveries.close()
  const database = openDatabase(dir, { durable: true })
  const sizes = ['inbox-records', 'inbox-arrivals', 'inbox-outcomes', 'inbox-expiry', 'inbox-scoped', 'inbox-rejected']
  expect(sizes.map(table => database.textTable(table).range().length)).toEqual([1001, 1001, 1000, 1000, 2002, 2000])
  await database.close()
})
