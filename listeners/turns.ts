/** Lets long work of this process give way to requests that wait to be answered. */

/** Long enough to get on with, short enough that nobody who is answered in between notices. */
const SLICE_MS = 3

export interface Turns {
  /** Nothing to wait for while the present slice lasts; then one caller at a time, each after a look at what came in. */
  next(): Promise<void> | undefined
}

/** All that share one of these have one slice together between two looks at the network and the disk. */
export function createTurns(clock: () => number = () => performance.now()): Turns {
  const waiting: (() => void)[] = []
  let began = clock()
  let looking = false

  function look(): void {
    looking = true
    setImmediate(() => {
      looking = false
      began = clock()
      waiting.shift()?.()
      if (waiting.length > 0) look()
    })
  }

  return {
    next() {
      if (waiting.length === 0 && clock() - began < SLICE_MS) return undefined
      return new Promise<void>(resolve => {
        waiting.push(resolve)
        if (!looking) look()
      })
    },
  }
}
