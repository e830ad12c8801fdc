import { createHash } from 'node:crypto'
import type { Table } from '../storage/lmdb.js'
import { type BeginLimits, type Begun, NO_TRIES, type Tries } from './attempts.js'
import {
  type Accepted,
  type Delivery,
  type DeliveryPage,
  type DeliveryRecord,
  type DeliveryState,
  type DeliverySummary,
  EARLIER_KEPT,
  type ListOptions,
} from './inbox.js'
import { isExpired, openTables, type Stored, toSummary } from './lmdb-tables.js'
import { packOutcome } from './outcome-text.js'
import { type CountedRejection, REJECTED_KEPT } from './rejections.js'
import { briefly, scopeOf, scopesOf } from './summary.js'

/** A key names a delivery inside the database: the hash of its id, which may be longer than LMDB allows. */
export interface LmdbDeliveries {
  /** Resolves when it is on the disk. */
  store(delivery: Delivery): Promise<Accepted>
  /** The first open delivery behind this place in the line; 0 is the start. */
  openAfter(place: number): { readonly place: number; readonly key: string } | undefined
  /** Notes that a try begins, before it does: a delivery that kills the process is counted too. */
  begin(key: string, now: number, limits: BeginLimits): Promise<Begun>
  /** No effect when the delivery was replayed meanwhile. */
  finish(key: string, record: DeliveryRecord, state: DeliveryState): Promise<void>
  /** Notes how the try ended; the next one is not before `at` (epoch ms). */
  pause(key: string, record: DeliveryRecord, tries: Tries, at: number): Promise<void>
  reject(batch: readonly CountedRejection[]): Promise<void>
  read(id: string): DeliveryRecord | undefined
  find(eventIdPrefix: string): readonly DeliverySummary[]
  list(options: ListOptions): DeliveryPage
  reopen(id: string): Promise<DeliveryRecord | undefined>
  forgetExpired(): Promise<void>
  close(): Promise<void>
}

/** Few enough not to hold up the accepts that wait for the same writer. */
const FORGET_AT_ONCE = 500
const FOUND_AT_MOST = 10
/** Pages read for one list: what has expired and is not forgotten yet must not hold everybody up. */
const ROUNDS = 5

