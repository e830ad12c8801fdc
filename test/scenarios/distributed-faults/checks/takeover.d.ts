import type { Records } from './all.js'

export interface Takeover {
  readonly key: string
  readonly worker: string
  readonly at: number
  readonly takenMs: number
  readonly unexplainedMs: number
  readonly eventMs: number | undefined
}

export function takeovers(
  records: Pick<Records, 'events' | 'faults'> & {
    /** How many there are. */
    readonly workers: number
    readonly kills: readonly {
      readonly at: number
      readonly worker: string
      readonly held: readonly { readonly key: string; readonly takenAt: number }[]
    }[]
  },
): readonly Takeover[]
export function lateTakeovers(found: readonly Takeover[], limitMs?: number): readonly string[]
export function percentiles(numbers: readonly number[]): {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}
