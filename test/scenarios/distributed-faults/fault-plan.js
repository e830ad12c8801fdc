/** What is done to which process, for how long: a seed decides all of it beforehand. */

/** How often each comes, and how long the process is away or frozen (ms): freezes outlast the locks of queue and inbox. */
const KINDS = [
  { what: 'kill', role: 'worker', weight: 26, awayMs: [0, 1_500] },
  { what: 'freeze', role: 'worker', weight: 16, awayMs: [2_000, 5_000] },
  { what: 'kill', role: 'listener', weight: 14, awayMs: [0, 1_500] },
  { what: 'freeze', role: 'listener', weight: 8, awayMs: [4_000, 6_000] },
  { what: 'kill', role: 'redis', weight: 12, awayMs: [0, 2_500] },
  { what: 'freeze', role: 'redis', weight: 4, awayMs: [500, 3_000] },
  { what: 'kill', role: 'api', weight: 14, awayMs: [0, 2_500] },
  { what: 'freeze', role: 'api', weight: 6, awayMs: [500, 3_000] },
]

/**
 * `share` (0 to 1): how much of the deliveries has been posted when it happens. `pick` (0 to 1): which of the processes
 * of its role that are up then.
 */
export function planFaults(count, random) {
  const shares = Array.from({ length: count }, () => random()).sort((a, b) => a - b)
  return shares.map(share => {
    const kind = weighted(KINDS, random())
    const [least, most] = kind.awayMs
    return {
      share,
      what: kind.what,
      role: kind.role,
      pick: random(),
      awayMs: Math.round(least + random() * (most - least)),
    }
  })
}

/** One of those that have a `weight`, the heavier the likelier; `chance` is from 0 to 1. */
export function weighted(choices, chance) {
  let left = chance * choices.reduce((sum, { weight }) => sum + weight, 0)
  for (const choice of choices) {
    left -= choice.weight
    if (left < 0) return choice
  }
  return choices.at(-1)
}
