/**
 * The CEL library, loaded when the first expression is read: with it an engine loads twice as much, and few runs have an
 * expression. By `require`, because evaluating is synchronous and an `import` of a library on demand is not.
 */
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

let loaded: typeof import('@bufbuild/cel') | undefined

export function celLibrary(): typeof import('@bufbuild/cel') {
  loaded ??= require('@bufbuild/cel') as typeof import('@bufbuild/cel')
  return loaded
}

/** cel-go's strings extension. */
export function stringFunctions(): typeof import('@bufbuild/cel/ext').strings {
  return (require('@bufbuild/cel/ext') as typeof import('@bufbuild/cel/ext')).strings
}
