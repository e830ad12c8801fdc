/**
 * What an evaluation may cost. A unit is about one element looked at, or sixteen characters: a million of them is some
 * 50 to 100 ms of a slow core. Whoever makes or reads something whose size is not the expression's own pays for it before.
 */
import { LimitExceeded } from './problem.js'

export const MAX_COST = 1_000_000
export const MAX_MILLISECONDS = 100
/**
 * The clock is looked at from here on only: on a machine that stands still for a while, an expression of the usual size
 * must not fail for it, and a filter that looks at ten elements never sees a clock.
 */
const UNTIMED_COST = 20_000
const CHARACTERS_PER_UNIT = 16
const COMPARISONS_PER_UNIT = 400

/** Milliseconds that never go back. */
export type Clock = () => number

export class Meter {
  readonly #clock: Clock | undefined
  readonly #maxCost: number
  readonly #started: number
  #spent = 0
  #nextLook = UNTIMED_COST

  constructor(clock: Clock | undefined, maxCost: number = MAX_COST) {
    this.#clock = clock
    this.#maxCost = maxCost
    this.#started = clock?.() ?? 0
  }

  /** @throws LimitExceeded */
  charge(units: number): void {
    this.#spent += units
    if (this.#spent >= this.#nextLook) this.#look()
  }

  chargeText(characters: number): void {
    this.charge(characters / CHARACTERS_PER_UNIT)
  }

  /** For a search of `part` in `text`: engines compare nearly every character with every other when they are made for it. */
  chargeSearch(text: number, part: number): void {
    if (part <= text) this.charge(text / CHARACTERS_PER_UNIT + (text * part) / COMPARISONS_PER_UNIT)
  }

  /** For work whose cost shows only while it is done. */
  checkTime(): void {
    const passed = (this.#clock?.() ?? 0) - this.#started
    if (passed > MAX_MILLISECONDS) {
      throw new LimitExceeded(`actual cost limit exceeded: it took longer than ${MAX_MILLISECONDS} ms`)
    }
  }

  #look(): void {
    if (this.#spent > this.#maxCost) {
      throw new LimitExceeded(`actual cost limit exceeded: more than ${this.#maxCost} units`)
    }
    this.checkTime()
    this.#nextLook = this.#spent + UNTIMED_COST
  }
}
