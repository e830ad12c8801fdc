import { rootCertificates } from 'node:tls'
import { Redis } from 'ioredis'
import type { Log } from '../lib/log.js'

export type { Redis }

/** A Redis, and how to be let in there. */
export interface RedisPlace {
  /** `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. */
  readonly redisUrl: string
  /** Instead of one in the URL. */
  readonly redisPassword?: string | undefined
  /** PEM. Whom to trust with TLS, besides the system's authorities. */
  readonly redisCertificateAuthority?: string | undefined
}

export interface RedisEndpoint extends RedisPlace {
  readonly log: Log
}

/** How long a caller waits for Redis before it is told no: GitHub gives a webhook 10 s, and a 503 makes it come again. */
export const REQUEST_DEADLINE_MS = 2_000

/**
 * A connection for short requests. While Redis is away a request fails at once instead of piling up in memory, and a
 * connection that has gone quiet in the middle of a request is replaced.
 */
export function connectForRequests(endpoint: RedisEndpoint): Redis {
  const redis = new Redis(endpoint.redisUrl, {
    ...reconnecting,
    ...accessTo(endpoint),
    connectionName: 'tektite-requests',
    enableOfflineQueue: false,
    // Whether a request in flight took effect is unknown after a loss; the caller decides if it may be repeated.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // Half-open connections: sent something, heard nothing.
    socketTimeout: 2 * REQUEST_DEADLINE_MS,
  })
  // While Redis is away every request in its deadline listens for its return.
  redis.setMaxListeners(Number.POSITIVE_INFINITY)
  report(redis, endpoint)
  return redis
}

export interface WorkerConnection {
  readonly redis: Redis
  /** Ends this connection and every copy BullMQ made of it, now. */
  drop(): void
}

/** A connection for a BullMQ worker: it waits for Redis for as long as it takes. */
export function connectForWorker(endpoint: RedisEndpoint): WorkerConnection {
  const copies: Redis[] = []
  const redis = new Redis(endpoint.redisUrl, {
    ...reconnecting,
    ...accessTo(endpoint),
    connectionName: 'tektite-worker',
    maxRetriesPerRequest: null,
    // Longer than the longest blocking pop (10 s), or an idle worker would be cut off.
    socketTimeout: 15_000,
  })
  report(redis, endpoint)
  // BullMQ duplicates what it gets for its blocking pop, and does not always end the copy when Redis is away.
  const duplicate = redis.duplicate.bind(redis)
  redis.duplicate = override => {
    const copy = duplicate(override)
    // Without a listener ioredis prints to the console; the original tells the same story.
    copy.on('error', () => {})
    copies.push(copy)
    return copy
  }
  return {
    redis,
    drop() {
      for (const each of [redis, ...copies]) each.disconnect()
    },
  }
}

const reconnecting = {
  connectTimeout: REQUEST_DEADLINE_MS,
  keepAlive: 5_000,
  retryStrategy: (times: number) => Math.min(20 * 2 ** Math.min(times, 6), 1_000) * (0.5 + Math.random() / 2),
  // After a failover the old address may be a replica now: look the name up again.
  reconnectOnError: (error: Error) => /^(READONLY|UNBLOCKED)/.test(error.message),
}

function accessTo({ redisPassword: password, redisCertificateAuthority: authority }: RedisPlace) {
  return {
    ...(password !== undefined && { password }),
    ...(authority !== undefined && { tls: { ca: [...rootCertificates, authority] } }),
  }
}

function report(redis: Redis, { log }: RedisEndpoint): void {
  // One line when it goes and one when it is back, not one per try.
  let away = false
  redis.on('error', cause => {
    if (away) return
    away = true
    log.warn('redis connection lost', { redis: addressOf(redis), cause: String(cause) })
  })
  redis.on('ready', () => {
    if (away) log.info('redis connection is back', { redis: addressOf(redis) })
    away = false
  })
}

function addressOf(redis: Redis): string {
  const { host, port, path } = redis.options
  return path ?? `${host}:${port}`
}

/**
 * Carries out one request, again after a reconnect, until Redis has confirmed it or the deadline has passed. Only for
 * requests that may be carried out twice.
 * @throws Error within about `deadlineMs`, with the last failure as its cause.
 */
export async function requestWithin<T>(
  redis: Redis,
  what: string,
  request: () => Promise<T>,
  deadlineMs = REQUEST_DEADLINE_MS,
): Promise<T> {
  const until = performance.now() + deadlineMs
  let cause: unknown = new Error('no connection')
  for (;;) {
    if (redis.status === 'end') throw new Error(`${what}: the connection to Redis is closed`, { cause })
    if (redis.status === 'ready') {
      try {
        return await before(until, request())
      } catch (error) {
        if (!mayPass(error)) throw new Error(`${what}: Redis at ${addressOf(redis)} refused`, { cause: error })
        cause = error
      }
    }
    if (performance.now() >= until) {
      const message = `${what}: Redis at ${addressOf(redis)} has not confirmed within ${deadlineMs} ms; is it running?`
      throw new Error(message, { cause })
    }
    await readyOrPause(redis, Math.min(until - performance.now(), 50))
  }
}

/** Faults of the connection and of a server that is starting or failing over; anything else Redis says is final. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof TypeError || error instanceof RangeError) return false
  return error.name !== 'ReplyError' || /^(READONLY|LOADING|MASTERDOWN|UNBLOCKED|TRYAGAIN)/.test(error.message)
}

function before<T>(until: number, request: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), Math.max(until - performance.now(), 1))
  })
  return Promise.race([request, late]).finally(() => clearTimeout(timer))
}

function readyOrPause(redis: Redis, ms: number): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer)
      redis.off('ready', done)
      resolve()
    }
    const timer = setTimeout(done, Math.max(ms, 1))
    redis.once('ready', done)
  })
}

/**
 * Looks at how the server is set up. A server that evicts keys when it is full loses queued work without a trace.
 * @returns what is wrong with it, in a sentence with the way out; undefined when nothing is.
 */
export async function evictionTrouble(redis: Redis): Promise<string | undefined> {
  const info = await requestWithin(redis, 'reading the memory settings', () => redis.info('memory'), 10_000)
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction'
  if (policy === 'noeviction') return undefined
  return (
    `Redis at ${addressOf(redis)} has maxmemory-policy "${policy}" and would silently drop queued work when it is full. ` +
    'Set maxmemory-policy to noeviction, and do not share this Redis with a cache.'
  )
}

/** What a restart of the server would lose, in a sentence with the way out; undefined when nothing. */
export async function persistenceTrouble(redis: Redis): Promise<string | undefined> {
  const info = await requestWithin(redis, 'reading the persistence settings', () => redis.info('persistence'), 10_000)
  if (!/^aof_enabled:0/m.test(info)) return undefined
  return `Redis at ${addressOf(redis)} writes no append-only file, so its restart loses events that were acknowledged. Set appendonly yes.`
}
