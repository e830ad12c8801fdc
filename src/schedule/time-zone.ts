/** IANA time zones, as stretches of time in which the clocks are set the same. What the zones are is Intl's knowledge. */

export interface TimeZone {
  readonly name: string
  /** The stretch that holds an instant (epoch ms). */
  stretchAt(instant: number): Stretch
}

/** `start` ≤ instant < `end`. The next stretch may have the same offset: they are cut where it is convenient. */
export interface Stretch {
  readonly start: number
  readonly end: number
  /** What the clocks show is the instant plus this, in ms. */
  readonly offset: number
  /** That of the moment before `start`. */
  readonly offsetBefore: number
}

/** About 25 days, each looked at in eight places: no zone changes its clocks twice within three days. */
const CHUNK_MS = 2 ** 31
const STEP_MS = CHUNK_MS / 8
/** A few years of chunks; a search that goes further begins again with an empty memory. */
const MAX_CHUNKS = 1000

/** More than there are; Intl takes each in any case of its letters. */
const MAX_KNOWN = 1000

const known = new Map<string, TimeZone>()

/** Undefined when there is no such zone. Offsets (`+01:00`) are none: they know no summer time. */
export function timeZoneOf(name: string): TimeZone | undefined {
  const found = known.get(name)
  if (found !== undefined) return found
  const format = formatOf(name)
  if (format === undefined) return undefined
  const zone = openTimeZone(name, instant => offsetAt(format, instant))
  if (known.size >= MAX_KNOWN) known.clear()
  known.set(name, zone)
  return zone
}

function formatOf(name: string): Intl.DateTimeFormat | undefined {
  if (!/^[A-Za-z]/.test(name) || name.length > 64) return undefined
  const date = { hourCycle: 'h23', era: 'short', year: 'numeric', month: 'numeric', day: 'numeric' } as const
  const time = { hour: 'numeric', minute: 'numeric', second: 'numeric' } as const
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name, ...date, ...time })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function offsetAt(format: Intl.DateTimeFormat, instant: number): number {
  const parts: Record<string, number> = {}
  let isBeforeChrist = false
  for (const { type, value } of format.formatToParts(instant)) {
    if (type === 'era') isBeforeChrist = value.startsWith('B')
    else parts[type] = Number(value)
  }
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  const wall = Date.UTC(isBeforeChrist ? 1 - year : year, month - 1, day, hour, minute, second)
  return wall - Math.floor(instant / 1000) * 1000
}

/** @throws RangeError for an instant that no Date can hold */
function openTimeZone(name: string, offsetOf: (instant: number) => number): TimeZone {
  const chunks = new Map<number, readonly Stretch[]>()

  function stretchesOf(chunk: number): readonly Stretch[] {
    const found = chunks.get(chunk)
    if (found !== undefined) return found
    if (chunks.size >= MAX_CHUNKS) chunks.clear()
    const made = cutChunk(chunk * CHUNK_MS)
    chunks.set(chunk, made)
    return made
  }

  function cutChunk(first: number): readonly Stretch[] {
    const stretches: Stretch[] = []
    let start = first
    let offset = offsetOf(first)
    let offsetBefore = offsetOf(first - 1)
    for (let step = first; step < first + CHUNK_MS; step += STEP_MS) {
      const after = offsetOf(step + STEP_MS - 1)
      if (after === offset) continue
      const end = changeWithin(step, step + STEP_MS - 1, offset)
      stretches.push({ start, end, offset, offsetBefore })
      start = end
      offsetBefore = offset
      offset = after
    }
    return [...stretches, { start, end: first + CHUNK_MS, offset, offsetBefore }]
  }

  /** The first instant with another offset. `from` has `offset`, `to` has another. */
  function changeWithin(from: number, to: number, offset: number): number {
    let [same, other] = [from - 1, to]
    while (other - same > 1) {
      const middle = Math.floor((same + other) / 2)
      if (offsetOf(middle) === offset) same = middle
      else other = middle
    }
    return other
  }

  return {
    name,
    stretchAt(instant) {
      const stretches = stretchesOf(Math.floor(instant / CHUNK_MS))
      return stretches.find(({ end }) => instant < end) ?? stretches[0]!
    },
  }
}
