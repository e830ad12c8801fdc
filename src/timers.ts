/**
 * Timers for times that authors choose. Node's own count in 31 bits: asked for more they fire at once, and a timeout signal
 * throws, as it does for less than nothing.
 */
const LONGEST_MS = 2 ** 31 - 1

export function timerMs(ms: number): number {
  return Math.min(Math.max(0, Math.ceil(ms)), LONGEST_MS)
}

/** Aborts after `ms`. */
export function deadline(ms: number): AbortSignal {
  return AbortSignal.timeout(timerMs(ms))
}

/** Resolves after `ms`, or when `signal` aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(finish, timerMs(ms))
    function finish(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    signal.addEventListener('abort', finish)
    if (signal.aborted) finish()
  })
}
