/** The flags of `tektite trigger`. The command itself is loaded when it is asked for. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Invocation } from '../context.js'
import { HOSTS, type Host } from '../git-host-delivery.js'
import { addEngineFlags, type EngineFlagValues, engineFlags } from './engine.js'
import { duration, header, repeated } from './values.js'

interface TriggerFlags extends EngineFlagValues {
  readonly event?: string
  readonly file: string
  readonly namespace: string
  readonly host?: Host
  readonly secret?: string
  readonly secretFrom?: { namespace: string; name: string; key: string }
  readonly header: { name: string; value: string }[]
  readonly hooks?: string
  readonly wait?: boolean
  readonly timeout: number
  readonly output?: 'json'
}

export function addTrigger(program: Command, { context, exit }: Invocation): void {
  const command = program
    .command('trigger')
    .description('send a signed delivery to an EventListener, as its git host would, and follow what comes of it')
    .argument('[listener]', 'NAMESPACE/NAME, or a name; needed when there are several')
    .requiredOption('-f, --file <file>', 'the payload, `-` for standard input')
    .option('-e, --event <type>', 'the event, as the host names it: push, pull_request, repo:push, …')
    .addOption(new Option('--host <host>', 'the git host to be; by default the one a trigger asks for').choices(HOSTS))
    .option('--secret <value>', 'sign with this; other users of this machine can read it while the command runs')
    .option(
      '--secret-from <ns/name:key>',
      'sign with this key of a Secret; by default the one a trigger asks for',
      secretKey,
    )
    .option('-H, --header <header>', "another header, such as 'X-Id: 5'; may be repeated", repeated(header), [])
    .option('-n, --namespace <namespace>', 'of the listener', 'default')
    .option('--wait', 'until the created runs have ended; the default on a terminal')
    .option('--no-wait', 'only until the delivery is dispatched')
    .addOption(
      new Option('--timeout <duration>', 'for all that follows the sending')
        .argParser(duration)
        .default(3_600_000, '1h'),
    )
    .option('--hooks <url>', 'where webhooks go, with --server')
    .addOption(new Option('-o, --output <format>', 'the delivery, as the API gives it').choices(['json']))
    .addHelpText(
      'after',
      '\nExit code: 0 something fired, and what was waited for succeeded; 1 not so; 2 nothing was sent.',
    )
  addEngineFlags(command).action(async (listener: string | undefined, flags: TriggerFlags) => {
    const { triggerCommand } = await import('../commands/trigger.js')
    const { event, file, namespace, host, secret, secretFrom, header, hooks, wait, timeout, output } = flags
    exit(
      await triggerCommand(context('warn'), {
        engine: engineFlags(flags),
        file,
        namespace,
        headers: header,
        timeoutMs: timeout,
        ...(listener && { listener }),
        ...(event && { event }),
        ...(host && { host }),
        ...(secret !== undefined && { secret }),
        ...(secretFrom && { secretFrom }),
        ...(hooks && { hooks }),
        ...(wait !== undefined && { wait }),
        ...(output && { output }),
      }),
    )
  })
}

function secretKey(text: string): { namespace: string; name: string; key: string } {
  const [, namespace, name, key] = /^([^/:]+)\/([^/:]+):([^/]+)$/.exec(text) ?? []
  if (!namespace || !name || !key) throw new InvalidArgumentError('It must be of the form NAMESPACE/NAME:KEY.')
  return { namespace, name, key }
}
