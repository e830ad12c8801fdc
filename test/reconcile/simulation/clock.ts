/** Virtual time: goes on only when it is told to, to the next thing that is due. */
export interface Clock {
  /** Epoch ms. */
  now(): number
  after(delayMs: number, act: () => void | Promise<void>): void
  /** Goes to the next moment at which something is due and takes it off; undefined when nothing is. */
  next(): (() => void | Promise<void>) | undefined
}

export function createClock(start: number): Clock {
  let now = start
  let made = 0
  const due: { readonly at: number; readonly order: number; readonly act: () => void | Promise<void> }[] = []
  return {
    now: () => now,
    after(delayMs, act) {
      due.push({ at: now + delayMs, order: made++, act })
    },
    next() {
      if (due.length === 0) return undefined
      const first = due.reduce((best, one) =>
        one.at < best.at || (one.at === best.at && one.order < best.order) ? one : best,
      )
      due.splice(due.indexOf(first), 1)
      now = Math.max(now, first.at)
      return first.act
    },
  }
}
