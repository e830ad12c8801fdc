/** Which processes of an installation live, as far as Redis has heard of them lately. */
import { randomUUID } from 'node:crypto'
import { describeError } from '../lib/fault.js'
import type { Log } from '../lib/log.js'
import { type Redis, requestWithin } from './connection.js'

export interface Members {
  readonly self: string
  /** In order. While Redis is away, as they last were. Nobody, before the first answer. */
  all(): readonly string[]
  /** Says goodbye, so that others need not wait. */
  close(): Promise<void>
}

export interface MembersOptions {
  /** The key. */
  readonly key: string
  readonly log: Log
  /** Who has said nothing for so long is dead. Default 5000. */
  readonly ttlMs?: number
  /** Told after each answer. */
  readonly heard?: () => void
}

/** By the clock of Redis: those of machines differ. */
const SAY_SO = `
local now = redis.call('time')
now = now[1] * 1000 + math.floor(now[2] / 1000)
redis.call('zadd', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('zremrangebyscore', KEYS[1], '-inf', '(' .. now)
redis.call('pexpire', KEYS[1], ARGV[2] * 10)
return redis.call('zrange', KEYS[1], 0, -1)`

const TTL_MS = 5_000

export function joinMembers(redis: Redis, { key, log, ttlMs = TTL_MS, heard = () => {} }: MembersOptions): Members {
  const self = randomUUID()
  let known: readonly string[] = []
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  async function beat(): Promise<void> {
    try {
      const request = () => redis.eval(SAY_SO, 1, key, self, ttlMs)
      const members = await requestWithin(redis, `saying to ${key} that we live`, request, ttlMs / 3)
      known = (members as string[]).toSorted()
    } catch (error) {
      log.debug('Redis does not hear that we live', { error: describeError(error) })
    }
    if (isClosed) return
    heard()
    timer = setTimeout(() => void beating(), ttlMs / 5)
  }
  let current = beat()
  const beating = () => {
    current = beat()
    return current
  }

  return {
    self,
    all: () => known,
    async close() {
      isClosed = true
      clearTimeout(timer)
      await current
      await requestWithin(redis, `leaving ${key}`, () => redis.zrem(key, self), ttlMs / 3).catch(() => {})
    },
  }
}
