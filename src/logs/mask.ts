/**
 * Takes secrets out of a stream of output. Pure; `src/kubelet/shim/mask.c` is the same algorithm in C, and
 * `test/logs/mask.cases.ts` is run against both.
 *
 * All patterns are looked for at once (Aho-Corasick). Every byte that any of them covers is hidden, also where they overlap,
 * and what touches becomes one mask. So where the output was cut into writes makes no difference, and neither does the order
 * of the patterns. The masks themselves are not looked at again.
 *
 * Held back is only the end that may be the beginning of a pattern: less than `MOST_PATTERN_BYTES`.
 */

export const MASK = '***'

/** Longer ones must come in pieces that follow upon each other (`maskPatterns` sees to that). */
export const MOST_PATTERN_BYTES = 256

export interface Masker {
  /** What may be shown now. */
  write(bytes: Uint8Array): Uint8Array
  /**
   * To be called when nothing came for a while: the whole lines among what is held back. A line that is a secret has a
   * pattern of its own, so this shows no more than if it had been the last one. The end of a line stays held back: nobody
   * waits for it, as a step has no standard input to be asked for.
   */
  pause(): Uint8Array
  /** Nothing more will come: the rest. */
  end(): Uint8Array
  /** What comes now is masked as if nothing had come before: another masker would go on in the same way. */
  isClean(): boolean
}

const NEWLINE = 10
const NOTHING = new Uint8Array(0)

/** @param patterns of 2 bytes or more; see `maskPatterns` */
export function createMasker(patterns: readonly Uint8Array[]): Masker {
  if (patterns.length === 0)
    return { write: bytes => bytes, pause: () => NOTHING, end: () => NOTHING, isClean: () => true }
  const { pairs, root, child, depth, covers, fail } = automatonOf(patterns)
  const mask = Buffer.from(MASK)
  let state = 0
  let held: Uint8Array = NOTHING
  /** What is covered of `held`: from, to, from, to, … */
  let covered: number[] = []
  /** The last byte that was shown stood under a mask. */
  let isMasked = false

  const cover = (from: number, to: number): void => {
    let start = Math.max(0, from)
    while (covered.length > 0 && covered.at(-1)! >= start) {
      covered.pop()
      start = Math.min(start, covered.pop()!)
    }
    covered.push(start, to)
  }

  const look = (bytes: Uint8Array, from: number): void => {
    const last = bytes.length - 1
    for (let at = from; at <= last; at++) {
      if (state === 0) {
        // Most of an output: two bytes that begin nothing.
        while (at < last) {
          const pair = (bytes[at]! << 8) | bytes[at + 1]!
          if ((pairs[pair >> 3]! & (1 << (pair & 7))) !== 0) break
          at += 1
        }
        state = root[bytes[at]!]!
        continue
      }
      const byte = bytes[at]!
      let next = child(state, byte)
      while (next === 0 && state !== 0) {
        state = fail[state]!
        next = state === 0 ? root[byte]! : child(state, byte)
      }
      state = next
      const length = covers[state]!
      if (length > 0) cover(at + 1 - length, at + 1)
    }
  }

  /** The first `to` of the bytes, masked; the rest is held. */
  const show = (bytes: Uint8Array, to: number): Uint8Array => {
    const parts: Uint8Array[] = []
    const rest: number[] = []
    let at = 0
    for (let index = 0; index < covered.length; index += 2) {
      const [start, end] = [covered[index]!, covered[index + 1]!]
      if (end > to) rest.push(Math.max(0, start - to), end - to)
      if (start >= to) continue
      if (start > at) {
        parts.push(bytes.subarray(at, start))
        isMasked = false
      }
      if (!isMasked) parts.push(mask)
      isMasked = true
      at = Math.min(end, to)
    }
    if (at < to) {
      parts.push(bytes.subarray(at, to))
      isMasked = false
    }
    covered = rest
    held = Buffer.from(bytes.subarray(to))
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }

  return {
    write(bytes) {
      const all = held.length === 0 ? bytes : Buffer.concat([held, bytes])
      look(all, held.length)
      return show(all, Math.max(0, all.length - depth[state]!))
    },
    pause: () => show(held, held.lastIndexOf(NEWLINE) + 1),
    end() {
      state = 0
      return show(held, held.length)
    },
    isClean: () => held.length === 0 && !isMasked,
  }
}

interface Automaton {
  /** A bit for each two bytes that begin a pattern. */
  readonly pairs: Uint8Array
  /** What follows from nothing. */
  readonly root: Int32Array
  /** 0: nothing follows. */
  readonly child: (node: number, byte: number) => number
  /** How many bytes lead here: so many may be the beginning of a pattern. */
  readonly depth: Uint16Array
  /** The length of the longest pattern that ends here, or 0. */
  readonly covers: Uint16Array
  /** The node of the longest end of these bytes that begins a pattern, too. */
  readonly fail: Int32Array
}

function automatonOf(patterns: readonly Uint8Array[]): Automaton {
  const most = patterns.reduce((sum, { length }) => sum + length, 1)
  const [first, sibling, fail] = [new Int32Array(most), new Int32Array(most), new Int32Array(most)]
  const [depth, covers] = [new Uint16Array(most), new Uint16Array(most)]
  const value = new Uint8Array(most)
  const root = new Int32Array(256)
  const pairs = new Uint8Array(65_536 / 8)
  let count = 1

  const child = (node: number, byte: number): number => {
    let found = first[node]!
    while (found !== 0 && value[found] !== byte) found = sibling[found]!
    return found
  }
  const add = (node: number, byte: number): number => {
    const made = count++
    value[made] = byte
    depth[made] = depth[node]! + 1
    sibling[made] = first[node]!
    first[node] = made
    if (node === 0) root[byte] = made
    return made
  }

  for (const pattern of patterns) {
    if (pattern.length < 2 || pattern.length > MOST_PATTERN_BYTES) {
      throw new Error(`a pattern of ${pattern.length} bytes: it must have 2 to ${MOST_PATTERN_BYTES}`)
    }
    let node = 0
    for (const byte of pattern) node = (node === 0 ? root[byte]! : child(node, byte)) || add(node, byte)
    covers[node] = pattern.length
    const pair = (pattern[0]! << 8) | pattern[1]!
    pairs[pair >> 3]! |= 1 << (pair & 7)
  }
  // It grows under the loop: those of lesser depth come first, and are known by then.
  const order = [0]
  for (const node of order) {
    for (let next = first[node]!; next !== 0; next = sibling[next]!) {
      order.push(next)
      const byte = value[next]!
      let back = node
      while (back !== 0 && fail[next] === 0) {
        back = fail[back]!
        fail[next] = back === 0 ? root[byte]! : child(back, byte)
      }
      if (covers[next] === 0) covers[next] = covers[fail[next]!]!
    }
  }
  return { pairs, root, child, depth, covers, fail }
}
