import { createHash } from 'node:crypto'
import { openDatabase, type Table, type TableKey } from '../storage/lmdb.js'
import { type BeginLimits, type Begun, NO_TRIES, type Tries } from './attempts.js'
import type { Accepted, Delivery, DeliveryRecord, DeliveryState } from './inbox.js'

/** What `records` holds, as JSON; the body is apart, so that a change of state does not write it again. */
interface Stored {
  readonly meta: Omit<Delivery, 'body'>
  readonly bodyHash: string
  readonly state: DeliveryState
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
  read(id: string): DeliveryRecord | undefined
  newest(limit: number): readonly DeliveryRecord[]
  reopen(id: string): Promise<DeliveryRecord | undefined>
  forgetExpired(): Promise<void>
  close(): Promise<void>
}

/** Few enough not to hold up the accepts that wait for the same writer. */
const FORGET_AT_ONCE = 500

export function openLmdbDeliveries(dir: string, retentionMs: number): LmdbDeliveries {
  const db = openDatabase(dir, { durable: true })
  const records = db.table<Stored>('inbox-records')
  const bodies = db.bytesTable('inbox-bodies')
  const arrivals = db.textTable('inbox-arrivals')
  const open = db.textTable('inbox-open')
  const expiry = db.textTable('inbox-expiry')

  // One process writes here (the database sees to that), so the counter can live in memory.
  let sequence = Math.max(lastNumber(arrivals), lastNumber(open))

  function live(key: string): Stored | undefined {
    const stored = records.get([key])
    return stored === undefined || isExpired(stored, Date.now()) ? undefined : stored
  }

  function toRecord(key: string, { meta, state, copies, replay }: Stored): DeliveryRecord {
    return { delivery: { ...meta, body: new Uint8Array(bodies.get([key]) ?? []) }, state, copies, replay }
  }

  /** Inside a transaction. */
  function forget(key: string, { arrival, forgetAt }: Stored): void {
    records.remove([key])
    bodies.remove([key])
    arrivals.remove([arrival])
    if (forgetAt !== undefined) expiry.remove([forgetAt, arrival])
  }

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
      records.put([key], { meta, bodyHash, state: { is: 'pending' }, ...counts, arrival: place, place })
      bodies.put([key], body)
      arrivals.put([place], key)
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

  function finish(key: string, record: DeliveryRecord, state: DeliveryState): Promise<void> {
    return change(key, record, stored => {
      const forgetAt = Date.now() + retentionMs
      open.remove([stored.place])
      expiry.put([forgetAt, stored.arrival], key)
      return { ...stored, state, forgetAt }
    })
  }

  function newest(limit: number): readonly DeliveryRecord[] {
    const found: DeliveryRecord[] = []
    let after: TableKey | undefined
    while (found.length < limit) {
      // What has expired is passed over, so a page may give fewer than it has.
      const page = arrivals.range({ reverse: true, limit: limit - found.length, ...(after && { after }) })
      if (page.length === 0) break
      after = page.at(-1)?.key
      for (const { value: key } of page) {
        const stored = live(key)
        if (stored !== undefined) found.push(toRecord(key, stored))
      }
    }
    return found
  }

  function reopen(id: string): Promise<DeliveryRecord | undefined> {
    const key = keyOf(id)
    return db.transaction(() => {
      const stored = live(key)
      if (stored === undefined || stored.state.is === 'pending') return stored && toRecord(key, stored)
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
    newest,
    reopen,
    forgetExpired,
    close: () => db.close(),
  }
}

function keyOf(id: string): string {
  return createHash('sha256').update(id).digest('hex')
}

function isExpired({ forgetAt }: Stored, now: number): boolean {
  return forgetAt !== undefined && forgetAt <= now
}

function lastNumber(table: Table<string>): number {
  const [last] = table.range({ reverse: true, limit: 1 })
  return Number(last?.key[0] ?? 0)
}
