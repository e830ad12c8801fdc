import { createHash, randomUUID } from 'node:crypto'
import { type Redis, requestWithin } from '../redis/connection.js'
import type { BeginLimits, Begun, Tries } from './attempts.js'
import type { Accepted, Delivery, DeliveryRecord, DeliveryState } from './inbox.js'

/**
 * The deliveries in Redis. BullMQ jobs carry only their ids: bodies in jobs fill Redis (bullmq#2734), and jobs are
 * removed while the memory of a delivery must last.
 *
 *   <prefix>:inbox:delivery:<id>   hash: meta (JSON without the body), body, bodyHash, eventId, is, state (JSON),
 *                                  copies, replay, retryAt, deaths, failures, pauses (`Tries`). Expires only once it is done
 *                                  or poisoned.
 *   <prefix>:inbox:open            sorted set of ids not yet done or poisoned, by arrival
 *   <prefix>:inbox:arrivals        sorted set of all ids, by arrival
 *   <prefix>:inbox:swept           there while it is too early for another sweep
 */
export interface RedisDeliveries {
  store(delivery: Delivery): Promise<Accepted>
  /** Notes that a try begins, before it does: a delivery that kills the process is counted too. */
  begin(id: string, limits: BeginLimits): Promise<Begun>
  /** No effect when the delivery was finished or replayed meanwhile. */
  finish(record: DeliveryRecord, state: DeliveryState): Promise<void>
  /** Notes how the try ended; the next one is not before `at` (epoch ms). */
  pause(record: DeliveryRecord, tries: Tries, at: number): Promise<void>
  read(id: string): Promise<DeliveryRecord | undefined>
  newest(limit: number): Promise<readonly DeliveryRecord[]>
  reopen(id: string): Promise<boolean>
  /** Ids of unfinished deliveries, oldest first, from the `offset`th on. */
  open(offset: number, limit: number): Promise<readonly string[]>
  /** True for one caller every `ms`, over all processes. */
  claimSweep(ms: number): Promise<boolean>
  /** Takes what has expired out of the arrivals, a little at a time. */
  forgetExpired(): Promise<void>
}

// A script is one step for Redis: entry and dedupe memory are the same key and cannot disagree.
const scripts = {
  // A repetition of our own after a lost connection finds its own token and is not a second copy.
  inboxStore: `
    local known = redis.call('HMGET', KEYS[1], 'bodyHash', 'eventId', 'token')
    if known[1] then
      if known[1] ~= ARGV[2] then return {'mismatch', ''} end
      if known[3] == ARGV[6] then return {'new', known[2]} end
      redis.call('HINCRBY', KEYS[1], 'copies', 1)
      return {'duplicate', known[2]}
    end
    local time = redis.call('TIME')
    local arrival = time[1] .. string.format('%06d', time[2])
    redis.call('HSET', KEYS[1], 'bodyHash', ARGV[2], 'eventId', ARGV[3], 'meta', ARGV[4], 'body', ARGV[5], 'token', ARGV[6],
      'is', 'pending', 'state', '{"is":"pending"}', 'copies', 1, 'replay', 0, 'retryAt', 0,
      'deaths', 0, 'failures', 0, 'pauses', 0)
    redis.call('ZADD', KEYS[2], arrival, ARGV[1])
    redis.call('ZADD', KEYS[3], arrival, ARGV[1])
    return {'new', ARGV[3]}`,
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
    redis.call('HSET', KEYS[1], 'is', ARGV[3], 'state', ARGV[4])
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
    if not is then return 0 end
    if is == 'pending' then return 1 end
    redis.call('HINCRBY', KEYS[1], 'replay', 1)
    redis.call('HSET', KEYS[1], 'is', 'pending', 'state', '{"is":"pending"}', 'retryAt', 0,
      'deaths', 0, 'failures', 0, 'pauses', 0)
    redis.call('PERSIST', KEYS[1])
    local time = redis.call('TIME')
    redis.call('ZADD', KEYS[2], time[1] .. string.format('%06d', time[2]), ARGV[1])
    return 1`,
}

type Script = (...keysAndArguments: readonly (string | number | Buffer)[]) => Promise<unknown>

export function redisDeliveries(redis: Redis, prefix: string, retentionMs: number): RedisDeliveries {
  const open = `${prefix}:inbox:open`
  const arrivals = `${prefix}:inbox:arrivals`
  const keyOf = (id: string) => `${prefix}:inbox:delivery:${id}`
  const numberOfKeys = { inboxStore: 3, inboxBegin: 1, inboxFinish: 2, inboxPause: 1, inboxReopen: 2 }
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
    const token = randomUUID()
    const request = () =>
      run.inboxStore(keyOf(id), open, arrivals, id, bodyHash, eventId, JSON.stringify(meta), bytes, token)
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
    const request = () => run.inboxFinish(keyOf(id), open, id, replay, state.is, JSON.stringify(state), retentionMs)
    await requestWithin(redis, about('finishing', id), request)
  }

  async function pause({ delivery: { id }, replay }: DeliveryRecord, tries: Tries, at: number): Promise<void> {
    const { deaths, failures, pauses } = tries
    const request = () => run.inboxPause(keyOf(id), replay, Math.ceil(at), deaths, failures, pauses)
    await requestWithin(redis, about('pausing', id), request)
  }

  async function read(id: string): Promise<DeliveryRecord | undefined> {
    return toRecord(await requestWithin(redis, about('reading', id), () => redis.hgetallBuffer(keyOf(id))))
  }

  async function newest(limit: number): Promise<readonly DeliveryRecord[]> {
    if (limit <= 0) return []
    const request = () => redis.zrevrange(arrivals, 0, limit - 1)
    const ids = await requestWithin(redis, 'listing the deliveries', request)
    const records = await Promise.all(ids.map(read))
    return records.filter(record => record !== undefined)
  }

  async function reopen(id: string): Promise<boolean> {
    return (await requestWithin(redis, about('replaying', id), () => run.inboxReopen(keyOf(id), open, id))) === 1
  }

  async function forgetExpired(): Promise<void> {
    const longAgo = `${(Date.now() - retentionMs) * 1_000}`
    const request = () => redis.zrangebyscore(arrivals, '-inf', longAgo, 'LIMIT', 0, 1_000)
    for (const id of await requestWithin(redis, 'looking for expired deliveries', request)) {
      const gone = () => redis.exists(keyOf(id))
      if ((await requestWithin(redis, about('looking for', id), gone)) === 0) {
        await requestWithin(redis, about('forgetting', id), () => redis.zrem(arrivals, id))
      }
    }
  }

  return {
    store,
    begin,
    finish,
    pause,
    read,
    newest,
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
  const { meta, body, state, copies, replay } = fields
  if (meta === undefined || state === undefined) return undefined
  return {
    delivery: { ...JSON.parse(meta.toString()), body: new Uint8Array(body ?? []) },
    state: JSON.parse(state.toString()),
    copies: Number(copies),
    replay: Number(replay),
  }
}
