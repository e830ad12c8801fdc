/** The values of a ConfigMap are texts; these read them as Go and Tekton do, and say so in their words. */
import { parseDuration } from '../lib/duration.js'
import { complete, type Problem } from '../resources/problem.js'
import { decode, isRecord, type Shape } from '../resources/shape.js'
import { readYaml } from '../resources/yaml-source.js'
import { goQuote } from './validate/quote.js'

export type ConfigData = Readonly<Record<string, string>>

/** Reads one key after the other, and remembers what it could not read. */
export interface ConfigReader {
  readonly problems: readonly Problem[]
  /** The value of a key that is set, made into something; `fallback` when it is not set or cannot be read. */
  read<T>(key: string, fallback: T, parse: (text: string, key: string) => Reading<T>): T
}

export type Reading<T> =
  | { readonly is: 'value'; readonly value: T }
  | { readonly is: 'wrong'; readonly message: string; readonly hint?: string }

export function createConfigReader(data: ConfigData): ConfigReader {
  const problems: Problem[] = []
  return {
    problems,
    read(key, fallback, parse) {
      const text = Object.hasOwn(data, key) ? data[key] : undefined
      if (text === undefined) return fallback
      const reading = parse(text, key)
      if (reading.is === 'value') return reading.value
      problems.push(complete(reading.message, `data.${key}`, reading.hint))
      return fallback
    },
  }
}

export function value<T>(it: T): Reading<T> {
  return { is: 'value', value: it }
}

function wrong<T>(message: string, hint: string): Reading<T> {
  return { is: 'wrong', message, hint }
}

export function text(written: string): Reading<string> {
  return value(written)
}

const MAX_INT64 = 2n ** 63n

/** As Go's strconv.ParseInt; a number beyond what JavaScript counts exactly is cut to that. */
export function integer(written: string, key: string): Reading<number> {
  const number = goInteger(written)
  return number === undefined
    ? wrong(`failed parsing default config ${goQuote(key)}`, `${key} is ${goQuote(written)}; write a whole number`)
    : value(number)
}

export function goInteger(written: string): number | undefined {
  if (!/^[+-]?\d{1,40}$/.test(written)) return undefined
  const exact = BigInt(written.replace(/^\+/, ''))
  if (exact >= MAX_INT64 || exact < -MAX_INT64) return undefined
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(exact)))
}

/** Milliseconds. */
export function duration(written: string, key: string): Reading<number> {
  const ms = written.length > 64 ? undefined : parseDuration(written)
  const hint = `${key} is ${goQuote(written)}; write a number and a unit, such as "90s" or "5m"`
  return ms === undefined ? wrong(`failed parsing default config ${goQuote(key)}`, hint) : value(ms)
}

const TRUE = ['1', 't', 'T', 'TRUE', 'true', 'True']
const FALSE = ['0', 'f', 'F', 'FALSE', 'false', 'False']

/** As Go's strconv.ParseBool. `named`: Tekton says the name of flags that have a stability of their own. */
export function boolean(named: boolean): (written: string, key: string) => Reading<boolean> {
  return (written, key) => {
    if (TRUE.includes(written)) return value(true)
    if (FALSE.includes(written)) return value(false)
    const quoted = goQuote(written)
    const message = `failed parsing feature flags config ${quoted}: strconv.ParseBool: parsing ${quoted}: invalid syntax`
    return wrong(named ? `${message} for feature ${key}` : message, `${key} is ${quoted}; write "true" or "false"`)
  }
}

/** One of some words, in any case. */
export function oneOf<const W extends string>(words: readonly W[]): (written: string, key: string) => Reading<W> {
  return (written, key) => {
    const lower = written.toLowerCase()
    const word = words.find(each => each === lower)
    return word === undefined
      ? wrong(`invalid value for feature flag ${goQuote(key)}: ${goQuote(lower)}`, `allowed: ${words.join(', ')}`)
      : value(word)
  }
}

/** YAML inside the text. As Tekton, fields that nobody knows are passed over. */
export function yaml<T>(shape: Shape): (written: string, key: string) => Reading<T> {
  return (written, key) => {
    const failed = (why: string): Reading<T> =>
      wrong(`failed to unmarshal ${written}`, `${key} holds YAML in a text: ${why}`)
    const answer = readYaml(written, 1)
    if (answer.is === 'refused') return failed(answer.message)
    const problems: Problem[] = []
    const decoded = decode(shape, answer.document.value ?? {}, '', problems)
    const bad = problems.find(one => !one.message.startsWith('strict decoding error: unknown field'))
    if (bad) return failed(bad.message)
    return isRecord(decoded) ? value(decoded as T) : failed('it must be a map of fields')
  }
}
