/** Which tries of a delivery count, against what, and what follows. */
import { growingPauseMs, type PauseLimits } from '../lib/backoff.js'
import { describeError } from '../lib/fault.js'
import type { Log } from '../lib/log.js'
import { type DeliveryRecord, type DeliveryState, NotNow } from './inbox.js'

/** Longer than any git host redelivers by itself (GitHub: 3 days). */
export const RETENTION_MS = 72 * 3_600_000
/** Tries of one delivery that ended with a throw of the dispatcher's, `NotNow` apart. */
export const MAX_ATTEMPTS = 5
/**
 * Tries in a row in which the process died. A delivery that kills its process must end somewhere, but a machine that
 * is killed over and over, always in the same dispatch, must not lose what it acknowledged: so well above MAX_ATTEMPTS.
 */
export const MAX_DEATHS = 20
/** From so many on a delivery is tried alone: the deaths until then may have been those of whom it was together with. */
export const SUSPICIOUS_DEATHS = 3
/** The pauses after tries: 1, 2, 4, ... s less jitter, so a fault of a quarter of a minute poisons nothing. */
export const PAUSES = { firstMs: 1_000, maxMs: 60_000 }

/** How the tries of a delivery ended, since it was accepted or replayed. Stored with it. */
export interface Tries {
  /**
   * Begun in a row and not ended as far as is known: counted before each try, because the dead do not count. Any end
   * that is noted sets it back to 0: the delivery does not kill.
   */
  readonly deaths: number
  /** Ended with a throw that counts. */
  readonly failures: number
  /** Pauses so far, whatever they were for: each is longer than the one before. */
  readonly pauses: number
}

export const NO_TRIES: Tries = { deaths: 0, failures: 0, pauses: 0 }

export interface TryLimits {
  /** Default MAX_ATTEMPTS. */
  readonly maxAttempts?: number
  /** Default MAX_DEATHS. */
  readonly maxDeaths?: number
  readonly pauses?: PauseLimits
}

export interface BeginLimits {
  readonly maxDeaths: number
  /** The last try is known to have killed nobody, though its end could not be noted. Default false. */
  readonly survived?: boolean
}

/** What a store says when a try is to begin. */
export type Begun =
  /** `tries`: with this one. */
  | { readonly is: 'try'; readonly record: DeliveryRecord; readonly tries: Tries }
  | { readonly is: 'too often'; readonly record: DeliveryRecord; readonly tries: Tries }
  /** In its pause; epoch ms. */
  | { readonly is: 'later'; readonly at: number }
  | { readonly is: 'over' }

export type AfterThrow =
  /** `at`: epoch ms. */
  | { readonly is: 'again'; readonly tries: Tries; readonly at: number }
  | { readonly is: 'over'; readonly state: DeliveryState }

/** What a throw of the dispatcher means for the delivery. `random`: 0 to 1, for the pause. */
export function afterThrow(error: unknown, tries: Tries, limits: TryLimits, now: number, random: number): AfterThrow {
  const { maxAttempts = MAX_ATTEMPTS, pauses: pauseLimits = PAUSES } = limits
  const counts = !(error instanceof NotNow)
  const failures = tries.failures + (counts ? 1 : 0)
  if (counts && failures >= maxAttempts) {
    return { is: 'over', state: { is: 'poisoned', at: now, attempts: failures, reason: describeError(error) } }
  }
  const pauses = tries.pauses + 1
  return { is: 'again', tries: { deaths: 0, failures, pauses }, at: now + growingPauseMs(pauses, pauseLimits, random) }
}

/** The tries were used up and none of them came to an end: whatever the delivery makes us do, it kills the process. */
export function poisonedByDeath({ deaths }: Tries, now: number): DeliveryState {
  const reason = `the process dispatching this delivery died or was killed in each of the last ${deaths} tries; replay it to try again`
  return { is: 'poisoned', at: now, attempts: deaths, reason }
}

export function logThrow(log: Log, { delivery }: DeliveryRecord, error: unknown, next: AfterThrow): void {
  const fields = { delivery: delivery.id, cause: describeError(error) }
  if (next.is === 'over') log.error('gave a delivery up', fields)
  else log.warn('dispatching a delivery failed and will be repeated', { ...fields, failures: next.tries.failures })
}
