/**
 * Wakes that come in bursts: the first goes through at once, those of the window after it go as one when it is over. A
 * patient one waits for its window too, and goes with whatever comes first.
 */
import type { RunKey } from '../src/queue/queue.js'

export interface Pace {
  /** A window of 0 goes through at once, and takes with it what waits. */
  wake(key: RunKey, windowMs: number): void
  /** Within so long. */
  wakeWithin(key: RunKey, windowMs: number): void
}

interface Rest {
  /** The window to keep after the wake that waits; undefined when none does. */
  next: number | undefined
  readonly timer: NodeJS.Timeout
}

/** What waits when `signal` aborts is dropped. */
export function createPace(wake: (key: RunKey) => void, signal: AbortSignal): Pace {
  const resting = new Map<RunKey, Rest>()

  function through(key: RunKey, windowMs: number): void {
    wake(key)
    rest(key, windowMs, undefined)
  }

  function rest(key: RunKey, windowMs: number, next: number | undefined): void {
    resting.set(key, { next, timer: setTimeout(() => over(key), windowMs) })
  }

  function over(key: RunKey): void {
    const next = resting.get(key)?.next
    resting.delete(key)
    if (next !== undefined) through(key, next)
  }

  signal.addEventListener(
    'abort',
    () => {
      for (const { timer } of resting.values()) clearTimeout(timer)
      resting.clear()
    },
    { once: true },
  )

  return {
    wake(key, windowMs) {
      if (signal.aborted) return
      const rest = resting.get(key)
      if (rest !== undefined && windowMs > 0) {
        rest.next = windowMs
        return
      }
      if (rest !== undefined) rest.next = undefined
      if (windowMs > 0) through(key, windowMs)
      else wake(key)
    },
    wakeWithin(key, windowMs) {
      if (signal.aborted) return
      const known = resting.get(key)
      if (known === undefined) rest(key, windowMs, windowMs)
      else known.next ??= windowMs
    },
  }
}
