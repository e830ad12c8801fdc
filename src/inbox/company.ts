/** Who is at work at the same time: many together, or one alone. First come, first served. */
export interface Company {
  together<T>(work: () => Promise<T>): Promise<T>
  alone<T>(work: () => Promise<T>): Promise<T>
}

export function createCompany(): Company {
  const waiting: { readonly isAlone: boolean; readonly enter: () => void }[] = []
  let inside = 0
  let isTaken = false

  /** Whoever waits to be alone also holds up those behind: otherwise there would always be somebody inside. */
  function admit(): void {
    for (let next = waiting[0]; next !== undefined && !isTaken; next = waiting[0]) {
      if (next.isAlone && inside > 0) return
      waiting.shift()
      inside += 1
      isTaken = next.isAlone
      next.enter()
    }
  }

  async function run<T>(isAlone: boolean, work: () => Promise<T>): Promise<T> {
    await new Promise<void>(enter => {
      waiting.push({ isAlone, enter })
      admit()
    })
    try {
      return await work()
    } finally {
      inside -= 1
      isTaken = false
      admit()
    }
  }

  return { together: work => run(false, work), alone: work => run(true, work) }
}
