/** Which overloads of a function a call may mean by its types, and which one it means by its values. */
import { accepts, type Overload } from './function.js'
import { type CelProblem, noSuchOverload } from './problem.js'
import { noMatch, type Program, sizeOfAll } from './program.js'
import type { Node } from './syntax.js'
import { type Bindings, fits, joined, substituted } from './types.js'
import { kindOf, type Value } from './values.js'

export function callProgram(
  node: Node,
  name: string,
  isMethod: boolean,
  declared: readonly Overload[],
  args: readonly Program[],
): Program {
  const suitable = declared.flatMap(overload => {
    if (overload.isMethod !== isMethod || overload.parameters.length !== args.length) return []
    const bindings: Bindings = new Map()
    const matches = overload.parameters.every((parameter, index) =>
      fits(parameter, args[index]?.type ?? 'dyn', bindings),
    )
    return matches ? [{ overload, result: substituted(overload.result, bindings) }] : []
  })
  if (suitable.length === 0) throw noMatch(node, name, isMethod, args)
  const overloads = isOrder(name) ? suitable.slice(0, 1) : suitable
  const candidates = overloads.map(({ overload }) => overload)
  const runs = args.map(({ run }) => run)
  return {
    type: joined(suitable.map(({ result }) => result)),
    size: sizeOfAll(args),
    run: frame => {
      const values = runs.map(run => run(frame))
      // Those that compare look at what they get: `body.n < 5` is of two types, whatever was declared.
      const found = isOrder(name) ? candidates[0] : candidates.find(overload => accepts(overload.parameters, values))
      if (found === undefined) throw notFound(name, declared, values)
      return found.run(frame, values)
    },
  }
}

function isOrder(name: string): boolean {
  return name === '_<_' || name === '_<=_' || name === '_>_' || name === '_>=_'
}

/** cel-go names the operator only where the left side knows no such operator at all. */
function notFound(name: string, declared: readonly Overload[], values: readonly Value[]): CelProblem {
  const isOperator = /^(_|-_|!_|@in)/.test(name)
  if (!isOperator) return noSuchOverload(`${name}(${values.map(kindOf).join(', ')})`)
  const knowsLeft = declared.some(({ parameters }) => accepts(parameters.slice(0, 1), values.slice(0, 1)))
  return noSuchOverload(knowsLeft ? undefined : name)
}
