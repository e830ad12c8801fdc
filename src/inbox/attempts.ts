import { describeError } from '../lib/fault.js'
import type { DeliveryState } from './inbox.js'

/** Longer than any git host redelivers by itself (GitHub: 3 days). */
export const RETENTION_MS = 72 * 3_600_000
/** Tries of one delivery, those in which the process died included. */
export const MAX_ATTEMPTS = 5
/** The pauses between them: 1, 2, 4, 8 s less jitter, so a fault of a quarter of a minute poisons nothing. */
export const PAUSES = { firstMs: 1_000, maxMs: 60_000 }

/** A dispatcher threw on its last try. */
export function poisonedByError(error: unknown, attempts: number, now: number): DeliveryState {
  return { is: 'poisoned', at: now, attempts, reason: describeError(error) }
}

/** The tries were used up and none of them came to an end: whatever the delivery makes us do, it kills the process. */
export function poisonedByDeath(attempts: number, now: number): DeliveryState {
  const reason = `the process dispatching this delivery died or was killed in each of the last tries, ${attempts} in all; replay it to try again`
  return { is: 'poisoned', at: now, attempts, reason }
}
