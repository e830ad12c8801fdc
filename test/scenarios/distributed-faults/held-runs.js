/** Looks into the queue from outside: which runs a worker that was killed had in its hands, and when somebody else took them. */
import { Redis } from 'ioredis'
import { pause } from './processes.js'

/** A pass takes milliseconds: a job that is held longer than this after a kill was held by the one that was killed. */
const PASS_MS = 500
const LOOK_MS = 20
const GIVE_UP_MS = 20_000

export function createQueueView(port, prefix = 'tektite') {
  const redis = new Redis({
    port,
    host: '127.0.0.1',
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => 50,
  })
  // It is killed on purpose, again and again.
  redis.on('error', () => {})
  const key = part => `${prefix}:runs:${part}`

  /** Job id to the token that holds it; undefined while Redis cannot be asked. */
  async function active() {
    try {
      const ids = await redis.lrange(key('active'), 0, -1)
      if (ids.length === 0) return new Map()
      const tokens = await redis.mget(ids.map(id => key(`${id}:lock`)))
      return new Map(ids.map((id, at) => [id, tokens[at]]))
    } catch {
      return undefined
    }
  }

  return {
    /** The runs in the hands of whoever died just now, each with the time when it was taken over. */
    async heldSince(at) {
      const before = await active()
      if (before === undefined || before.size === 0) return []
      const names = new Map()
      for (const id of before.keys()) {
        const data = await redis.hget(key(id), 'data').catch(() => null)
        if (data !== null) names.set(id, JSON.parse(data).key)
      }
      const taken = new Map()
      while (taken.size < before.size && Date.now() - at < GIVE_UP_MS) {
        const now = await active()
        for (const [id, token] of now === undefined ? [] : before) {
          // Between two holders there is none: the lock has run out, and nobody has come.
          const holder = now.get(id)
          if (!taken.has(id) && (!now.has(id) || (holder !== null && holder !== token))) taken.set(id, Date.now())
        }
        await pause(LOOK_MS)
      }
      return [...names]
        .map(([id, run]) => ({ key: run, takenAt: taken.get(id) ?? Number.POSITIVE_INFINITY }))
        .filter(({ takenAt }) => takenAt - at > PASS_MS)
    },
    /** Jobs that wait or are worked on, by queue. */
    async depths() {
      const lengths = await Promise.all(
        ['runs', 'inbox-dispatch'].map(async name => {
          const parts = await Promise.all([
            redis.llen(`${prefix}:${name}:wait`),
            redis.llen(`${prefix}:${name}:active`),
            redis.zcard(`${prefix}:${name}:prioritized`),
          ])
          return parts.reduce((sum, each) => sum + each, 0)
        }),
      )
      return { runs: lengths[0], deliveries: lengths[1] + (await redis.zcard(`${prefix}:inbox:open`)) }
    },
    /** Jobs of a stranger, in a Redis that should not be shared. */
    async plantJunk() {
      for (const [id, data] of [
        ['junk-1', '{"key":"Nothing/at all"}'],
        ['junk-2', '{not json'],
        ['junk-3', '{"key":{"a":1}}'],
      ]) {
        await redis.hset(
          key(id),
          'name',
          'wake',
          'data',
          data,
          'opts',
          '{}',
          'timestamp',
          Date.now(),
          'delay',
          0,
          'priority',
          0,
        )
        await redis.rpush(key('wait'), id)
      }
    },
    close: () => redis.disconnect(),
  }
}
