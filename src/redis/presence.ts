/** Which processes of an installation are there: each says so every few seconds, and is forgotten soon after it stops to. */
import { describeError } from '../lib/fault.js'
import type { Log } from '../lib/log.js'
import { type Redis, requestWithin } from './connection.js'

export interface PresentProcess {
  readonly role: 'workers' | 'listeners' | 'dashboard'
  /** One of its kind: a process that starts again has another. */
  readonly id: string
  readonly host: string
  readonly version: string
  /** RFC 3339. */
  readonly startedAt: string
  /** Of workers: runs that it looks at together, at most, and does now. */
  readonly concurrency?: number
  readonly active?: number
}

export interface PresenceOptions {
  /** Starts every key. */
  readonly prefix: string
  readonly log: Log
  /** Milliseconds. Default 5000. */
  readonly everyMs?: number
}

const EVERY_MS = 5_000
/** Told so many times in vain, it is gone. */
const MISSED = 4

const listKey = (prefix: string) => `${prefix}:processes`
const keyOf = (prefix: string, id: string) => `${prefix}:process:${id}`

/** Begins at once. `stop` takes it back; who is killed is forgotten after 20 s. */
export function announce(
  redis: Redis,
  { prefix, log, everyMs = EVERY_MS }: PresenceOptions,
  process: () => PresentProcess,
): { stop(): Promise<void> } {
  const { id } = process()
  let isStopped = false
  const tell = async (): Promise<void> => {
    const told = () =>
      redis
        .multi()
        .set(keyOf(prefix, id), JSON.stringify(process()), 'PX', everyMs * MISSED)
        .sadd(listKey(prefix), id)
        .exec()
    await requestWithin(redis, 'saying that this process is there', told).catch((error: unknown) =>
      log.debug('not announced', { error: describeError(error) }),
    )
  }
  let telling = tell()
  const timer = setInterval(() => {
    telling = telling.then(() => (isStopped ? undefined : tell()))
  }, everyMs)
  timer.unref()
  return {
    async stop() {
      isStopped = true
      clearInterval(timer)
      await telling
      const gone = () => redis.multi().del(keyOf(prefix, id)).srem(listKey(prefix), id).exec()
      await requestWithin(redis, 'saying that this process is gone', gone).catch(() => undefined)
    },
  }
}

/** The longest there first. @throws when Redis does not answer */
export async function presentProcesses(
  redis: Redis,
  { prefix }: { readonly prefix: string },
): Promise<PresentProcess[]> {
  const ids = await requestWithin(redis, 'listing processes', () => redis.smembers(listKey(prefix)))
  if (ids.length === 0) return []
  const keys = ids.map(id => keyOf(prefix, id))
  const told = await requestWithin(redis, 'asking for processes', () => redis.mget(keys))
  const gone = ids.filter((_, index) => told[index] === null)
  if (gone.length > 0) await requestWithin(redis, 'forgetting processes', () => redis.srem(listKey(prefix), gone))
  return told
    .flatMap(readProcess)
    .sort((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : a.id < b.id ? -1 : 1))
}

/** Whoever else writes there is not believed. */
function readProcess(text: string | null): readonly PresentProcess[] {
  try {
    const { role, id, host, version, startedAt, concurrency, active } = JSON.parse(text ?? '') as PresentProcess
    if (![id, host, version, startedAt].every(each => typeof each === 'string')) return []
    if (!['workers', 'listeners', 'dashboard'].includes(role)) return []
    const numbers = [concurrency, active].every(each => typeof each === 'number') ? { concurrency, active } : {}
    return [{ role, id, host, version, startedAt, ...(numbers as Pick<PresentProcess, 'concurrency' | 'active'>) }]
  } catch {
    return []
  }
}
