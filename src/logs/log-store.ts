/** Names the output of one container of one Pod, for ever: a Pod's uid is never used again. */
export interface LogKey {
  readonly namespace: string
  readonly pod: string
  readonly podUid: string
  readonly container: string
  /** What it said, which is the log itself; or when it did so, see `log-times.ts`. */
  readonly part?: LogPart
}

export type LogPart = 'output' | 'times'

export interface StoredPod {
  readonly podUid: string
  readonly containers: readonly string[]
}

/**
 * Keeps step output beyond the life of its Pod.
 *
 *  - Output is bytes at offsets. `append` at an offset that is already stored (the same bytes, after a restart) stores
 *    nothing twice; a gap is refused.
 *  - When `append` resolves, the bytes survive `kill -9`.
 *  - `finish` says that nothing more will come: followers end there.
 */
export interface LogStore {
  /** Bytes stored so far: where to go on after a restart. 0 when nothing is stored. */
  size(key: LogKey): Promise<number>
  /** @throws Error on a gap between what is stored and `offset`, and when the disk refuses. */
  append(key: LogKey, offset: number, bytes: Uint8Array): Promise<void>
  finish(key: LogKey): Promise<void>
  /** False also where nothing was ever stored. */
  isFinished(key: LogKey): Promise<boolean>
  /** Undefined when nothing was ever stored under this key. With `follow`, ends after `finish`. */
  read(key: LogKey, range: LogRange, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined>
  /** Pods that had this name, as far as something of them is stored: oldest first, where the store can tell. */
  pods(namespace: string, name: string): Promise<readonly StoredPod[]>
  /** Removes the logs of one Pod. Safe to repeat. */
  remove(pod: Pick<LogKey, 'namespace' | 'pod' | 'podUid'>): Promise<void>
}

export interface LogRange {
  /** Goes on with what comes later, up to `limit`. */
  readonly follow: boolean
  /** Where to begin; 0 without one. */
  readonly offset?: number
  /** At most so many bytes. */
  readonly limit?: number
  /** Begins so many bytes before the end of what is stored now; not before `offset`. */
  readonly tail?: number
}

/**
 * A store that several processes write to: one of them to each log, and the next one when that died or froze.
 *
 * Who asks by `resume` (or by `size`) and then appends from there on is the newest writer, and what an earlier one still
 * appends counts for nothing.
 */
export interface MarkedLogStore extends LogStore {
  /** Together with `mark`, as one: letters, digits, and `_ ~ = . -`. */
  append(key: LogKey, offset: number, bytes: Uint8Array, mark?: string): Promise<void>
  /** Where the log ends, and the mark of the append that ends it. */
  resume(key: LogKey): Promise<LogEnd>
}

export interface LogEnd {
  readonly size: number
  readonly mark: string | undefined
  readonly isFinished: boolean
}
