/** A pipeline's params at run time: defaults may refer to other params, in any order. */
import type { Param, ParamSpec, ParamValue } from '../resources/tekton.js'
import { effectiveParams, paramReplacements } from './params.js'
import { expressionsInValue, isList, type Replacements, replaceValue } from './substitute.js'

/** As Tekton: how far a default may refer to a default that refers to a default. */
const MAX_DEPTH = 10

export type PipelineParams =
  | { readonly is: 'params'; readonly params: readonly Param[]; readonly known: Replacements }
  /** Tekton's message. */
  | { readonly is: 'problem'; readonly message: string }

export function resolvePipelineParams(specs: readonly ParamSpec[], given: readonly Param[]): PipelineParams {
  const defaults = resolveDefaults(specs, given)
  if (typeof defaults === 'string') return { is: 'problem', message: `parameter resolution failed: ${defaults}` }
  const resolved = specs.map(spec => {
    const value = defaults.get(spec.name)
    return value === undefined ? spec : { ...spec, default: value }
  })
  const params = effectiveParams(resolved, given)
  const known = paramReplacements(params)
  // In a pipeline a given object stands alone when it is taken whole; only single keys fall back to the default's.
  const whole = paramReplacements(given.filter(param => typeof param.value === 'object' && !isList(param.value)))
  return { is: 'params', params, known: { ...known, objects: new Map([...known.objects, ...whole.objects]) } }
}

/** The defaults of params that were not given, with their own references replaced; or the problem. */
function resolveDefaults(specs: readonly ParamSpec[], given: readonly Param[]): Map<string, ParamValue> | string {
  const values = new Map(given.map(param => [param.name, param.value]))
  const byName = new Map(specs.map(spec => [spec.name, spec]))
  const done = new Map<string, ParamValue>()
  const open = new Set<string>()

  function resolve(name: string, depth: number): string | undefined {
    const fallback = byName.get(name)?.default
    if (values.has(name) || done.has(name) || fallback === undefined) return undefined
    if (open.has(name)) return `circular dependency detected in param "params.${name}"`
    if (depth > MAX_DEPTH) return `maximum recursion depth (${MAX_DEPTH}) exceeded for param "params.${name}"`
    open.add(name)
    const needed = expressionsInValue(fallback).flatMap(paramNamed)
    for (const other of needed) {
      // Only texts are strict; elsewhere an unknown reference stays as it stands.
      if (!byName.has(other) && !values.has(other) && typeof fallback === 'string') {
        return `param "params.${name}" references undefined param "params.${other}"`
      }
      const problem = resolve(other, depth + 1)
      if (problem !== undefined) return problem
    }
    open.delete(name)
    const known = needed.flatMap(other => {
      const value = values.get(other) ?? done.get(other)
      return value === undefined ? [] : [{ name: other, value }]
    })
    done.set(name, needed.length === 0 ? fallback : replaceValue(fallback, paramReplacements(known)))
    return undefined
  }

  for (const { name } of specs) {
    const problem = resolve(name, 0)
    if (problem !== undefined) return problem
  }
  return done
}

/** The param that `params.a`, `params.a[0]`, `params.a.key` or `params['a']` speaks of. */
export function paramNamed(expression: string): readonly string[] {
  const match = /^params(?:\.([^.[\]]+)|\['([^']+)'\]|\["([^"]+)"\])/.exec(expression)
  const name = match?.[1] ?? match?.[2] ?? match?.[3]
  return name === undefined ? [] : [name]
}

/** References to array elements that do not exist, as Tekton lists them: `$(params.a[5])`. */
export function badIndices(texts: readonly string[], params: readonly Param[]): readonly string[] {
  const lengths = new Map(params.flatMap(({ name, value }) => (isList(value) ? [[name, value.length]] : [])))
  if (lengths.size === 0) return []
  return texts.filter(expression => {
    const index = /\[(\d+)\]$/.exec(expression)?.[1]
    const length = paramNamed(expression).map(name => lengths.get(name))[0]
    return index !== undefined && length !== undefined && Number(index) >= length
  })
}
