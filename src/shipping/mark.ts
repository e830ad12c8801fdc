/**
 * Where in a container's output a stored log has got to, kept with the log itself. Pure.
 *
 * A kubelet is asked from a second on. So the lines of that second come again, and are told by their time in nanoseconds; of
 * several with the same time, by how many there were.
 */
export interface Mark {
  /** Of the stored log: up to here it is what came up to that line. */
  readonly offset: number
  /** Of the last line. */
  readonly at: bigint
  /** How many lines in a row have had this time. */
  readonly count: number
}

export function markText({ offset, at, count }: Mark): string {
  return `${offset}_${at}_${count}`
}

/** Undefined for what is none. */
export function readMark(text: string | undefined): Mark | undefined {
  const [, offset, at, count] = /^(\d{1,15})_(\d{1,20})_(\d{1,9})$/.exec(text ?? '') ?? []
  if (offset === undefined || at === undefined || count === undefined) return undefined
  return { offset: Number(offset), at: BigInt(at), count: Number(count) }
}

/** Tells lines that come again from those that are new. */
export interface Skipper {
  /** For each line's time, in order. */
  next(at: bigint): 'old' | 'new' | 'new, and some are missing'
}

export function createSkipper(mark: Mark | undefined): Skipper {
  let found = 0
  let isOver = mark === undefined
  return {
    next(at) {
      if (isOver || mark === undefined) return 'new'
      if (at < mark.at) return 'old'
      if (at === mark.at) {
        found += 1
        isOver = found >= mark.count
        return 'old'
      }
      isOver = true
      return 'new, and some are missing'
    },
  }
}
