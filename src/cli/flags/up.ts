/** The flags of `tektite up`. The command itself is loaded when it is asked for. */
import type { Command } from 'commander'
import type { Invocation } from '../context.js'
import { baseUrl, port } from './values.js'

interface UpFlags {
  readonly port: number
  readonly hooksPort: number
  readonly hooksUrl?: string
  readonly data: string
  readonly redis?: string
}

export function addUp(program: Command, { context, exit }: Invocation): void {
  program
    .command('up')
    .description('run the embedded engine as a server: API, webhook listeners, workers and kubelet in one process')
    .option('--port <port>', 'the API, on loopback', port, 6440)
    .option('--hooks-port <port>', 'webhooks, on all interfaces', port, 6480)
    .option('--data <dir>', 'where everything is kept', '.tektite')
    .option('--hooks-url <url>', 'where senders reach the webhooks, shown in the status of EventListeners', baseUrl)
    .option('--redis <url>', 'keep queue and inbox in this Redis (BullMQ)')
    .action(async (flags: UpFlags) => {
      const { upCommand } = await import('../commands/up.js')
      exit(
        await upCommand(context('info'), {
          port: flags.port,
          hooksPort: flags.hooksPort,
          dataDir: flags.data,
          ...(flags.hooksUrl && { hooksUrl: flags.hooksUrl }),
          ...(flags.redis && { redisUrl: flags.redis }),
        }),
      )
    })
}
