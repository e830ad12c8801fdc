/**
 * `$(…)` in texts: which params are asked for, and whether they may be asked for that way in that field.
 * What counts as a reference is Tekton's rule; text that only looks like one (`$(date)`, `$(params.x || y)`) is left alone.
 */
import { type Problem, problem } from '../../resources/problem.js'
import type { ParamSpec, ParamValue, Step } from '../../resources/tekton.js'
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

/** The params that a text may use, by type. */
export interface KnownParams {
  readonly names: ReadonlySet<string>
  readonly arrays: ReadonlySet<string>
  /** Keys of each object param. */
  readonly objects: ReadonlyMap<string, ReadonlySet<string>>
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

export function knownParams(specs: readonly ParamSpec[]): KnownParams {
  const ofType = (type: string) => specs.filter(spec => typeOfParam(spec) === type)
  return {
    names: new Set(specs.map(spec => spec.name)),
    arrays: new Set(ofType('array').map(spec => spec.name)),
    objects: new Map(ofType('object').map(spec => [spec.name, keysOf(spec)])),
  }
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
    const keys = known.objects.get(name)
    return !known.names.has(name) || (keys !== undefined && key !== undefined && !keys.has(key))
  })
  if (!unknown) return []
  const declared = [...known.names].sort()
  const hint = known.names.has(unknown.name)
    ? `${unknown.whole}: the object has the keys ${[...(known.objects.get(unknown.name) ?? [])].join(', ')}`
    : `${unknown.whole}: declare "${unknown.name}" in params${declared.length > 0 ? ` (declared: ${declared.join(', ')})` : ''}`
  return [at(placed, `non-existent variable in ${goQuote(placed.text)}`, hint)]
}

/** Arrays where a text is wanted. An array may be spread only where the reference is all there is. */
export function arrayUseProblems(placed: PlacedText, { arrays }: KnownParams): readonly Problem[] {
  const whole = paramReferences(placed.text).find(({ name, index }) => arrays.has(name) && !/\d/.test(index))
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
export function objectUseProblems(placed: PlacedText, { objects }: KnownParams): readonly Problem[] {
  const whole = paramReferences(placed.text).find(({ name, key }) => objects.has(name) && key === undefined)
  if (!whole) return []
  const hint = `"${whole.name}" is an object; use one of its keys, such as $(params.${whole.name}.${[...(objects.get(whole.name) ?? [])][0] ?? 'key'})`
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

/** `$(<prefix>.<name>…)` with a first component that is none of `names`: context variables, results. */
export function unknownVariable(text: string, prefix: string, names: readonly string[]): string | undefined {
  if (!text.includes(`$(${prefix}`)) return undefined
  const escaped = prefix.replaceAll('.', '\\.')
  const pattern = new RegExp(
    `\\$\\(${escaped}(?:\\.(${NAME})|\\["(${NAME})"\\]|\\['(${NAME})'\\])(?:\\[[0-9*]+\\])?\\)`,
    'g',
  )
  for (const [whole, dotted, double, single] of text.matchAll(pattern)) {
    const name = dotted?.split('.')[0] ?? double ?? single ?? ''
    // A name with dots in it can only be recognised by its beginning.
    if (!names.some(known => known === name || known.startsWith(`${name}.`))) return whole
  }
  return undefined
}

export function unknownVariableProblems(
  placed: PlacedText,
  prefix: string,
  names: readonly string[],
): readonly Problem[] {
  const unknown = unknownVariable(placed.text, prefix, names)
  if (unknown === undefined) return []
  const hint = names.length > 0 ? `${unknown}: known are ${names.join(', ')}` : `${unknown}: none is declared`
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
