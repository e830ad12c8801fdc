/** How an evaluation ends without a value. Both are thrown and caught inside this folder. */

/** A mistake in the expression or in its input; `&&` and `||` may make up for it. */
export class CelProblem extends Error {}

/** The expression asks for more than it may have: nothing makes up for that. */
export class LimitExceeded extends Error {}

export function noSuchOverload(name?: string): CelProblem {
  return new CelProblem(name === undefined ? 'no such overload' : `no such overload: ${name}`)
}
