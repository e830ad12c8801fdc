/**
 * `$(…)` in texts: which params are asked for, and whether they may be asked for that way in that field.
 * What counts as a reference is Tekton's rule; text that only looks like one (`$(date)`, `$(params.x || y)`) is left alone.
 */
import { listed, type Problem, problem } from '../../resources/problem.js'
import type { ParamSpec, ParamType, ParamValue, Step } from '../../resources/tekton.js'
import { typeOfParam } from '../params.js'
import { isList } from '../substitute.js'
import { goQuote } from './quote.js'

/** A text, where it stands, and whether an array may be spread into its list. */
export interface PlacedText {
  readonly text: string
  /** As Tekton prints it. */
  readonly path: string
  /** Where it really is. */
  readonly at: string
  readonly spreads: boolean
}

/** The params that a text may use. */
export interface KnownParams {
  readonly find: (name: string) => KnownParam | undefined
  /** For hints. */
  readonly names: Iterable<string>
}

interface KnownParam {
  readonly type: ParamType
  /** Of an object. */
  readonly keys: ReadonlySet<string>
}

interface ParamReference {
  readonly whole: string
  readonly name: string
  readonly key: string | undefined
  /** `[*]`, `[0]` or ''. */
  readonly index: string
  readonly parts: number
}

const NAME = '[_a-zA-Z][_a-zA-Z0-9.-]*'
const PARAM = new RegExp(
  `\\$\\(params(?:\\.(${NAME})|\\["(${NAME})"\\]|\\['(${NAME})'\\])(\\[(?:[0-9]+|\\*)\\])?\\)`,
  'g',
)

function paramReferences(text: string): readonly ParamReference[] {
  if (!text.includes('$(params')) return []
  return [...text.matchAll(PARAM)].map(([whole, dotted, double, single, index = '']) => {
    const parts = dotted?.split('.') ?? [double ?? single ?? '']
    return { whole, name: parts[0] ?? '', key: parts[1], index, parts: parts.length }
  })
}

/** Several specs of one name: the first says the type, all of them together say an object's keys. */
export function knownParams(specs: readonly ParamSpec[]): KnownParams {
  const byName = new Map<string, KnownParam>()
  for (const spec of specs) {
    const before = byName.get(spec.name)
    if (!before) byName.set(spec.name, { type: typeOfParam(spec), keys: keysOf(spec) })
    else if (before.type === 'object') byName.set(spec.name, withKeys(before, keysOf(spec)))
  }
  return { find: name => byName.get(name), names: [...byName.keys()] }
}

/** As if the specs of `inner` stood before those of `outer`, without going through either. */
export function withOuterParams(inner: KnownParams, outer: KnownParams): KnownParams {
  return {
    find: name => {
      const own = inner.find(name)
      const around = outer.find(name)
      return own?.type === 'object' && around ? withKeys(own, around.keys) : (own ?? around)
    },
    names: outer.names,
  }
}

function withKeys(param: KnownParam, keys: ReadonlySet<string>): KnownParam {
  return { ...param, keys: new Set([...param.keys, ...keys]) }
}

function keysOf({ properties = {}, default: value }: ParamSpec): ReadonlySet<string> {
  const fromDefault = value === undefined || typeof value === 'string' || isList(value) ? [] : Object.keys(value)
  return new Set([...Object.keys(properties), ...fromDefault])
}

/** Names and keys that do not exist. */
export function unknownParamProblems(placed: PlacedText, known: KnownParams): readonly Problem[] {
  const deep = paramReferences(placed.text).find(reference => reference.parts > 2)
  if (deep) {
    const message = `Invalid referencing of parameters in ${goQuote(placed.text)}! Only two dot-separated components after the prefix "params" are allowed.`
    return [at(placed, message, `${deep.whole}: a name with dots is written $(params["a.b"])`)]
  }
  const unknown = paramReferences(placed.text).find(({ name, key }) => {
    const param = known.find(name)
    return param === undefined || (param.type === 'object' && key !== undefined && !param.keys.has(key))
  })
  if (!unknown) return []
  const found = known.find(unknown.name)
  const declared = listed(known.names)
  const hint = found
    ? `${unknown.whole}: the object has the keys ${listed(found.keys)}`
    : `${unknown.whole}: declare "${unknown.name}" in params${declared === '' ? '' : ` (declared: ${declared})`}`
  return [at(placed, `non-existent variable in ${goQuote(placed.text)}`, hint)]
}

/** Arrays where a text is wanted. An array may be spread only where the reference is all there is. */
export function arrayUseProblems(placed: PlacedText, known: KnownParams): readonly Problem[] {
  const whole = paramReferences(placed.text).find(
    ({ name, index }) => known.find(name)?.type === 'array' && !/\d/.test(index),
  )
  if (!whole || (placed.spreads && placed.text === whole.whole)) return []
  return placed.spreads
    ? [
        at(
          placed,
          `variable is not properly isolated in ${goQuote(placed.text)}`,
          `make ${whole.whole} an element of its own`,
        ),
      ]
    : [
        at(
          placed,
          `variable type invalid in ${goQuote(placed.text)}`,
          `"${whole.name}" is an array; use an element, such as $(params.${whole.name}[0])`,
        ),
      ]
}

