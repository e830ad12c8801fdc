/** One try of a delivery, whatever keeps it: begun, dispatched, and how that ended noted. */
import type { Log } from '../lib/log.js'
import {
  afterThrow,
  type BeginLimits,
  type Begun,
  logThrow,
  MAX_DEATHS,
  poisonedByDeath,
  SUSPICIOUS_DEATHS,
  type Tries,
  type TryLimits,
} from './attempts.js'
import type { Company } from './company.js'
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
 * When to try again (epoch ms), if at all. In `company` of the other tries of this process; but one that may be what
 * killed it is tried alone, so that nobody is set aside for another's deaths.
 * @throws what the store throws: no try is counted for that.
 */
export async function tryOnce(
  store: TryStore,
  dispatcher: Dispatcher,
  survived: boolean,
  company: Company,
  options: TryOptions,
): Promise<number | undefined> {
  const { log, maxDeaths = MAX_DEATHS } = options
  const limit = Math.min(maxDeaths, SUSPICIOUS_DEATHS)
  const first = await company.together(() => begunTry(store, dispatcher, { maxDeaths: limit, survived }, options))
  if (first.is === 'ended') return first.againAt
  const last = await company.alone(() => begunTry(store, dispatcher, { maxDeaths, survived }, options))
  if (last.is === 'ended') return last.againAt
  const { record, tries } = last
  log.error('gave a delivery up', { delivery: record.delivery.id, deaths: tries.deaths })
  await store.finish(record, poisonedByDeath(tries, Date.now()))
  return undefined
}

type Tried = { readonly is: 'ended'; readonly againAt: number | undefined } | TriedTooOften
type TriedTooOften = Extract<Begun, { is: 'too often' }>

async function begunTry(
  store: TryStore,
  dispatcher: Dispatcher,
  limits: BeginLimits,
  options: TryOptions,
): Promise<Tried> {
  const begun = await store.begin(limits)
  switch (begun.is) {
    case 'too often':
      return begun
    case 'over':
      return { is: 'ended', againAt: undefined }
    case 'later':
      return { is: 'ended', againAt: begun.at }
    case 'try':
      return { is: 'ended', againAt: await dispatched(store, dispatcher, begun, options) }
  }
}

async function dispatched(
  store: TryStore,
  dispatcher: Dispatcher,
  { record, tries }: Extract<Begun, { is: 'try' }>,
  options: TryOptions,
): Promise<number | undefined> {
  const { log, random = Math.random, now = Date.now } = options
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
