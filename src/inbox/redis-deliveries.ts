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

/**
 * For scripts that list or unlist a delivery. Arrivals are microseconds, but each later than the one before, whatever
 * the clock does: they are the places that a list goes on from.
 */
const LISTING = `
    local function arrivalAfter(arrivals)
      local time = redis.call('TIME')
      local now = time[1] * 1000000 + time[2]
      local last = redis.call('ZREVRANGE', arrivals, 0, 0, 'WITHSCORES')
      if last[2] and tonumber(last[2]) >= now then now = tonumber(last[2]) + 1 end
      return string.format('%.0f', now)
    end
    local function enter(inbox, id, eventId, namespace, scope, arrival)
      redis.call('ZADD', inbox .. 'arrivals', arrival, id)
      redis.call('ZADD', inbox .. 'arrivals:' .. namespace, arrival, id)
      redis.call('ZADD', inbox .. 'arrivals:' .. scope, arrival, id)
      redis.call('ZADD', inbox .. 'event-ids', 0, eventId .. ' ' .. id)
      redis.call('HSET', inbox .. 'entered', id, cjson.encode({eventId, namespace, scope}))
    end
    local function unlist(inbox, id)
      redis.call('ZREM', inbox .. 'arrivals', id)
      redis.call('ZREM', inbox .. 'rejected', id)
      local entered = redis.call('HGET', inbox .. 'entered', id)
      if not entered then return end
      local known = cjson.decode(entered)
      redis.call('ZREM', inbox .. 'event-ids', known[1] .. ' ' .. id)
      redis.call('ZREM', inbox .. 'arrivals:' .. known[2], id)
      redis.call('ZREM', inbox .. 'arrivals:' .. known[3], id)
      redis.call('ZREM', inbox .. 'rejected:' .. known[3], id)
      redis.call('HDEL', inbox .. 'entered', id)
    end
    local function forget(inbox, id)
      redis.call('DEL', inbox .. 'delivery:' .. id)
      unlist(inbox, id)
    end`

