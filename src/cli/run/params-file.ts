/** Params from a file: a map of YAML or JSON, or a list of `{ name, value }` as a run has it. */
import { readFile } from 'node:fs/promises'
import { describeError } from '../../lib/fault.js'
import { isRecord } from '../../resources/shape.js'
import type { Param, ParamValue } from '../../resources/tekton.js'
import { readYaml } from '../../resources/yaml-source.js'

/** @throws Error naming the file and the param that is wrong. */
export async function readParamsFile(path: string, stdin: () => Promise<string>): Promise<readonly Param[]> {
  let text: string
  try {
    text = path === '-' ? await stdin() : await readFile(path, 'utf8')
  } catch (error) {
    throw new Error(`--params-file "${path}" cannot be read: ${describeError(error)}`)
  }
  const yaml = readYaml(text, 1)
  if (yaml.is === 'refused') throw new Error(`--params-file "${path}":${yaml.line}: ${yaml.message}`)
  const { value } = yaml.document
  const pairs: readonly (readonly [unknown, unknown])[] | undefined = Array.isArray(value)
    ? value.map(one => (isRecord(one) ? ([one['name'], one['value']] as const) : ([undefined, one] as const)))
    : isRecord(value)
      ? Object.entries(value)
      : undefined
  if (pairs === undefined) {
    throw new Error(`--params-file "${path}" must hold a map such as "name: value", or a list of { name, value }`)
  }
  return pairs.map(([name, given]) => {
    if (typeof name !== 'string' || name === '')
      throw new Error(`--params-file "${path}" holds an entry without a name; write { name: …, value: … }`)
    const typed = paramValue(given)
    if (typed === undefined) {
      throw new Error(
        `--params-file "${path}": param "${name}" is neither a text, a list of texts nor a map of texts; write it as one of them`,
      )
    }
    return { name, value: typed }
  })
}

/** Numbers and booleans are the texts that they are written as. */
function paramValue(value: unknown): ParamValue | undefined {
  const text = plain(value)
  if (text !== undefined) return text
  if (Array.isArray(value)) {
    const texts = value.map(plain)
    return texts.every(one => one !== undefined) ? texts : undefined
  }
  if (!isRecord(value)) return undefined
  const entries = Object.entries(value).map(([key, one]) => [key, plain(one)] as const)
  return entries.every((entry): entry is [string, string] => entry[1] !== undefined)
    ? Object.fromEntries(entries)
    : undefined
}

function plain(value: unknown): string | undefined {
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined
}
