/**
 * Time for a ticker: it goes on only when told to, to the next thing that waits, and the clock on the wall can be set
 * apart from it. What is done meanwhile is real (disks, watches), so after each step everything that goes on is waited for.
 */
export interface VirtualTime {
  /** What the clock on the wall shows (epoch ms). */
  now(): number
  pause(ms: number, signal: AbortSignal): Promise<void>
  /** Sets the clock on the wall forward or back. */
  set(byMs: number): void
  /** Lets time go by. */
  elapse(ms: number): Promise<void>
  /** Counts as going on until it ends. */
  during<T>(work: Promise<T>): Promise<T>
}

/** Turns of the event loop in which nothing goes on: promises and events are through by then. */
const QUIET_TURNS = 20

/** `isBusy`: whether something is on its way that nobody here waits for. */
export function createVirtualTime(start: number, isBusy = () => false): VirtualTime {
  let elapsed = 0
  let wall = start
  let goingOn = 0
  const waiting = new Set<{ readonly at: number; readonly end: () => void }>()

  async function settle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      await new Promise(resolve => setImmediate(resolve))
      if (goingOn > 0 || isBusy()) quiet = 0
    }
  }

  return {
    now: () => wall,
    pause: (ms, signal) =>
      new Promise(resolve => {
        const one = { at: elapsed + Math.max(0, Math.ceil(ms)), end }
        function end(): void {
          waiting.delete(one)
          signal.removeEventListener('abort', end)
          resolve()
        }
        waiting.add(one)
        signal.addEventListener('abort', end)
        if (signal.aborted) end()
      }),
    set(byMs) {
      wall += byMs
    },
    async elapse(ms) {
      const until = elapsed + ms
      for (;;) {
        await settle()
        const next = Math.min(...[...waiting].map(({ at }) => at), until)
        wall += next - elapsed
        elapsed = next
        const due = [...waiting].filter(({ at }) => at <= next)
        if (due.length === 0) return
        for (const { end } of due) end()
      }
    },
    async during(work) {
      goingOn += 1
      try {
        return await work
      } finally {
        goingOn -= 1
      }
    },
  }
}
