import { randomUUID } from 'node:crypto'
import type { Log } from '../lib/log.js'
import { type Redis, requestWithin } from './connection.js'

export interface LossWatch {
  stop(): void
}

export interface LossWatchOptions {
  /** Start of the name of the one key that is written; it ends by itself some time after the process. */
  readonly key: string
  readonly log: Log
  /** How often is looked. */
  readonly everyMs: number
}

/** Longer than any pause of a live process: a key that has only run out means a look too many, and nothing else. */
const WITNESS_MS = 60_000

/**
 * Tells when the server has forgotten what it had confirmed: flushed, replaced by an empty or an older one, or killed with
 * writes that were not on its disk yet. A number that only grows is kept there and read back: if it is gone or smaller,
 * so is more. What a server lost in its last second, and the number not with it, shows by another thing: it is another
 * run of the server. May tell of a loss where there was none, and tells of one loss once.
 */
export function watchForLosses(redis: Redis, onLoss: () => void, options: LossWatchOptions): LossWatch {
  const { log, everyMs } = options
  const key = `${options.key}:${randomUUID()}`
  let written = 0
  let server: string | undefined
  let looking = false

  async function look(): Promise<string | undefined> {
    const next = written + 1
    const request = () => redis.multi().info('server').set(key, next, 'PX', WITNESS_MS, 'GET').exec()
    const [info, witness] = (await requestWithin(redis, 'looking for what Redis has lost', request)) ?? []
    if (witness?.[0]) throw witness[0]
    const id = /^run_id:(\S+)/m.exec(String(info?.[1]))?.[1]
    const found = Number(witness?.[1] ?? 0)
    const isFirst = written === 0
    const why =
      found < written ? 'it has forgotten what was written' : id !== server ? 'it was started again' : undefined
    written = next
    server = id
    return isFirst ? undefined : why
  }

  function lookNow(): void {
    if (looking) return
    looking = true
    look()
      .then(why => {
        if (why === undefined) return
        log.warn('Redis may have lost queued work: all unfinished runs are queued again', { why })
        onLoss()
      })
      .catch(() => {}) // It is away: it is looked again when it is back.
      .finally(() => {
        looking = false
      })
  }

  const timer = setInterval(lookNow, everyMs)
  timer.unref()
  redis.on('ready', lookNow)
  lookNow()
  return {
    stop() {
      clearInterval(timer)
      redis.off('ready', lookNow)
    },
  }
}
