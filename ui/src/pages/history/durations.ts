/** How long runs took, for charts. Pure. */
import type { RunSummary } from '../../../../src/resources/run-summary.js'

export interface Bar {
  readonly run: RunSummary
  /** Of one that runs, so far. */
  readonly milliseconds: number
}

/** Oldest first. Runs that have not started have no bar. */
export function barsOf(runs: readonly RunSummary[], now: number): readonly Bar[] {
  return [...runs].reverse().flatMap(run => {
    if (run.startedAt === undefined) return []
    const end = run.completedAt === undefined ? now : Date.parse(run.completedAt)
    return [{ run, milliseconds: Math.max(0, end - Date.parse(run.startedAt)) }]
  })
}

/** Of those that succeeded: how long it takes when it works. Undefined while none has. */
export function medianOf(bars: readonly Bar[]): number | undefined {
  const done = bars
    .filter(({ run }) => run.status === 'succeeded')
    .map(({ milliseconds }) => milliseconds)
    .sort((a, b) => a - b)
  const middle = Math.floor(done.length / 2)
  if (done.length === 0) return undefined
  return done.length % 2 === 1 ? done[middle] : ((done[middle - 1] ?? 0) + (done[middle] ?? 0)) / 2
}

/** `18 succeeded, 2 failed`, in the order in which one wants to know. */
export function countsText(runs: readonly RunSummary[]): string {
  const order = ['succeeded', 'failed', 'cancelled', 'running', 'pending', 'queued'] as const
  return order
    .map(status => [runs.filter(run => run.status === status).length, status] as const)
    .filter(([count]) => count > 0)
    .map(([count, status]) => `${count} ${status}`)
    .join(', ')
}