export function openLmdbDeliveries(dir: string, retentionMs: number): LmdbDeliveries {
  const tables = openTables(dir)
  const { db, records, bodies, arrivals, open, expiry, outcomes, scoped, eventIds, rejected } = tables
  const { live, toRecord, enter, forget } = tables

  // One process writes here (the database sees to that), so the counter can live in memory.
  let sequence = Math.max(lastNumber(arrivals), lastNumber(open))

  function store(delivery: Delivery): Promise<Accepted> {
    const { body, ...meta } = delivery
    const key = keyOf(delivery.id)
    const bodyHash = createHash('sha256').update(body).digest('hex')
    return db.transaction((): Accepted => {
      const known = records.get([key])
      if (known !== undefined && !isExpired(known, Date.now())) {
        if (known.bodyHash !== bodyHash) return { is: 'mismatch' }
        records.put([key], { ...known, copies: known.copies + 1 })
        return { is: 'duplicate', eventId: known.meta.eventId }
      }
      if (known !== undefined) forget(key, known)
      const place = ++sequence
      const counts = { copies: 1, replay: 0, tries: NO_TRIES, retryAt: 0 }
      const places = { arrival: place, place }
      enter(key, { meta, bodyHash, bodyBytes: body.length, state: { is: 'pending' }, ...counts, ...places })
      bodies.put([key], body)
      open.put([place], key)
      return { is: 'new', eventId: delivery.eventId }
    })
  }

  function begin(key: string, now: number, { maxDeaths, survived = false }: BeginLimits): Promise<Begun> {
    return db.transaction((): Begun => {
      const stored = records.get([key])
      if (stored?.state.is !== 'pending') return { is: 'over' }
      if (stored.retryAt > now) return { is: 'later', at: stored.retryAt }
      const record = toRecord(key, stored)
      const deaths = survived ? 0 : stored.tries.deaths
      if (deaths >= maxDeaths) return { is: 'too often', record, tries: stored.tries }
      const tries = { ...stored.tries, deaths: deaths + 1 }
      records.put([key], { ...stored, tries })
      return { is: 'try', record, tries }
    })
  }

  /** Changes a delivery that is still as the try found it, inside a transaction of its own. */
  function change(key: string, { replay }: DeliveryRecord, next: (stored: Stored) => Stored): Promise<void> {
    return db.transaction(() => {
      const stored = records.get([key])
      if (stored?.state.is === 'pending' && stored.replay === replay) records.put([key], next(stored))
    })
  }

  async function finish(key: string, record: DeliveryRecord, state: DeliveryState): Promise<void> {
    const outcome = await packOutcome(state)
    return change(key, record, stored => {
      const forgetAt = Date.now() + retentionMs
      open.remove([stored.place])
      expiry.put([forgetAt, stored.arrival], key)
      outcomes.put([key, stored.replay], outcome)
      return { ...stored, state: briefly(state), forgetAt }
    })
  }

  function reject(batch: readonly CountedRejection[]): Promise<void> {
    return db.transaction(() => {
      for (const { rejected: one, copies } of batch) {
        const { delivery: meta, bodyHash, bodyBytes, refusals } = one
        const key = keyOf(meta.id)
        const arrival = ++sequence
        const state: DeliveryState = { is: 'rejected', at: meta.receivedAt, refusals }
        const forgetAt = Date.now() + retentionMs
        const counts = { copies, replay: 0, tries: NO_TRIES, retryAt: 0 }
        enter(key, { meta, bodyHash, bodyBytes, state, ...counts, arrival, place: arrival, forgetAt })
        outcomes.put([key, 0], JSON.stringify(state))
        expiry.put([forgetAt, arrival], key)
        rejected.put(['', arrival], key)
        rejected.put([scopesOf(meta.to)[1], arrival], key)
      }
      for (const scope of new Set(batch.map(each => scopesOf(each.rejected.delivery.to)[1]))) {
        forgetBeyond(scope, REJECTED_KEPT.ofOne)
      }
      forgetBeyond('', REJECTED_KEPT.all)
    })
  }

  /** Inside a transaction. */
  function forgetBeyond(scope: string, kept: number): void {
    const all = rejected.range({ prefix: [scope] })
    for (const { value: key } of all.slice(0, Math.max(0, all.length - kept))) forget(key, records.get([key])!)
  }

  function list({ limit = 100, after, to }: ListOptions): DeliveryPage {
    const [table, prefix] = to === undefined ? [arrivals, []] : [scoped, [scopeOf(to)]]
    const items: DeliverySummary[] = []
    let last = after === undefined ? undefined : Number(after)
    for (let round = 0; round < ROUNDS; round++) {
      const behind = last === undefined ? {} : { after: [...prefix, last] }
      // One more than asked for: whether there is another page.
      const page = table.range({ prefix, reverse: true, limit: limit - items.length + 1, ...behind })
      for (const { key: place, value: key } of page) {
        if (items.length === limit) return { items, ...(last !== undefined && { next: `${last}` }) }
        last = Number(place.at(-1))
        const stored = live(key)
        if (stored !== undefined) items.push(toSummary(stored))
      }
      if (page.length === 0) return { items }
    }
    return { items, next: `${last}` }
  }

  function find(eventIdPrefix: string): readonly DeliverySummary[] {
    if (eventIdPrefix === '') return []
    const found = eventIds.range({ after: [eventIdPrefix], limit: FOUND_AT_MOST })
    return found
      .filter(({ key: [eventId] }) => String(eventId).startsWith(eventIdPrefix))
      .flatMap(({ value: key }) => live(key) ?? [])
      .map(toSummary)
  }

  function reopen(id: string): Promise<DeliveryRecord | undefined> {
    const key = keyOf(id)
    return db.transaction(() => {
      const stored = live(key)
      if (stored === undefined || stored.state.is === 'rejected') return undefined
      if (stored.state.is === 'pending') return toRecord(key, stored)
      const { forgetAt = 0, ...kept } = stored
      const place = ++sequence
      const again: Stored = {
        ...kept,
        state: { is: 'pending' },
        replay: kept.replay + 1,
        tries: NO_TRIES,
        retryAt: 0,
        place,
      }
      expiry.remove([forgetAt, kept.arrival])
      if (again.replay > EARLIER_KEPT + 1) outcomes.remove([key, again.replay - EARLIER_KEPT - 1])
      records.put([key], again)
      open.put([place], key)
      return toRecord(key, again)
    })
  }

  async function forgetExpired(): Promise<void> {
    for (let more = true; more; ) {
      more = await db.transaction(() => {
        const oldest = expiry.range({ limit: FORGET_AT_ONCE })
        const old = oldest.filter(({ key: [forgetAt] }) => Number(forgetAt) <= Date.now())
        for (const { value: key } of old) forget(key, records.get([key])!)
        return old.length === FORGET_AT_ONCE
      })
    }
  }

  return {
    store,
    openAfter(place) {
      const [next] = open.range({ after: [place], limit: 1 })
      return next && { place: Number(next.key[0]), key: next.value }
    },
    begin,
    finish,
    pause: (key, record, tries, at) => change(key, record, stored => ({ ...stored, tries, retryAt: at })),
    read(id) {
      const key = keyOf(id)
      const stored = live(key)
      return stored && toRecord(key, stored)
    },
    reject,
    find,
    list,
    reopen,
    forgetExpired,
    close: () => db.close(),
  }
}

function keyOf(id: string): string {
  return createHash('sha256').update(id).digest('hex')
}

function lastNumber(table: Table<string>): number {
  const [last] = table.range({ reverse: true, limit: 1 })
  return Number(last?.key[0] ?? 0)
}
