/** One try of a delivery, whatever keeps it: begun, dispatched, and how that ended noted. */
import type { Log } from '../lib/log.js'
import {
  afterThrow,
  type BeginLimits,
  type Begun,
  logThrow,
  MAX_DEATHS,
  poisonedByDeath,
  type Tries,
  type TryLimits,
} from './attempts.js'
import type { DeliveryRecord, DeliveryState, Dispatcher, Verdict } from './inbox.js'

export interface TryOptions extends TryLimits {
  readonly log: Log
  readonly random?: () => number
  /** Epoch ms: for how long a dispatch took. Default Date.now. */
  readonly now?: () => number
}

/** What a store keeps of the tries of one delivery. */
export interface TryStore {
  begin(limits: BeginLimits): Promise<Begun>
  finish(record: DeliveryRecord, state: DeliveryState): Promise<void>
  pause(record: DeliveryRecord, tries: Tries, at: number): Promise<void>
}

/**
 * When to try again (epoch ms), if at all.
 * @throws what the store throws: no try is counted for that.
 */
export async function tryOnce(
  store: TryStore,
  dispatcher: Dispatcher,
  survived: boolean,
  options: TryOptions,
): Promise<number | undefined> {
  const { log, maxDeaths = MAX_DEATHS, random = Math.random, now = Date.now } = options
  const begun = await store.begin({ maxDeaths, survived })
  if (begun.is === 'over') return undefined
  if (begun.is === 'later') return begun.at
  const { record, tries } = begun
  if (begun.is === 'too often') {
    log.error('gave a delivery up', { delivery: record.delivery.id, deaths: tries.deaths })
    await store.finish(record, poisonedByDeath(tries, Date.now()))
    return undefined
  }
  const startedAt = now()
  let verdicts: readonly Verdict[]
  try {
    verdicts = await dispatcher(record)
  } catch (error) {
    const next = afterThrow(error, tries, options, Date.now(), random())
    logThrow(log, record, error, next)
    if (next.is === 'again') {
      await store.pause(record, next.tries, next.at)
      return next.at
    }
    await store.finish(record, next.state)
    return undefined
  }
  const at = now()
  await store.finish(record, { is: 'done', at, durationMs: at - startedAt, verdicts })
  return undefined
}
