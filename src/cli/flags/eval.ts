/** The flags of `tektite eval`. The command itself is loaded when it is asked for. */
import { type Command, Option } from 'commander'
import type { Invocation } from '../context.js'
import type { RequestOptions } from '../eval-input.js'
import { HOSTS, type Host } from '../git-host-delivery.js'
import { header, pair, repeated } from './values.js'

interface RequestFlags {
  readonly request?: string
  readonly body?: string
  readonly header: { name: string; value: string }[]
  readonly extensions?: string
  readonly file: string[]
}

interface TriggerFlags extends RequestFlags {
  readonly listener?: string
  readonly trigger?: string
  readonly event?: string
  readonly host?: Host
  readonly secret?: string
}

const EXIT_CODES = '\nExit code: 0 it came out, 1 it failed, 2 the input cannot be read.'

export function addEval(program: Command, invocation: Invocation): void {
  const group = program.command('eval').description('look at what a trigger would do, without an engine')
  addCel(group, invocation)
  addBinding(group, invocation)
  addTemplate(group, invocation)
  addTrigger(group, invocation)
}

function addCel(group: Command, { context, exit }: Invocation): void {
  const command = group
    .command('cel')
    .description('evaluate CEL expressions over a request; results are JSON')
    .requiredOption(
      '-e, --expression <cel>',
      'may be repeated',
      repeated(value => value),
    )
    .option(
      '-f, --file <file>',
      'manifests with Secrets, for compareSecret; may be repeated',
      repeated(value => value),
      [],
    )
  requestFlags(command).action(async (flags: RequestFlags & { readonly expression: string[] }) => {
    const { evalCel } = await import('../commands/eval.js')
    exit(await evalCel(context('warn'), { ...requestOf(flags), files: flags.file, expressions: flags.expression }))
  })
}

function addBinding(group: Command, { context, exit }: Invocation): void {
  const command = group
    .command('binding')
    .description('print the params that TriggerBindings find in a request, as JSON')
  requestFlags(manifestFlag(command, 'TriggerBindings')).action(async (flags: RequestFlags) => {
    const { evalBinding } = await import('../commands/eval.js')
    exit(await evalBinding(context('warn'), { ...requestOf(flags), files: flags.file }))
  })
}

function addTemplate(group: Command, { context, exit }: Invocation): void {
  const command = group
    .command('template')
    .description('print the objects that a TriggerTemplate makes, as YAML')
    .option('-p, --param <name=value>', 'a param, over what bindings find; may be repeated', repeated(pair), [])
  requestFlags(manifestFlag(command, 'a TriggerTemplate, and TriggerBindings for the request')).action(
    async (flags: RequestFlags & { readonly param: { name: string; value: string }[] }) => {
      const { evalTemplate } = await import('../commands/eval.js')
      exit(await evalTemplate(context('warn'), { ...requestOf(flags), files: flags.file, params: flags.param }))
    },
  )
}

function addTrigger(group: Command, { context, exit }: Invocation): void {
  const command = group
    .command('trigger')
    .description('run the triggers of an EventListener over a request: what each says, and the objects it would create')
    .option('--listener <name>', 'which, when the files hold several')
    .option('--trigger <name>', 'only this one')
    .option('-e, --event <type>', 'sign the body as a git host would, and send it as this event: push, pull_request, …')
    .addOption(new Option('--host <host>', 'the git host to be; by default the one a trigger asks for').choices(HOSTS))
    .option('--secret <value>', 'sign with this; by default with the Secret of the files that a trigger asks for')
  requestFlags(manifestFlag(command, 'an EventListener and what it refers to, Secrets included')).action(
    async (flags: TriggerFlags) => {
      const { evalTrigger } = await import('../commands/eval.js')
      const { listener, trigger, event, host, secret } = flags
      exit(
        await evalTrigger(context('warn'), {
          ...requestOf(flags),
          files: flags.file,
          ...(listener !== undefined && { listener }),
          ...(trigger !== undefined && { trigger }),
          ...(event && { event }),
          ...(host && { host }),
          ...(secret !== undefined && { secret }),
        }),
      )
    },
  )
}

function manifestFlag(command: Command, holds: string): Command {
  return command.requiredOption(
    '-f, --file <file>',
    `manifests: ${holds}; may be repeated`,
    repeated(value => value),
  )
}

function requestFlags(command: Command): Command {
  return command
    .option('-r, --request <file>', 'a raw HTTP request, or JSON {"headers", "body"}; `-` for standard input')
    .option('-b, --body <file>', 'the body alone; `-` for standard input')
    .option('-H, --header <header>', "a header, such as 'X-GitHub-Event: push'; may be repeated", repeated(header), [])
    .option('--extensions <json>', 'what earlier interceptors would have found')
    .addHelpText('after', EXIT_CODES)
}

function requestOf({ request, body, header: headers, extensions }: RequestFlags): RequestOptions {
  return {
    headers,
    ...(request !== undefined && { request }),
    ...(body !== undefined && { body }),
    ...(extensions !== undefined && { extensions }),
  }
}
