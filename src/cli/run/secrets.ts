/** `--secret`: Secrets that exist in the engine of one command only, from files and variables. */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { describeError } from '../../lib/fault.js'

export interface SecretFlag {
  readonly name: string
  readonly key: string
  readonly from: { readonly file: string } | { readonly variable: string }
}

export interface SecretValue {
  readonly name: string
  readonly key: string
  /** Base64. */
  readonly value: string
}

const NAME = /^[a-z0-9]([-a-z0-9]{0,251}[a-z0-9])?$/
const KEY = /^[-._a-zA-Z0-9]{1,253}$/

/** @throws Error that does not repeat what may be a value */
export function secretFlag(text: string): SecretFlag {
  const at = text.indexOf('=')
  const [target, source] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
  const dot = target.indexOf('.')
  const name = dot < 0 ? target : target.slice(0, dot)
  if (!NAME.test(name)) throw new Error('It must be of the form name=@file, name.key=@file or name.key=env:VARIABLE.')
  const from = sourceOf(source)
  if (from === undefined) {
    throw new Error(
      `A value in an argument can be read by everybody on this machine. Put it into a file (${target}=@file) or a variable (${dot < 0 ? `${name}.key` : target}=env:VARIABLE).`,
    )
  }
  if (dot < 0 && 'variable' in from) throw new Error(`A variable needs a key: ${name}.key=env:${from.variable}.`)
  const key = dot < 0 && 'file' in from ? basename(from.file) : target.slice(dot + 1)
  if (!KEY.test(key))
    throw new Error(`The key "${key}" of Secret "${name}" may hold letters, digits, "-", "_" and "." only.`)
  return { name, key, from }
}

function sourceOf(source: string): SecretFlag['from'] | undefined {
  if (source.length > 1 && source.startsWith('@')) return { file: source.slice(1) }
  return /^env:[A-Za-z_][A-Za-z0-9_]*$/.test(source) ? { variable: source.slice(4) } : undefined
}

/** @throws Error with a line for each that cannot be had */
export async function readSecrets(
  flags: readonly SecretFlag[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly SecretValue[]> {
  const problems: string[] = []
  const read = flags.map(async ({ name, key, from }): Promise<readonly SecretValue[]> => {
    if ('variable' in from) {
      const text = environment[from.variable]
      if (text !== undefined) return [{ name, key, value: Buffer.from(text).toString('base64') }]
      problems.push(`--secret ${name}.${key}: the variable ${from.variable} is not set`)
      return []
    }
    try {
      return [{ name, key, value: (await readFile(from.file)).toString('base64') }]
    } catch (error) {
      problems.push(`--secret ${name}.${key}: file "${from.file}" cannot be read: ${describeError(error)}`)
      return []
    }
  })
  const values = (await Promise.all(read)).flat()
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return values
}
