/**
 * Locks in Redis, for what one process at a time does. A lock ends by itself soon after its holder has died or frozen;
 * whoever asks for it has it within two seconds.
 *
 * A lock is a hint: a process that is frozen in the middle of something goes on with it when it thaws. `isHeld` tells
 * the truth by this machine's clock, also right after a thaw, so it is asked before everything that must not be done
 * twice; what then still overlaps are the milliseconds between the asking and the doing.
 */
import { randomUUID } from 'node:crypto'
import type { InTurn, Singly } from '../lib/duty.js'
import { describeError } from '../lib/fault.js'
import type { Log } from '../lib/log.js'
import { type Redis, requestWithin } from './connection.js'

export interface Locks {
  /**
   * Keeps at it until it is closed: `begin` is called when the lock is gained, and what it opened is closed when the
   * lock is lost. Never two at once over all processes, but for a frozen one.
   */
  readonly singly: Singly
  /**
   * Does `work` while holding the lock, and waits its turn for it.
   * @throws what `work` throws, and when Redis does not answer
   */
  readonly inTurn: InTurn
}

export interface LocksOptions {
  /** Starts every key. */
  readonly prefix: string
  readonly log: Log
  /** Default 1500: with the tries it is two seconds from a holder's death to the next one. */
  readonly ttlMs?: number
}

const TTL_MS = 1_500
const TURN_LOOKS_MS = 25

/** Only the holder's own: another one may have it by now. */
const RENEW = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) else return 0 end`
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end`

export function createLocks(redis: Redis, { prefix, log, ttlMs = TTL_MS }: LocksOptions): Locks {
  const keyOf = (name: string) => `${prefix}:lock:${name}`

  /** One holder of one lock. Times are of `performance.now`, and of before the request: the server's count begins later. */
  function createHolder(key: string) {
    const id = randomUUID()
    let until = 0
    const isHeld = () => performance.now() < until
    const during = <T>(what: string, request: () => Promise<T>) =>
      requestWithin(redis, `${what} the lock ${key}`, request, ttlMs / 2)
    return {
      isHeld,
      async gain(): Promise<boolean> {
        const asked = performance.now()
        // Again after a lost answer: then it may be our own id that is in the way.
        const gained = await during('taking', async () => {
          if ((await redis.set(key, id, 'PX', ttlMs, 'NX')) === 'OK') return true
          return (await redis.eval(RENEW, 1, key, id, ttlMs)) === 1
        })
        if (gained) until = asked + ttlMs
        return isHeld()
      },
      async renew(): Promise<boolean> {
        const asked = performance.now()
        const renewed = (await during('renewing', () => redis.eval(RENEW, 1, key, id, ttlMs))) === 1
        until = renewed ? asked + ttlMs : 0
        return isHeld()
      },
      async release(): Promise<void> {
        until = 0
        await during('releasing', () => redis.eval(RELEASE, 1, key, id)).catch(() => {}) // It ends by itself.
      },
    }
  }

  const singly: Singly = (name, begin) => {
    const stop = new AbortController()
    const holder = createHolder(keyOf(name))
    let wakeUp = () => {}

    function nap(ms: number): Promise<void> {
      return new Promise(resolve => {
        const timer = setTimeout(resolve, ms)
        wakeUp = () => {
          clearTimeout(timer)
          resolve()
        }
        if (stop.signal.aborted) wakeUp()
      })
    }

    async function hold(): Promise<void> {
      // Who cannot do it leaves it to others.
      const duty = await Promise.resolve()
        .then(() => begin(holder.isHeld))
        .catch(async (error: unknown) => {
          log.error('a duty cannot be begun', { duty: name, error: describeError(error) })
          await holder.release()
          await nap(ttlMs)
        })
      if (duty === undefined) return
      log.info('took over a duty', { duty: name })
      try {
        while (!stop.signal.aborted && holder.isHeld()) {
          await nap(ttlMs / 3)
          // Redis is away: held until the time is over, and tried again meanwhile.
          if (!stop.signal.aborted) await holder.renew().catch(() => {})
        }
      } finally {
        if (!stop.signal.aborted) log.warn('lost a duty', { duty: name })
        await duty.close()
        await holder.release()
      }
    }

    async function run(): Promise<void> {
      while (!stop.signal.aborted) {
        try {
          if (await holder.gain()) await hold()
        } catch (error) {
          log.debug('a duty waits', { duty: name, error: describeError(error) })
        }
        if (!stop.signal.aborted) await nap(ttlMs / 5)
      }
    }

    const running = run()
    return {
      async close() {
        stop.abort()
        wakeUp()
        await running
      },
    }
  }

  const inTurn: InTurn = async (name, work) => {
    const holder = createHolder(keyOf(name))
    while (!(await holder.gain())) await new Promise(resolve => setTimeout(resolve, TURN_LOOKS_MS))
    const renewing = setInterval(() => void holder.renew().catch(() => {}), ttlMs / 3)
    try {
      return await work()
    } finally {
      clearInterval(renewing)
      await holder.release()
    }
  }

  return { singly, inTurn }
}
