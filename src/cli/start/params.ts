/** `--param` and `--params-file`: texts and YAML as values of declared params. Pure. */
import { asRecord, isRecord } from '../../resources/shape.js'
import type { Param, ParamSpec, ParamValue } from '../../resources/tekton.js'
import { typeOfParam } from '../../run/params.js'

export interface GivenParam {
  readonly name: string
  readonly value: string
}

/**
 * As tkn: `name=value` for a string, `name=a,b` for an array, `name=key:value, key:value` for an object. An array may also
 * be given piece by piece, and both as JSON, for values with commas in them.
 * @throws Error for a value that is none of the type
 */
export function paramValues(specs: readonly ParamSpec[], given: readonly GivenParam[]): readonly Param[] {
  const names = [...new Set(given.map(({ name }) => name))]
  return names.map(name => {
    const texts = given.filter(each => each.name === name).map(({ value }) => value)
    const spec = specs.find(each => each.name === name)
    return { name, value: givenValue(name, spec, texts) }
  })
}

function givenValue(name: string, spec: ParamSpec | undefined, texts: readonly string[]): ParamValue {
  const last = texts.at(-1) ?? ''
  const type = spec === undefined ? 'string' : typeOfParam(spec)
  if (type === 'string') return last
  const json = parsedJson(last)
  if (type === 'array') {
    if (Array.isArray(json)) return json.map(textOf)
    // One by one they are whole: a comma in one of several is meant.
    return texts.length > 1 ? texts : last === '' ? [] : last.split(',').map(text => text.trim())
  }
  if (isRecord(json)) return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, textOf(value)]))
  const pairs = texts.flatMap(text => text.split(',')).map(text => text.trim())
  return Object.fromEntries(
    pairs.map(pair => {
      const at = pair.indexOf(':')
      if (at < 1) {
        const example = `--param '${name}=key1:value1, key2:value2'`
        throw new Error(`param "${name}" is an object, and "${pair}" is no key:value: write ${example}, or JSON`)
      }
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()]
    }),
  )
}

/** A map of names to values, as read from YAML or JSON. @throws Error that names what cannot be a value */
export function paramsOfFile(file: string, content: unknown): readonly Param[] {
  if (!isRecord(content)) throw new Error(`${file} is no map of param names to values`)
  return Object.entries(content).map(([name, value]) => {
    if (Array.isArray(value)) return { name, value: value.map(textOf) }
    if (!isRecord(value)) return { name, value: textOf(value) }
    return {
      name,
      value: Object.fromEntries(Object.entries(asRecord(value)).map(([key, each]) => [key, textOf(each)])),
    }
  })
}

/** Later ones count. */
export function mergedParams(...lists: readonly (readonly Param[])[]): readonly Param[] {
  return [...new Map(lists.flat().map(param => [param.name, param])).values()]
}

/** Scalars as Tekton reads them: by their JSON text. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? '')
}

function parsedJson(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON: then it is the plain text of the value.
    return undefined
  }
}
