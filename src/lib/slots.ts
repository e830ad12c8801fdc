export interface Slots {
  /** Runs `work` when there is room, first come, first served. @throws the signal's reason when it aborts before that. */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>
}

/** At most `limit` pieces of work at once. */
export function createSlots(limit: number): Slots {
  const waiting: (() => void)[] = []
  let taken = 0

  function release(): void {
    const next = waiting.shift()
    // The slot is handed over: nobody who comes in between gets it.
    if (next) next()
    else taken -= 1
  }

  function take(signal: AbortSignal): Promise<void> {
    if (taken < limit) {
      taken += 1
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const granted = (): void => {
        signal.removeEventListener('abort', aborted)
        resolve()
      }
      const aborted = (): void => {
        waiting.splice(waiting.indexOf(granted), 1)
        reject(signal.reason)
      }
      waiting.push(granted)
      signal.addEventListener('abort', aborted, { once: true })
    })
  }

  return {
    async run(work, signal) {
      signal.throwIfAborted()
      await take(signal)
      try {
        signal.throwIfAborted()
        return await work()
      } finally {
        release()
      }
    },
  }
}
