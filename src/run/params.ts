/** Params: what type a spec has, which value holds, what is wrong with what was given, and the `$(params.…)` it makes. */
import type { Param, ParamSpec, ParamType, ParamValue } from '../resources/tekton.js'
import { isList, type Replacements, replaceValue } from './substitute.js'

export function typeOfValue(value: ParamValue): ParamType {
  if (typeof value === 'string') return 'string'
  return isList(value) ? 'array' : 'object'
}

/** In Tekton's order: the written type, `properties`, the default's own type, string. */
export function typeOfParam(spec: ParamSpec): ParamType {
  if (spec.type !== undefined) return spec.type
  if (spec.properties !== undefined) return 'object'
  return spec.default === undefined ? 'string' : typeOfValue(spec.default)
}

/** What is wrong with the params given for these specs. All empty when nothing is. */
export interface ParamProblems {
  /** In the order in which they are declared. */
  readonly missing: readonly string[]
  /** Of another type than declared, in the order in which they were given. A text with a variable in it may still become the right type. */
  readonly mistyped: readonly string[]
  /** Object keys that neither the value nor the default covers. */
  readonly missingKeys: ReadonlyMap<string, readonly string[]>
  /** Array indices asked for that do not exist are found where they are used, not here. */
  readonly notInEnum: readonly { readonly name: string; readonly value: string }[]
}

export function checkParams(specs: readonly ParamSpec[], given: readonly Param[]): ParamProblems {
  const values = new Map(given.map(param => [param.name, param.value]))
  const missing = specs.filter(spec => spec.default === undefined && !values.has(spec.name)).map(spec => spec.name)
  const declared = new Map(specs.map(spec => [spec.name, spec]))
  const mistyped = given.flatMap(({ name, value }) => {
    const spec = declared.get(name)
    return spec !== undefined && !fits(spec, value) ? [name] : []
  })
  const missingKeys = new Map<string, readonly string[]>()
  const notInEnum: { name: string; value: string }[] = []
  for (const spec of specs) {
    const value = values.get(spec.name)
    const keys = uncoveredKeys(spec, value)
    if (keys.length > 0) missingKeys.set(spec.name, keys)
    const effective = value ?? spec.default
    if (spec.enum && typeof effective === 'string' && effective !== '' && !spec.enum.includes(effective)) {
      notInEnum.push({ name: spec.name, value: effective })
    }
  }
  return { missing, mistyped, missingKeys, notInEnum }
}

/** In Tekton's words, as they follow on the name of the task; undefined when all is well. Enums are judged elsewhere. */
export function paramsMessage({ missing, mistyped, missingKeys }: ParamProblems): string | undefined {
  if (missing.length > 0) return `missing values for these params which have no default values: [${missing.join(' ')}]`
  if (mistyped.length > 0) return `param types don't match the user-specified type: [${mistyped.join(' ')}]`
  if (missingKeys.size === 0) return undefined
  const keys = [...missingKeys].sort().map(([param, names]) => `${param}:[${names.join(' ')}]`)
  return `missing keys for these params which are required in ParamSpec's properties map[${keys.join(' ')}]`
}

function fits(spec: ParamSpec, value: ParamValue): boolean {
  const wanted = typeOfParam(spec)
  const actual = typeOfValue(value)
  if (wanted === actual) return true
  return typeof value === 'string' && value.includes('$(')
}

function uncoveredKeys(spec: ParamSpec, value: ParamValue | undefined): readonly string[] {
  if (typeOfParam(spec) !== 'object' || spec.properties === undefined) return []
  if (value === undefined && spec.default === undefined) return []
  // A reference: what it will bring is not known yet.
  if (typeof value === 'string') return []
  const covered = new Set([...keysOf(spec.default), ...keysOf(value)])
  return Object.keys(spec.properties).filter(key => !covered.has(key))
}

function keysOf(value: ParamValue | undefined): readonly string[] {
  return value === undefined || typeof value === 'string' || isList(value) ? [] : Object.keys(value)
}

/**
 * The values that hold: the given one, else the default; for an object the given keys over the default's. Given params
 * without a spec are kept: they may be used by inline specs further in.
 */
export function effectiveParams(specs: readonly ParamSpec[], given: readonly Param[]): readonly Param[] {
  const values = new Map(given.map(param => [param.name, param.value]))
  const declared = specs.flatMap(spec => {
    const value = values.get(spec.name)
    if (value === undefined) return spec.default === undefined ? [] : [{ name: spec.name, value: spec.default }]
    return [{ name: spec.name, value: overDefault(spec.default, value) }]
  })
  const names = new Set(specs.map(spec => spec.name))
  return [...declared, ...given.filter(param => !names.has(param.name))]
}

function overDefault(fallback: ParamValue | undefined, value: ParamValue): ParamValue {
  if (fallback === undefined || typeof fallback === 'string' || typeof value === 'string') return value
  return isList(fallback) || isList(value) ? value : { ...fallback, ...value }
}

/** Everything `$(params.…)` can say about these params, in all its spellings. */
export function paramReplacements(params: readonly Param[]): Replacements {
  const strings = new Map<string, string>()
  const arrays = new Map<string, readonly string[]>()
  const objects = new Map<string, Readonly<Record<string, string>>>()
  for (const { name, value } of params) {
    // The last is the spelling of the days before v1, which Tekton still honours.
    const spellings = [`params.${name}`, `params['${name}']`, `params["${name}"]`, `inputs.params.${name}`]
    for (const spelling of spellings) {
      if (typeof value === 'string') {
        strings.set(spelling, value)
      } else if (isList(value)) {
        arrays.set(spelling, value)
        arrays.set(`${spelling}[*]`, value)
        for (const [index, element] of value.entries()) strings.set(`${spelling}[${index}]`, element)
      } else {
        objects.set(spelling, value)
        objects.set(`${spelling}[*]`, value)
        for (const [key, text] of Object.entries(value)) strings.set(`${spelling}.${key}`, text)
      }
    }
  }
  return { strings, arrays, objects }
}

export function replaceParams(params: readonly Param[], known: Replacements): readonly Param[] {
  return params.map(param => ({ ...param, value: replaceValue(param.value, known) }))
}
