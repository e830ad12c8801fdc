/** The flags of `tektite deliveries`. The command itself is loaded when it is asked for. */
import { type Command, Option } from 'commander'
import type { Invocation } from '../context.js'
import { addEngineFlags, type EngineFlagValues, engineFlags } from './engine.js'
import { count, duration } from './values.js'

interface CommonFlags extends EngineFlagValues {
  readonly namespace?: string
  readonly output?: 'json'
}

interface ListFlags extends CommonFlags {
  readonly listener?: string
  readonly verdict?: string
  readonly limit: number
}

const VERDICTS = ['fired', 'filtered', 'failed', 'rejected', 'pending']

export function addDeliveries(program: Command, { context, exit }: Invocation): void {
  const deliveries = program
    .command('delivery')
    .description('what came in: each webhook delivery, what every trigger made of it and why; and once more')

  const list = deliveries
    .command('list', { isDefault: true })
    .alias('ls')
    .description('the newest deliveries')
    .option('--listener <name>', 'only of this EventListener')
    .addOption(new Option('--verdict <verdict>', 'only with this outcome').choices(VERDICTS))
    .option('--limit <n>', 'how many', count, 20)
  common(list, 'only of this namespace (default: all)').action(async (flags: ListFlags) => {
    const { listDeliveriesCommand } = await import('../commands/deliveries.js')
    const { listener, verdict, limit } = flags
    const filter = { ...(listener && { listener }), ...(verdict && { verdict }), limit }
    exit(await listDeliveriesCommand(context('warn'), { ...chosen(flags), ...filter }))
  })

  const show = deliveries
    .command('show')
    .aliases(['describe', 'desc'])
    .description('everything about one delivery; credentials in it are masked')
    .argument('<id>', 'its id or the sender’s, or how one of them begins or ends')
    .option('--body', 'the body too, as it came', false)
  common(show, 'look for it in this namespace only').action(
    async (id: string, flags: CommonFlags & { readonly body: boolean }) => {
      const { showDeliveryCommand } = await import('../commands/deliveries.js')
      exit(await showDeliveryCommand(context('warn'), { ...chosen(flags), id, body: flags.body }))
    },
  )

  const replay = deliveries
    .command('replay')
    .description('dispatch a delivery again, on purpose: what fires makes new runs')
    .argument('<id>', 'its id or the sender’s, or how one of them begins or ends')
    .addOption(
      new Option('--timeout <duration>', 'how long to wait for the dispatch').argParser(duration).default(60_000, '1m'),
    )
    .addHelpText('after', '\nExit code: 0 something fired and nothing failed, 1 not so, 2 nothing was replayed.')
  common(replay, 'look for it in this namespace only').action(
    async (id: string, flags: CommonFlags & { readonly timeout: number }) => {
      const { replayDeliveryCommand } = await import('../commands/deliveries.js')
      exit(await replayDeliveryCommand(context('warn'), { ...chosen(flags), id, timeoutMs: flags.timeout }))
    },
  )
}

function common(command: Command, namespaceHelp: string): Command {
  const withOutput = command
    .option('-n, --namespace <namespace>', namespaceHelp)
    .addOption(new Option('-o, --output <format>', 'as the API gives it').choices(['json']))
  return addEngineFlags(withOutput)
}

function chosen(flags: CommonFlags) {
  const { namespace, output } = flags
  return { engine: engineFlags(flags), ...(namespace && { namespace }), ...(output && { output }) }
}
