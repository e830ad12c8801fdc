/** What was refused at the door, on its way into the history: in batches, so that a flood costs next to nothing. */
import { describeError } from '../lib/fault.js'
import type { Log } from '../lib/log.js'
import type { DeliveryTarget, RejectedDelivery } from './inbox.js'
import { scopesOf } from './summary.js'

/** Rejected deliveries are kept so many in all, and of one listener: a flood at one does not push out another's. */
export const REJECTED_KEPT = { all: 1_000, ofOne: 100 } as const

/** Of one listener, between two writes; the others are counted as copies of the last one. */
const DESCRIBED_AT_ONCE = 10
/** Of all listeners: more are not even counted. */
const WAITING_AT_MOST = 200
/** The first one is there almost at once; then at most one write a second. */
const FIRST_WRITE_MS = 50
const BETWEEN_WRITES_MS = 1_000

export interface CountedRejection {
  readonly rejected: RejectedDelivery
  readonly copies: number
}

export interface Rejections {
  add(to: DeliveryTarget, describe: () => RejectedDelivery): void
  /** Writes what waits. */
  close(): Promise<void>
}

export function collectRejections(write: (batch: readonly CountedRejection[]) => Promise<void>, log: Log): Rejections {
  let waiting: { scope: string; rejected: RejectedDelivery; copies: number }[] = []
  let timer: NodeJS.Timeout | undefined
  let writing = Promise.resolve()
  let notBefore = 0

  function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    notBefore = performance.now() + BETWEEN_WRITES_MS
    const batch = waiting
    waiting = []
    if (batch.length === 0) return writing
    writing = writing
      .then(() => write(batch))
      .catch(cause => log.warn('writing rejected deliveries down', { lost: batch.length, cause: describeError(cause) }))
    return writing
  }

  return {
    add(to, describe) {
      const [, scope] = scopesOf(to)
      const ofSame = waiting.filter(each => each.scope === scope)
      const last = ofSame.at(-1)
      if (last !== undefined && ofSame.length >= DESCRIBED_AT_ONCE) last.copies += 1
      else if (waiting.length < WAITING_AT_MOST) waiting.push({ scope, rejected: describe(), copies: 1 })
      timer ??= setTimeout(flush, Math.max(FIRST_WRITE_MS, notBefore - performance.now())).unref()
    },
    close: flush,
  }
}
