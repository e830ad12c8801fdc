/** Flags and their environment variables become values, and all that is wrong with them becomes one list. Pure. */
import { parseArgs } from 'node:util'
import type { Environment } from '../config.js'
import { ensureError } from '../lib/fault.js'

export interface Flag<T> {
  readonly env: string
  readonly help: string
  /** What stands for its value in the help, as in `<url>`. */
  readonly value: string
  /** As it would be written. Without one, and without `orElse`, it has to be given. */
  readonly byDefault?: string
  /** What it is when nothing is given. */
  readonly orElse?: { readonly value: T }
  /** Only the environment: the arguments of a process are for all to see. */
  readonly isSecret?: true
  /** Where it may be a flag, but not with this in it; says what that is. */
  readonly secretIn?: (text: string) => string | undefined
  /** @throws Error that says what it must be */
  readonly read: (text: string) => T
}

export type Flags = Readonly<Record<string, Flag<unknown>>>
export type Values<F extends Flags> = { readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never }

export type FlagReading<F extends Flags> =
  | { readonly is: 'read'; readonly values: Values<F> }
  | { readonly is: 'help' }
  | { readonly is: 'version' }
  /** One line each: what, its value, the way out. */
  | { readonly is: 'wrong'; readonly problems: readonly string[] }

/** A flag wins over its variable; an empty variable counts as none. */
export function readFlags<F extends Flags>(
  flags: F,
  args: readonly string[],
  environment: Environment,
): FlagReading<F> {
  const { given, problems } = readArguments(flags, args)
  if (given.has('help')) return { is: 'help' }
  if (given.has('version')) return { is: 'version' }
  const values: Record<string, unknown> = {}
  for (const [name, flag] of Object.entries(flags)) {
    const written = given.get(name)
    const text = written ?? (environment[flag.env] || flag.byDefault)
    if (text === undefined) {
      if (flag.orElse) values[name] = flag.orElse.value
      else if (!given.has(name)) problems.push(missing(name, flag))
      continue
    }
    const secret = written === undefined ? undefined : flag.secretIn?.(written)
    if (secret !== undefined) {
      problems.push(
        `--${name} holds ${secret}, and arguments are for all to see: set the environment variable ${flag.env}`,
      )
      continue
    }
    try {
      values[name] = flag.read(text)
    } catch (error) {
      const place = written === undefined ? `environment variable ${flag.env}` : `--${name}`
      problems.push(`${place} is ${shown(text, flag)}: ${ensureError(error).message}`)
    }
  }
  return problems.length > 0 ? { is: 'wrong', problems } : { is: 'read', values: values as Values<F> }
}

function readArguments(flags: Flags, args: readonly string[]) {
  const given = new Map<string, string | undefined>()
  const problems: string[] = []
  const known = Object.entries(flags).filter(([, flag]) => !flag.isSecret)
  const options = {
    ...Object.fromEntries(known.map(([name]) => [name, { type: 'string' as const }])),
    help: { type: 'boolean' as const, short: 'h' },
    version: { type: 'boolean' as const },
  }
  // Not strict: that would stop at the first mistake.
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true })
  for (const token of tokens) {
    // What it is may be a secret's value, after a flag that there is not.
    if (token.kind === 'positional') problems.push(`argument ${token.index + 1} belongs to no flag: see --help`)
    if (token.kind !== 'option') continue
    const { name, rawName, value } = token
    if (!(name in options)) problems.push(unknown(rawName, flags[name]))
    else if (name === 'help' || name === 'version') given.set(name, undefined)
    else if (value === undefined || (!token.inlineValue && value.startsWith('--'))) {
      given.set(name, undefined)
      problems.push(`${rawName} has no value: write ${rawName} ${flags[name]?.value}`)
    } else given.set(name, value)
  }
  return { given, problems }
}

function unknown(rawName: string, flag: Flag<unknown> | undefined): string {
  if (!flag) return `${rawName} is no flag: see --help`
  return `${rawName} is no flag, since arguments are for all to see: set the environment variable ${flag.env}`
}

function missing(name: string, { env, value, isSecret }: Flag<unknown>): string {
  return isSecret
    ? `environment variable ${env} is not set`
    : `--${name} is missing: give --${name} ${value}, or set ${env}`
}

/** What may hold a password is not repeated. */
function shown(text: string, { isSecret, secretIn }: Flag<unknown>): string {
  return isSecret || text.includes('@') || secretIn?.(text) ? 'not shown here' : JSON.stringify(text)
}

export function helpText(usage: string, about: string, flags: Flags): string {
  const rows = Object.entries(flags).map(([name, { env, help, value, byDefault, isSecret }]) => [
    isSecret ? `  ${env}` : `  --${name} ${value}`,
    `${help}${isSecret ? '' : ` (${env})`}${byDefault === undefined ? '' : `; default ${byDefault}`}`,
  ])
  rows.push(['  -h, --help', 'this'], ['  --version', 'the version'])
  const width = Math.max(...rows.map(([left = '']) => left.length)) + 2
  const lines = rows.map(([left = '', right = '']) => `${left.padEnd(width)}${right}`)
  return `Usage: ${usage}\n\n${about}\n\n${lines.join('\n')}\n`
}
