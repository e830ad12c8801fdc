/** One log, wherever it is kept. Offsets are bytes of the log as it is stored. */
import type { LineIndex, PageSpan } from '../../../src/lib/line-index.js'

export interface LogSource {
  /** Where its lines stand. Undefined: there is no such log, so far. */
  index(signal: AbortSignal): Promise<{ readonly index: LineIndex; readonly isFinished: boolean } | undefined>
  read(range: { readonly offset: number; readonly limit: number }, signal: AbortSignal): Promise<Uint8Array>
  /** When each line of a page came, as RFC 3339. */
  times(page: PageSpan, signal: AbortSignal): Promise<readonly string[]>
  /** From `offset` on as it comes; ends when nothing more will. */
  follow(offset: number, signal: AbortSignal): AsyncIterable<Uint8Array>
  /** In all of it, letters of either case. */
  search(text: string, signal: AbortSignal): Promise<Found>
}

export interface Found {
  /** In their order; the first ones, when there are too many. */
  readonly lines: readonly number[]
  /** Whether these are all. */
  readonly isComplete: boolean
}
