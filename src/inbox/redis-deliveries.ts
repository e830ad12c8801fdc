import { createHash, randomUUID } from 'node:crypto'
import { type Redis, requestWithin } from '../redis/connection.js'
import type { BeginLimits, Begun, Tries } from './attempts.js'
import {
  type Accepted,
  type Delivery,
  type DeliveryMeta,
  type DeliveryPage,
  type DeliveryRecord,
  type DeliveryState,
  type DeliverySummary,
  EARLIER_KEPT,
  type ListOptions,
  type RejectedDelivery,
} from './inbox.js'
import { defineInboxScripts } from './redis-scripts.js'
import { type CountedRejection, REJECTED_KEPT } from './rejections.js'
import { briefly, scopeOf, scopesOf } from './summary.js'

/**
 * The deliveries in Redis. BullMQ jobs carry only their ids: bodies in jobs fill Redis (bullmq#2734), and jobs are
 * removed while the memory of a delivery must last.
 *
 *   <prefix>:inbox:delivery:<id>      hash: meta (JSON without the body), body, bodyBytes, bodyHash, eventId, is, brief
 *                                     (JSON of `BriefState`), place, outcome:<replay> (JSON: how each dispatch ended), copies,
 *                                     replay, retryAt, deaths, failures, pauses (`Tries`). Expires only once it is done,
 *                                     poisoned or rejected.
 *   <prefix>:inbox:open               sorted set of ids not yet done or poisoned, by arrival
 *   <prefix>:inbox:arrivals           sorted set of all ids, by arrival
 *   <prefix>:inbox:arrivals:<scope>   the same of one namespace, or of one listener
 *   <prefix>:inbox:rejected[:<scope>] sorted set of the ids of what was rejected, by arrival
 *   <prefix>:inbox:event-ids          sorted set of `<event id> <id>`, by their letters
 *   <prefix>:inbox:entered            hash: by id what the sets above know it under, so that it can be taken out of them
 *   <prefix>:inbox:swept              there while it is too early for another sweep
 */
export interface RedisDeliveries {
  store(delivery: Delivery): Promise<Accepted>
  /** Notes that a try begins, before it does: a delivery that kills the process is counted too. */
  begin(id: string, limits: BeginLimits): Promise<Begun>
  /** No effect when the delivery was finished or replayed meanwhile. */
  finish(record: DeliveryRecord, state: DeliveryState): Promise<void>
  /** Notes how the try ended; the next one is not before `at` (epoch ms). */
  pause(record: DeliveryRecord, tries: Tries, at: number): Promise<void>
  reject(batch: readonly CountedRejection[]): Promise<void>
  read(id: string): Promise<DeliveryRecord | undefined>
  find(eventIdPrefix: string): Promise<readonly DeliverySummary[]>
  list(options: ListOptions): Promise<DeliveryPage>
  reopen(id: string): Promise<boolean>
  /** Ids of unfinished deliveries, oldest first, from the `offset`th on. */
  open(offset: number, limit: number): Promise<readonly string[]>
  /** True for one caller every `ms`, over all processes. */
  claimSweep(ms: number): Promise<boolean>
  /** Takes what has expired out of the arrivals, a little at a time. */
  forgetExpired(): Promise<void>
}

const FOUND_AT_MOST = 10
/** Pages read for one list: what has expired and is not forgotten yet must not hold everybody up. */
const ROUNDS = 5

