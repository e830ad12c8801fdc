/** The tables of the LMDB inbox: what is kept of a delivery, and how it gets into all of them and out again. */
import { openDatabase } from '../storage/lmdb.js'
import type { Tries } from './attempts.js'
import type { BriefState, DeliveryMeta, DeliveryRecord, DeliverySummary, EarlierDispatch } from './inbox.js'
import { unpackOutcome } from './outcome-text.js'
import { scopesOf } from './summary.js'

/**
 * What `records` holds, as JSON. The body is apart, so that a change of state does not write it again; what all the
 * triggers made of it is apart, so that a list does not read it.
 */
export interface Stored {
  readonly meta: DeliveryMeta
  readonly bodyHash: string
  readonly bodyBytes: number
  readonly state: BriefState
  readonly copies: number
  readonly replay: number
  readonly tries: Tries
  /** The next try is not before this (epoch ms). */
  readonly retryAt: number
  /** Its key in `arrivals`; in `open` while it is pending; in `expiry`, with the arrival, when it is not. */
  readonly arrival: number
  readonly place: number
  /** Epoch ms; absent while it is pending. */
  readonly forgetAt?: number
}

/** `enter` and `forget` are for the inside of a transaction. */
export function openTables(dir: string) {
  const db = openDatabase(dir, { durable: true })
  const records = db.table<Stored>('inbox-records')
  const bodies = db.bytesTable('inbox-bodies')
  const arrivals = db.textTable('inbox-arrivals')
  const open = db.textTable('inbox-open')
  const expiry = db.textTable('inbox-expiry')
  /** By key and replay: how each dispatch ended, with every verdict. */
  const outcomes = db.textTable('inbox-outcomes')
  /** As `arrivals`, by namespace and by listener. */
  const scoped = db.textTable('inbox-scoped')
  const eventIds = db.textTable('inbox-event-ids')
  /** As `scoped`, and under '' all of them. */
  const rejected = db.textTable('inbox-rejected')

  function live(key: string): Stored | undefined {
    const stored = records.get([key])
    return stored === undefined || isExpired(stored, Date.now()) ? undefined : stored
  }

  function toRecord(key: string, stored: Stored): DeliveryRecord {
    const { meta, copies, replay } = stored
    const ended = outcomes
      .range({ prefix: [key] })
      .map(({ key: [, at], value }) => ({ replay: Number(at), state: unpackOutcome(value) }))
    const earlier: readonly EarlierDispatch[] = ended.filter(one => one.replay < replay)
    const delivery = { ...meta, body: new Uint8Array(bodies.get([key]) ?? []) }
    const present = ended.find(one => one.replay === replay)?.state ?? { is: 'pending' }
    return { delivery, state: present, copies, replay, earlier }
  }

  /** Makes it findable. */
  function enter(key: string, stored: Stored): void {
    const { arrival, meta } = stored
    records.put([key], stored)
    arrivals.put([arrival], key)
    for (const scope of scopesOf(meta.to)) scoped.put([scope, arrival], key)
    eventIds.put([meta.eventId, arrival], key)
  }

  function forget(key: string, { arrival, forgetAt, meta, state }: Stored): void {
    records.remove([key])
    bodies.remove([key])
    for (const outcome of outcomes.range({ prefix: [key] })) outcomes.remove(outcome.key)
    arrivals.remove([arrival])
    for (const scope of scopesOf(meta.to)) scoped.remove([scope, arrival])
    eventIds.remove([meta.eventId, arrival])
    if (forgetAt !== undefined) expiry.remove([forgetAt, arrival])
    if (state.is !== 'rejected') return
    for (const scope of ['', scopesOf(meta.to)[1]]) rejected.remove([scope, arrival])
  }

  return {
    db,
    records,
    bodies,
    arrivals,
    open,
    expiry,
    outcomes,
    scoped,
    eventIds,
    rejected,
    live,
    toRecord,
    enter,
    forget,
  }
}

export function toSummary({ arrival, meta, bodyBytes, bodyHash, state, copies, replay }: Stored): DeliverySummary {
  return { place: `${arrival}`, delivery: meta, bodyBytes, bodyHash, state, copies, replay }
}

export function isExpired({ forgetAt }: Stored, now: number): boolean {
  return forgetAt !== undefined && forgetAt <= now
}
