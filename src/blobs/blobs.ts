/** What `list` finds. */
export interface BlobEntry {
  readonly key: string
  /** Bytes. */
  readonly size: number
}

export interface BlobList {
  /** In the order of their keys' bytes. */
  readonly entries: readonly BlobEntry[]
  /** There are more: ask again with `after` the last key. */
  readonly more: boolean
}

/** From `start` up to, not including, `end`; without one, to the end. */
export interface ByteRange {
  readonly start: number
  readonly end?: number
}

export interface BlobListOptions {
  /** Only what comes after this key, which need not be there. */
  readonly after?: string
  /** 1 to 1000, which is the default. */
  readonly limit?: number
}

/**
 * Whole objects under names, which several processes on several machines share: an object store, or a folder.
 *
 *  - A resolved `put` or `remove` is seen by every later `get` and `list`, of any process, and survives `kill -9`.
 *  - An object is there whole or not at all. Of two that are put under one key, one wins.
 *  - Absence is an answer: `get` resolves to undefined, `remove` of what is not there succeeds.
 *  - There is no "only if it is not there", no lock and no rename: not every store has them. Who needs one writer gives
 *    each writer keys of its own.
 *  - Calls may overlap freely.
 *
 * Keys are `/`-separated; `checkKey` says what they may be made of, and `pathSegment` makes a part of any name.
 * @throws BlobsError when the store cannot be reached, or says no; all but `list` also when a key is none
 */
export interface Blobs {
  /** Where this is, for messages: no secret in it. */
  readonly place: string
  /** Replaces what was there. `bytes` must stay as they are until then. */
  put(key: string, bytes: Uint8Array): Promise<void>
  /** Of a range as much as there is: from behind the end on, nothing. */
  get(key: string, range?: ByteRange): Promise<Uint8Array | undefined>
  /** Keys that begin with `prefix`, which may end in the middle of a name. */
  list(prefix: string, options?: BlobListOptions): Promise<BlobList>
  remove(key: string): Promise<void>
}

export class BlobsError extends Error {
  override readonly name = 'BlobsError'
  /** It will be the same until a person changes something: a bucket, a right, an address. */
  readonly isSetUpWrong: boolean
  constructor(message: string, options: ErrorOptions & { readonly isSetUpWrong?: boolean } = {}) {
    const { isSetUpWrong = false, ...rest } = options
    super(message, rest)
    this.isSetUpWrong = isSetUpWrong
  }
}

export const MOST_LISTED = 1000
/** Object stores take 1024, and some of them goes to a prefix. */
const MOST_KEY_BYTES = 900
/** A file name may have 255, and a draft has an ending. */
const MOST_PART_BYTES = 250
const PART = /^[A-Za-z0-9%_=@,~+-][A-Za-z0-9%_=@,~+.-]*$/

/** The parts of a key. @throws BlobsError when an object store or a file system could not take it */
export function checkKey(key: string): readonly string[] {
  const parts = key.split('/')
  const isKey = key.length <= MOST_KEY_BYTES && parts.every(part => part.length <= MOST_PART_BYTES && PART.test(part))
  if (!isKey) throw new BlobsError(`${JSON.stringify(key.slice(0, 100))} is no key of an object`)
  return parts
}