// A script is one step for Redis: entry and dedupe memory are the same key and cannot disagree.
const scripts = {
  // A repetition of our own after a lost connection finds its own token and is not a second copy.
  inboxStore: `${LISTING}
    local known = redis.call('HMGET', KEYS[1], 'bodyHash', 'eventId', 'token')
    if known[1] then
      if known[1] ~= ARGV[2] then return {'mismatch', ''} end
      if known[3] == ARGV[6] then return {'new', known[2]} end
      redis.call('HINCRBY', KEYS[1], 'copies', 1)
      return {'duplicate', known[2]}
    end
    local arrival = arrivalAfter(KEYS[3])
    redis.call('HSET', KEYS[1], 'bodyHash', ARGV[2], 'eventId', ARGV[3], 'meta', ARGV[4], 'body', ARGV[5], 'token', ARGV[6],
      'is', 'pending', 'brief', '{"is":"pending"}', 'bodyBytes', #ARGV[5], 'place', arrival, 'copies', 1, 'replay', 0, 'retryAt', 0,
      'deaths', 0, 'failures', 0, 'pauses', 0)
    redis.call('ZADD', KEYS[2], arrival, ARGV[1])
    -- Of one that has expired the sets may still know the old places. Not before the first write that needs memory:
    -- Redis refuses a script when it is full only as long as that has written nothing.
    unlist(ARGV[7], ARGV[1])
    enter(ARGV[7], ARGV[1], ARGV[3], ARGV[8], ARGV[9], arrival)
    return {'new', ARGV[3]}`,
  // A repetition of our own finds it there.
  inboxReject: `${LISTING}
    if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
    local arrival = arrivalAfter(KEYS[2])
    redis.call('HSET', KEYS[1], 'bodyHash', ARGV[2], 'eventId', ARGV[3], 'meta', ARGV[4], 'bodyBytes', ARGV[5], 'place', arrival,
      'is', 'rejected', 'brief', ARGV[6], 'outcome:0', ARGV[6], 'copies', ARGV[10], 'replay', 0)
    redis.call('PEXPIRE', KEYS[1], ARGV[11])
    enter(ARGV[7], ARGV[1], ARGV[3], ARGV[8], ARGV[9], arrival)
    redis.call('ZADD', KEYS[3], arrival, ARGV[1])
    redis.call('ZADD', KEYS[4], arrival, ARGV[1])
    -- Of its own listener first, or the others' would go for it.
    for _, line in ipairs({{KEYS[4], ARGV[13]}, {KEYS[3], ARGV[12]}}) do
      for _, id in ipairs(redis.call('ZRANGE', line[1], 0, -tonumber(line[2]) - 1)) do forget(ARGV[7], id) end
    end
    return 1`,
  // Whatever expired between being looked for and being forgotten was expired before.
  inboxForget: `${LISTING}
    if redis.call('EXISTS', KEYS[1]) == 0 then forget(ARGV[2], ARGV[1]) end
    return 1`,
  inboxBegin: `
    local known = redis.call('HMGET', KEYS[1], 'is', 'retryAt', 'deaths', 'failures', 'pauses')
    if known[1] ~= 'pending' then return {'over'} end
    if tonumber(known[2]) > tonumber(ARGV[1]) then return {'later', known[2]} end
    local deaths = ARGV[3] == 'survived' and 0 or tonumber(known[3])
    if deaths >= tonumber(ARGV[2]) then return {'too often', known[3], known[4], known[5]} end
    redis.call('HSET', KEYS[1], 'deaths', deaths + 1)
    return {'try', tostring(deaths + 1), known[4], known[5]}`,
  inboxFinish: `
    local known = redis.call('HMGET', KEYS[1], 'is', 'replay')
    if known[1] ~= 'pending' or known[2] ~= ARGV[2] then return 0 end
    redis.call('HSET', KEYS[1], 'is', ARGV[3], 'outcome:' .. known[2], ARGV[4], 'brief', ARGV[6])
    redis.call('PEXPIRE', KEYS[1], ARGV[5])
    redis.call('ZREM', KEYS[2], ARGV[1])
    return 1`,
  // Values, not steps: it may be carried out twice.
  inboxPause: `
    local known = redis.call('HMGET', KEYS[1], 'is', 'replay')
    if known[1] ~= 'pending' or known[2] ~= ARGV[1] then return 0 end
    redis.call('HSET', KEYS[1], 'retryAt', ARGV[2], 'deaths', ARGV[3], 'failures', ARGV[4], 'pauses', ARGV[5])
    return 1`,
  inboxReopen: `
    local is = redis.call('HGET', KEYS[1], 'is')
    if not is or is == 'rejected' then return 0 end
    if is == 'pending' then return 1 end
    local replay = redis.call('HINCRBY', KEYS[1], 'replay', 1)
    redis.call('HSET', KEYS[1], 'is', 'pending', 'brief', '{"is":"pending"}', 'retryAt', 0,
      'deaths', 0, 'failures', 0, 'pauses', 0)
    local forgotten = replay - ARGV[2] - 1
    if forgotten > 0 then redis.call('HDEL', KEYS[1], 'outcome:' .. string.format('%.0f', forgotten)) end
    redis.call('PERSIST', KEYS[1])
    local time = redis.call('TIME')
    redis.call('ZADD', KEYS[2], time[1] .. string.format('%06d', time[2]), ARGV[1])
    return 1`,
}

type Script = (...keysAndArguments: readonly (string | number | Buffer)[]) => Promise<unknown>

export function redisDeliveries(redis: Redis, prefix: string, retentionMs: number): RedisDeliveries {
  const inbox = `${prefix}:inbox:`
  const open = `${inbox}open`
  const arrivals = `${inbox}arrivals`
  const keyOf = (id: string) => `${inbox}delivery:${id}`
  const numberOfKeys = {
    inboxStore: 3,
    inboxReject: 4,
    inboxForget: 1,
    inboxBegin: 1,
    inboxFinish: 2,
    inboxPause: 1,
    inboxReopen: 2,
  }
  for (const name of Object.keys(scripts) as (keyof typeof scripts)[]) {
    redis.defineCommand(name, { numberOfKeys: numberOfKeys[name], lua: scripts[name] })
  }
  // ioredis adds one method per defined script; its types cannot know them.
  const run = redis as unknown as Readonly<Record<keyof typeof scripts, Script>>
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