export function redisDeliveries(redis: Redis, prefix: string, retentionMs: number): RedisDeliveries {
  const inbox = `${prefix}:inbox:`
  const open = `${inbox}open`
  const arrivals = `${inbox}arrivals`
  const keyOf = (id: string) => `${inbox}delivery:${id}`
  const run = defineInboxScripts(redis)
  const about = (doing: string, id: string) => `${doing} delivery ${JSON.stringify(id.slice(0, 100))}`

  async function store(delivery: Delivery): Promise<Accepted> {
    const { body, ...meta } = delivery
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    const bodyHash = createHash('sha256').update(bytes).digest('hex')
    const { id, eventId } = delivery
    const known = [id, bodyHash, eventId, JSON.stringify(meta), bytes, randomUUID(), inbox, ...scopesOf(meta.to)]
    const request = () => run.inboxStore(keyOf(id), open, arrivals, ...known)
    const [is, firstEventId] = (await requestWithin(redis, about('storing', id), request)) as [Accepted['is'], string]
    return is === 'mismatch' ? { is } : { is, eventId: firstEventId }
  }

  async function begin(id: string, { maxDeaths, survived = false }: BeginLimits): Promise<Begun> {
    const request = () => run.inboxBegin(keyOf(id), Date.now(), maxDeaths, survived ? 'survived' : '')
    const answer = (await requestWithin(redis, about('beginning', id), request)) as [Begun['is'], ...string[]]
    const [is, ...numbers] = answer
    if (is === 'over') return { is }
    const [first = 0, failures = 0, pauses = 0] = numbers.map(Number)
    if (is === 'later') return { is, at: first }
    const record = await read(id)
    if (record === undefined) return { is: 'over' }
    return { is, record, tries: { deaths: first, failures, pauses } }
  }

  async function finish({ delivery: { id }, replay }: DeliveryRecord, state: DeliveryState): Promise<void> {
    const texts = [JSON.stringify(state), retentionMs, JSON.stringify(briefly(state))]
    const request = () => run.inboxFinish(keyOf(id), open, id, replay, state.is, ...texts)
    await requestWithin(redis, about('finishing', id), request)
  }

  async function reject(batch: readonly CountedRejection[]): Promise<void> {
    for (const { rejected, copies } of batch) await rejectOne(rejected, copies)
  }

  async function rejectOne({ delivery: meta, bodyBytes, bodyHash, refusals }: RejectedDelivery, copies: number) {
    const { id, eventId, receivedAt, to } = meta
    const state: DeliveryState = { is: 'rejected', at: receivedAt, refusals }
    const scopes = scopesOf(to)
    const known = [id, bodyHash, eventId, JSON.stringify(meta), bodyBytes, JSON.stringify(state), inbox, ...scopes]
    const limits = [copies, retentionMs, REJECTED_KEPT.all, REJECTED_KEPT.ofOne]
    const keys = [keyOf(id), arrivals, `${inbox}rejected`, `${inbox}rejected:${scopes[1]}`]
    await requestWithin(redis, about('rejecting', id), () => run.inboxReject(...keys, ...known, ...limits))
  }

  async function pause({ delivery: { id }, replay }: DeliveryRecord, tries: Tries, at: number): Promise<void> {
    const { deaths, failures, pauses } = tries
    const request = () => run.inboxPause(keyOf(id), replay, Math.ceil(at), deaths, failures, pauses)
    await requestWithin(redis, about('pausing', id), request)
  }

  async function read(id: string): Promise<DeliveryRecord | undefined> {
    return toRecord(await requestWithin(redis, about('reading', id), () => redis.hgetallBuffer(keyOf(id))))
  }

  /** Those of them that have not expired. */
  async function summaries(ids: readonly string[]): Promise<readonly DeliverySummary[]> {
    const rows = ids.map(id =>
      redis.hmget(keyOf(id), 'meta', 'brief', 'bodyBytes', 'bodyHash', 'copies', 'replay', 'place'),
    )
    return (await Promise.all(rows)).flatMap(row => toSummary(row) ?? [])
  }

  async function list({ limit = 100, after, to }: ListOptions): Promise<DeliveryPage> {
    const line = to === undefined ? arrivals : `${arrivals}:${scopeOf(to)}`
    const items: DeliverySummary[] = []
    let last = after
    for (let round = 0; round < ROUNDS; round++) {
      const [from, wanted] = [last === undefined ? '+inf' : `(${last}`, limit - items.length]
      // One more than asked for: whether there is another page.
      const request = () => redis.zrevrangebyscore(line, from, '-inf', 'WITHSCORES', 'LIMIT', 0, wanted + 1)
      const pairs = await requestWithin(redis, 'listing the deliveries', request)
      const ids = pairs.filter((_, index) => index % 2 === 0)
      const shown = ids.slice(0, wanted)
      if (shown.length > 0) last = pairs[shown.length * 2 - 1]
      items.push(...(await requestWithin(redis, 'reading the deliveries of a list', () => summaries(shown))))
      if (ids.length <= wanted) return { items }
      if (items.length >= limit) break
    }
    return { items, ...(last !== undefined && { next: last }) }
  }

  async function find(eventIdPrefix: string): Promise<readonly DeliverySummary[]> {
    if (eventIdPrefix === '') return []
    const [from, to] = [`[${eventIdPrefix}`, `[${eventIdPrefix}\u00ff`]
    const request = () => redis.zrangebylex(`${inbox}event-ids`, from, to, 'LIMIT', 0, FOUND_AT_MOST)
    const found = await requestWithin(redis, 'looking for a delivery', request)
    const ids = found.map(each => each.slice(each.indexOf(' ') + 1))
    const read = await requestWithin(redis, 'reading what was found', () => summaries(ids))
    return read.filter(({ delivery }) => delivery.eventId.startsWith(eventIdPrefix))
  }

  async function reopen(id: string): Promise<boolean> {
    const request = () => run.inboxReopen(keyOf(id), open, id, EARLIER_KEPT)
    return (await requestWithin(redis, about('replaying', id), request)) === 1
  }

  async function forgetExpired(): Promise<void> {
    const longAgo = `${(Date.now() - retentionMs) * 1_000}`
    const request = () => redis.zrangebyscore(arrivals, '-inf', longAgo, 'LIMIT', 0, 1_000)
    const ids = await requestWithin(redis, 'looking for expired deliveries', request)
    const looked = () => Promise.all(ids.map(id => redis.exists(keyOf(id))))
    const exist = await requestWithin(redis, 'looking for expired deliveries', looked)
    for (const id of ids.filter((_, index) => exist[index] === 0)) {
      await requestWithin(redis, about('forgetting', id), () => run.inboxForget(keyOf(id), id, inbox))
    }
  }

  return {
    store,
    begin,
    finish,
    pause,
    read,
    reject,
    find,
    list,
    reopen,
    open: (offset, limit) =>
      requestWithin(redis, 'listing unfinished deliveries', () =>
        redis.zrange(open, `${offset}`, `${offset + limit - 1}`),
      ),
    async claimSweep(ms) {
      const request = () => redis.set(`${prefix}:inbox:swept`, '1', 'PX', ms, 'NX')
      return (await requestWithin(redis, 'claiming the sweep of the inbox', request)) === 'OK'
    },
    forgetExpired,
  }
}

