/** Looks into the queue from outside: which runs a worker that was killed had in its hands, and when somebody else took them. */
import { Redis } from 'ioredis'
import { pause } from './processes.js'

/** A worker that lives renews its locks every half second: what was not renewed for so long is nobody's any more. */
const UNRENEWED_MS = 900
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

  /** By job id, the token that holds it and for how long; undefined while Redis cannot be asked. */
  async function active() {
    try {
      const ids = await redis.lrange(key('active'), 0, -1)
      const locks = ids.map(id => Promise.all([redis.get(key(`${id}:lock`)), redis.pttl(key(`${id}:lock`))]))
      const found = await Promise.all(locks)
      return new Map(ids.map((id, at) => [id, { token: found[at][0], leftMs: found[at][1] }]))
    } catch {
      return undefined
    }
  }

  return {
    /** The runs in the hands of whoever died just now, each with the time when it was taken over. */
    async heldSince(at) {
      const before = await active()
      if (before === undefined || before.size === 0) return []
      const held = new Map()
      for (const [id, lock] of before) {
        const data = await redis.hget(key(id), 'data').catch(() => null)
        if (data !== null) held.set(id, { ...lock, key: JSON.parse(data).key, takenAt: Number.POSITIVE_INFINITY })
      }
      const waiting = new Set(held.keys())
      while (waiting.size > 0 && Date.now() - at < GIVE_UP_MS) {
        const now = await active()
        for (const id of now === undefined ? [] : [...waiting]) {
          const [job, lock] = [held.get(id), now.get(id)]
          const isTaken = lock === undefined || (lock.token !== null && lock.token !== job.token)
          if (isTaken) job.takenAt = Date.now()
          else if (lock.leftMs > job.leftMs) held.delete(id)
          // Renewed: its holder lives. Without a holder: the lock has run out, and nobody has come yet.
          else job.leftMs = lock.leftMs
          if (isTaken || !held.has(id)) waiting.delete(id)
        }
        await pause(LOOK_MS)
      }
      return [...held.values()]
        .filter(({ takenAt }) => takenAt - at > UNRENEWED_MS)
        .map(job => ({ key: job.key, takenAt: job.takenAt }))
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
