/** The flags of `tektite up`. The command itself is loaded when it is asked for. */
import type { Command } from 'commander'
import { PARTS, type Part } from '../../config.js'
import type { Invocation } from '../context.js'
import { baseUrl, hostName, ipAddress, parts, port, repeated } from './values.js'

interface UpFlags {
  readonly port: number
  readonly securePort: number
  readonly bindAddress: string
  readonly tlsCertFile?: string
  readonly tlsPrivateKeyFile?: string
  readonly tlsSan?: readonly string[]
  readonly tokenAuthFile?: string
  readonly auditLogPath?: string
  readonly hooksPort: number
  readonly hooksUrl?: string
  readonly data: string
  readonly redis?: string
  readonly parts: readonly Part[]
}

export function addUp(program: Command, { context, exit }: Invocation): void {
  program
    .command('up')
    .description('run the embedded engine as a server: API, webhook listeners, workers and kubelet in one process')
    .option('--port <port>', 'the API without TLS, on loopback', port, 6440)
    .option(
      '--secure-port <port>',
      'the API with TLS, for kubectl: DATA/kubeconfig leads there; 0: the last, or any',
      port,
      0,
    )
    .option(
      '--bind-address <address>',
      'where the secure port listens: an IP address, 0.0.0.0 for all',
      ipAddress,
      '127.0.0.1',
    )
    .option('--tls-cert-file <file>', 'the certificate of the secure port (PEM), instead of one of its own')
    .option('--tls-private-key-file <file>', 'its private key (PEM)')
    .option(
      '--tls-san <name>',
      'a host name or address that its own certificate is for, too (repeatable)',
      repeated(hostName),
    )
    .option(
      '--token-auth-file <file>',
      'more users of the API: lines of token,user,uid,"group,group", as Kubernetes has them',
    )
    .option(
      '--audit-log-path <file>',
      'who changed what through the API; -: standard output, off: nowhere; if not given DATA/audit.log',
    )
    .option('--hooks-port <port>', 'webhooks, on all interfaces', port, 6480)
    .option('--data <dir>', 'where everything is kept', '.tektite')
    .option('--hooks-url <url>', 'where senders reach the webhooks, shown in the status of EventListeners', baseUrl)
    .option('--redis <url>', 'keep queue and inbox in this Redis (BullMQ)')
    .option(
      '--parts <list>',
      'what runs in this process, of api,kubelet,workers,listeners; the api always does',
      parts,
      PARTS,
    )
    .action(async (flags: UpFlags, command: Command) => {
      const { tlsCertFile, tlsPrivateKeyFile } = flags
      if ((tlsCertFile === undefined) !== (tlsPrivateKeyFile === undefined)) {
        command.error('error: --tls-cert-file and --tls-private-key-file go together: give both, or neither')
      }
      const { upCommand } = await import('../commands/up.js')
      exit(
        await upCommand(context('info'), {
          port: flags.port,
          hooksPort: flags.hooksPort,
          parts: flags.parts,
          dataDir: flags.data,
          secure: {
            port: flags.securePort,
            bindAddress: flags.bindAddress,
            tlsNames: flags.tlsSan ?? [],
            ...(tlsCertFile && tlsPrivateKeyFile && { tlsFiles: { certificate: tlsCertFile, key: tlsPrivateKeyFile } }),
          },
          ...(flags.tokenAuthFile && { tokenAuthFile: flags.tokenAuthFile }),
          ...(flags.auditLogPath && { auditLogPath: flags.auditLogPath }),
          ...(flags.hooksUrl && { hooksUrl: flags.hooksUrl }),
          ...(flags.redis && { redisUrl: flags.redis }),
        }),
      )
    })
}
