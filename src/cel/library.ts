/**
 * The parser of the CEL library, loaded when the first expression is read: it is large, and few runs have an expression.
 * By `require`, because evaluating is synchronous and an `import` of a library on demand is not.
 */
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

let loaded: typeof import('@bufbuild/cel') | undefined

export function celLibrary(): typeof import('@bufbuild/cel') {
  loaded ??= require('@bufbuild/cel') as typeof import('@bufbuild/cel')
  return loaded
}