/** Objects used as a whole where a text is wanted. */
export function objectUseProblems(placed: PlacedText, known: KnownParams): readonly Problem[] {
  const whole = paramReferences(placed.text).find(
    ({ name, key }) => known.find(name)?.type === 'object' && key === undefined,
  )
  if (!whole) return []
  const hint = `"${whole.name}" is an object; use one of its keys, such as $(params.${whole.name}.${[...(known.find(whole.name)?.keys ?? [])][0] ?? 'key'})`
  return [at(placed, `variable type invalid in ${goQuote(placed.text)}`, hint)]
}

/** The value of a param passed on: like any text, except that `$(params.x[*])` alone stands for the whole thing. */
export function paramValueProblems(
  value: ParamValue,
  path: string,
  place: string,
  known: KnownParams,
): readonly Problem[] {
  if (typeof value === 'string') {
    const placed = { text: value, path, at: `${place}.value`, spreads: false }
    const unknown = unknownParamProblems(placed, known)
    const [only] = paramReferences(value)
    if (only && only.whole === value && only.index === '[*]') return unknown
    return [...unknown, ...arrayUseProblems(placed, known), ...objectUseProblems(placed, known)]
  }
  const entries: readonly PlacedText[] = isList(value)
    ? value.map((text, i) => ({ text, path: `${path}.value[${i}]`, at: `${place}.value[${i}]`, spreads: true }))
    : Object.entries(value).map(([key, text]) => ({
        text,
        path: `${path}.properties[${key}]`,
        at: `${place}.value.${key}`,
        spreads: false,
      }))
  return entries.flatMap(placed => [
    ...unknownParamProblems(placed, known),
    ...arrayUseProblems(placed, known),
    ...objectUseProblems(placed, known),
  ])
}

/** Names that may follow a prefix. A name with dots in it can only be recognised by its beginning. */
export interface VariableNames {
  readonly beginnings: ReadonlySet<string>
  readonly shown: string
}

export function namesOf(names: readonly string[]): VariableNames {
  return { beginnings: new Set(names.flatMap(name => [name, name.split('.')[0] ?? ''])), shown: listed(names) }
}

/** `$(<prefix>.<name>…)` with a first component that is none of `names`: context variables, results. */
export function unknownVariable(text: string, prefix: string, names: VariableNames): string | undefined {
  if (!text.includes(`$(${prefix}`)) return undefined
  const escaped = prefix.replaceAll('.', '\\.')
  const pattern = new RegExp(
    `\\$\\(${escaped}(?:\\.(${NAME})|\\["(${NAME})"\\]|\\['(${NAME})'\\])(?:\\[[0-9*]+\\])?\\)`,
    'g',
  )
  for (const [whole, dotted, double, single] of text.matchAll(pattern)) {
    const name = dotted?.split('.')[0] ?? double ?? single ?? ''
    if (!names.beginnings.has(name)) return whole
  }
  return undefined
}

export function unknownVariableProblems(placed: PlacedText, prefix: string, names: VariableNames): readonly Problem[] {
  const unknown = unknownVariable(placed.text, prefix, names)
  if (unknown === undefined) return []
  const hint = names.shown !== '' ? `${unknown}: known are ${names.shown}` : `${unknown}: none is declared`
  return [at(placed, `non-existent variable in ${goQuote(placed.text)}`, hint)]
}

function at(placed: PlacedText, message: string, hint: string): Problem {
  return problem(message, placed.path, { hint, ...(placed.at === placed.path ? {} : { at: placed.at }) })
}

/** The texts of a step in which Tekton looks for variables, with its paths (`volumeMount` in the singular is its own). */
export function stepTexts(step: Step, path: string, place = path): readonly PlacedText[] {
  const one = (field: string, text: string | undefined, where = field): readonly PlacedText[] =>
    text === undefined ? [] : [{ text, path: `${path}.${field}`, at: `${place}.${where}`, spreads: false }]
  const list = (field: string, texts: readonly string[] = []): readonly PlacedText[] =>
    texts.map((text, i) => ({ text, path: `${path}.${field}[${i}]`, at: `${place}.${field}[${i}]`, spreads: true }))
  return [
    ...one('name', step.name),
    ...one('image', step.image),
    ...one('workingDir', step.workingDir),
    ...one('script', step.script),
    ...list('command', step.command),
    ...list('args', step.args),
    ...(step.env ?? []).flatMap((env, i) => one(`env[${env.name}]`, env.value, `env[${i}].value`)),
    ...(step.volumeMounts ?? []).flatMap((mount, i) => [
      ...one(`volumeMount[${i}].name`, mount.name, `volumeMounts[${i}].name`),
      ...one(`volumeMount[${i}].MountPath`, mount.mountPath, `volumeMounts[${i}].mountPath`),
      ...one(`volumeMount[${i}].SubPath`, mount.subPath, `volumeMounts[${i}].subPath`),
    ]),
    ...one('onError', step.onError),
  ]
}
