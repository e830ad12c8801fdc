/** What a condition says. Where one answer decides (`&&`, `||`, `all`, `exists`) an error matters only when nothing did. */
import { CelProblem, noSuchOverload } from './problem.js'
import type { Frame, Program } from './program.js'
import type { Value } from './values.js'

/** An error that is looked past costs more than a value. */
const CAUGHT_COST = 20

export function isTrue(value: Value): boolean {
  if (typeof value !== 'boolean') throw noSuchOverload()
  return value
}

export function attempt(run: Program['run'], frame: Frame): Value | CelProblem {
  try {
    return run(frame)
  } catch (error) {
    if (!(error instanceof CelProblem)) throw error
    frame.meter.charge(CAUGHT_COST)
    return error
  }
}

/** Why a part that did not decide leaves it undecided: it failed, or is no boolean. */
export function problemIn(value: Value | CelProblem, decisive: boolean): CelProblem | undefined {
  if (value instanceof CelProblem) return value
  return value === !decisive ? undefined : noSuchOverload()
}
