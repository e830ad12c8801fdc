/** A version of an object, cut down to what is checked (`recordOf` in ../records.js), as a watch told of it. */
export interface Event {
  readonly type: 'LISTED' | 'ADDED' | 'MODIFIED' | 'DELETED' | 'RELISTED' | 'TICK'
  /** Epoch ms, by the watcher's clock. */
  readonly at: number
  readonly kind?: string
  readonly name?: string
  readonly uid?: string
  readonly version?: number
  readonly [field: string]: unknown
}

export interface Records {
  readonly requests: readonly {
    readonly id: string
    readonly pipeline: string
    readonly status: number
  }[]
  readonly steps: readonly {
    readonly run: string
    readonly taskRun: string
    readonly step: string
    readonly attempt: number
    readonly mark: 'start' | 'end'
    readonly at: number
    readonly place: number
    readonly pod?: string
  }[]
  readonly events: readonly Event[]
  readonly secondEvents: readonly Event[]
  readonly final: readonly Omit<Event, 'type' | 'at'>[]
  readonly probes: readonly {
    readonly is: string
    readonly value: string
    readonly version?: number
    readonly status?: number
  }[]
  readonly cancels: readonly { readonly name: string; readonly ackedAt: number }[]
  readonly faults: readonly {
    readonly what: string
    readonly target: string
    readonly from: number
    readonly to: number
  }[]
  readonly shapes: Readonly<Record<string, unknown>>
  readonly calmFrom: number
  readonly depths: Readonly<Record<string, number>>
  readonly lastEndAt: number
  readonly drainedAt: number
}

export const INVARIANTS: Readonly<Record<string, (records: Records) => readonly string[]>>
export const TIMED: readonly string[]
export function check(records: Records): Readonly<Record<string, readonly string[]>>