function toRecord(fields: Readonly<Record<string, Buffer>>): DeliveryRecord | undefined {
  const { meta, body, copies } = fields
  if (meta === undefined || fields['brief'] === undefined) return undefined
  const replay = Number(fields['replay'])
  const ended = Object.entries(fields)
    .filter(([name]) => name.startsWith('outcome:'))
    .map(([name, state]) => ({
      replay: Number(name.slice('outcome:'.length)),
      state: JSON.parse(state.toString()) as DeliveryState,
    }))
    .sort((a, b) => a.replay - b.replay)
  return {
    delivery: { ...JSON.parse(meta.toString()), body: new Uint8Array(body ?? []) },
    state: ended.find(one => one.replay === replay)?.state ?? { is: 'pending' },
    copies: Number(copies),
    replay,
    earlier: ended.filter(one => one.replay < replay),
  }
}

function toSummary([meta, brief, bodyBytes, bodyHash, copies, replay, place]: readonly (string | null)[]) {
  if (meta == null || brief == null) return undefined
  const summary: DeliverySummary = {
    place: place ?? '',
    delivery: JSON.parse(meta) as DeliveryMeta,
    bodyBytes: Number(bodyBytes),
    bodyHash: bodyHash ?? '',
    state: JSON.parse(brief),
    copies: Number(copies),
    replay: Number(replay),
  }
  return summary
}
