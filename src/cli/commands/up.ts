/** `tektite up`: the embedded engine as a long-running server. */
import { randomUUID } from 'node:crypto'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createGuardedPost } from '../../../listeners/listener-events.js'
import { startListeners } from '../../../listeners/listeners.js'
import { createOutside } from '../../../listeners/outside.js'
import { openAccess } from '../../api/access/data-folder.js'
import { openSecurePort, type SecurePortOptions } from '../../api/access/secure-port.js'
import { startApi } from '../../api/server.js'
import type { Part } from '../../config.js'
import { DASHBOARD_PATH, openStaticFiles } from '../../dashboard/static-files.js'
import { type EmbeddedEngine, openEmbedded } from '../../embedded.js'
import { describeError } from '../../lib/fault.js'
import { writeFileAtomically } from '../../storage/write-file.js'
import type { CliContext } from '../context.js'
import { styleFor } from '../print/style.js'

export interface UpOptions {
  readonly port: number
  readonly hooksPort: number
  /** What senders see in front of `/hooks/…`, where it is another address than ours. */
  readonly hooksUrl?: string
  readonly dataDir: string
  readonly redisUrl?: string
  /** What runs in this process. */
  readonly parts: readonly Part[]
  readonly tokenAuthFile?: string
  readonly auditLogPath?: string
  /** The API over TLS. */
  readonly secure: Pick<SecurePortOptions, 'port' | 'bindAddress' | 'tlsFiles' | 'tlsNames'>
}

/** Runs until SIGTERM or SIGINT. Pods go on meanwhile; the next `up` with the same folder finds them. */
export async function upCommand(context: CliContext, options: UpOptions): Promise<number> {
  const { config, log, now, stdout, stderr } = context
  const style = styleFor(stderr, config)
  const dataDir = resolve(options.dataDir)
  const closing: (() => Promise<void>)[] = []
  const stopped = new Promise<void>(settle => context.onInterrupt(settle))
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    // One that was there before too: logs and Secrets of Pods will be in it.
    await chmod(dataDir, 0o700)
    // It often lies in a repository, and holds tokens.
    await writeFile(join(dataDir, '.gitignore'), '*\n')
    const redis = options.redisUrl ?? config.redisUrl
    const engine = await openEmbedded({
      config,
      log,
      now,
      dataDir,
      throwAway: false,
      parts: options.parts,
      ...(redis && { redisUrl: redis }),
    })
    closing.unshift(() => engine.close())
    const { tokenAuthFile, auditLogPath } = options
    const access = await openAccess({ dataDir, tokenAuthFile, auditLogPath, stdout, log, now })
    closing.unshift(async () => access.close())
    const { tokens, users, auditLog } = access
    const { inbox, ...served } = engine
    // Deliveries are shown where they are kept: with the listeners, or in the Redis that is shared with them.
    const taken = options.parts.includes('listeners') || redis ? inbox : undefined
    const runRequests = taken && { inbox: taken, now, newId: randomUUID }
    const apiDeps = {
      ...served,
      ...(taken && { inbox: taken }),
      ...(runRequests && { runRequests }),
      log,
      token: tokens.admin,
      users,
      auditLog,
      dashboard: openStaticFiles(config.dashboardDir),
    }
    const api = await onPort('--port', options.port, () => startApi(apiDeps, { port: options.port, host: '127.0.0.1' }))
    closing.unshift(() => api.close())
    const secure = await onPort('--secure-port', options.secure.port, () =>
      openSecurePort(apiDeps, { ...options.secure, dataDir, tokens, now }),
    )
    closing.unshift(() => secure.close())
    const listeners = options.parts.includes('listeners')
      ? await onPort('--hooks-port', options.hooksPort, () => openListeners(context, engine, options))
      : undefined
    if (listeners) closing.unshift(() => listeners.close())
    const addresses = {
      api: `http://127.0.0.1:${api.port}`,
      secure: secure.url,
      ...(listeners && { hooks: `http://127.0.0.1:${listeners.port}` }),
      pid: process.pid,
    }
    // For scripts: where this engine listens, once it does.
    await writeFileAtomically(join(dataDir, 'addresses.json'), `${JSON.stringify(addresses)}\n`)
    for (const note of engine.notes) stderr.write(`${style.dim('note')}: ${note}\n`)
    stderr.write(`${style.bold('tektite')} is up\n  API     ${addresses.api}   (token in ${join(dataDir, 'token')})\n`)
    if (addresses.hooks) stderr.write(`  hooks   ${addresses.hooks}/hooks/<namespace>/<listener>\n`)
    // Who sees a terminal sees the file of the token as well; a log that is kept is read by others.
    const login = stderr.isTTY ? `#token=${tokens.admin}` : ''
    stderr.write(`  pages   ${addresses.api}${DASHBOARD_PATH}${login}\n`)
    stderr.write(`  data    ${dataDir}\n`)
    stderr.write(`  kubectl export KUBECONFIG=${shellQuoted(secure.kubeconfig)}\n`)
    for (const line of missingParts(options.parts, shellQuoted(secure.kubeconfig))) stderr.write(`${line}\n`)
    log.info('up', { ...addresses, redis: redis !== undefined })
    await stopped
    return 0
  } catch (error) {
    stderr.write(`${style.red('error')}: ${describeError(error)}\n`)
    return 1
  } finally {
    // Stop taking work, then hand over, then close, in the reverse order of opening.
    for (const close of closing) await close()
  }
}

function openListeners({ config, log, now }: CliContext, engine: EmbeddedEngine, options: UpOptions) {
  const { cluster } = engine
  const { allowedHosts } = config.fetching
  const outside = createOutside({ cluster, allowedHosts, gitHub: config.gitHub })
  const postCloudEvent = createGuardedPost({ cluster, allowedHosts })
  return startListeners(
    { ...engine, outside, postCloudEvent, log, now, newEventId: randomUUID },
    { port: options.hooksPort, ...(options.hooksUrl && { publicUrl: options.hooksUrl }) },
  )
}

/** What is not here, and how it is started elsewhere. */
function missingParts(parts: readonly Part[], kubeconfig: string): readonly string[] {
  const processes = (['workers', 'listeners'] as const).filter(part => !parts.includes(part))
  const kubelet = parts.includes('kubelet') ? [] : ['not here: kubelet: Pods are made, and wait for one']
  return [
    ...processes.map(
      part => `not here: ${part}: node dist/${part}/main.js --kubeconfig ${kubeconfig} --redis-url redis://HOST:PORT`,
    ),
    ...kubelet,
  ]
}

async function onPort<T>(flag: string, port: number, start: () => Promise<T>): Promise<T> {
  try {
    return await start()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'EADDRNOTAVAIL') throw new Error('--bind-address is no address of this machine', { cause })
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw cause
    const why = code === 'EACCES' ? 'may not be opened by this user' : 'is in use by another process'
    throw new Error(`port ${port} ${why}: give another with ${flag}, or 0 for any free one`)
  }
}

/** For a line that a user copies. */
function shellQuoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
