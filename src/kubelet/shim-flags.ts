import { posix } from 'node:path'
import { rewriteWith } from './rewrite.js'
import type { ContainerConfig } from './runtime.js'
import type { ProgramLayers } from './shells.js'

/** Kubernetes' own default, and where a container without a `terminationMessagePath` leaves its last words. */
const DEFAULT_TERMINATION_PATH = '/dev/termination-log'

/**
 * The command line of a shim (shim/README.md), and the environment of the container's process.
 *
 * @param messageBytes kept of a container's last words; Kubernetes' 4096 when not given
 */
export function shimFlags(
  config: ContainerConfig,
  folder: string,
  isolation: 'namespace' | 'rewrite',
  programs?: ProgramLayers,
  messageBytes?: number,
): { readonly flags: readonly string[]; readonly env: Readonly<Record<string, string>> } {
  const { container } = config
  const command = [...(container.command ?? []), ...(container.args ?? [])]
  const terminationPath = container.terminationMessagePath ?? DEFAULT_TERMINATION_PATH
  const termination = { hostPath: posix.join(folder, 'termination'), containerPath: terminationPath, readOnly: false }
  const flags = ['--dir', folder, '--termination', terminationPath]
  if (messageBytes !== undefined) flags.push('--message-max', String(messageBytes))
  if (container.terminationMessagePolicy === 'FallbackToLogsOnError') flags.push('--message-from-log')
  if (config.runAsUser !== undefined) flags.push('--uid', String(config.runAsUser))
  if (config.runAsGroup !== undefined) flags.push('--gid', String(config.runAsGroup))
  if (config.groups !== undefined && config.groups.length > 0) flags.push('--groups', config.groups.join(','))
  if (config.hidden !== undefined && config.hidden.length > 0) flags.push('--mask', hexOf(config.hidden))
  if (container.securityContext?.allowPrivilegeEscalation === false) flags.push('--no-new-privileges')

  const mounts = [...config.mounts, termination]
  if (isolation === 'rewrite') {
    const rewrite = rewriteWith(mounts)
    if (container.workingDir) flags.push('--cwd', rewrite(container.workingDir))
    const rewritten = Object.fromEntries(Object.entries(config.env).map(([name, value]) => [name, rewrite(value)]))
    // Where no folder can lie over another, the names on the PATH are what can be done.
    const path = programs && [programs.before, rewritten['PATH'], programs.behind].filter(Boolean).join(':')
    const env = path === undefined ? rewritten : { ...rewritten, PATH: path }
    return { flags: [...flags, '--', ...command.map(rewrite)], env }
  }

  flags.push('--isolate')
  if (container.securityContext?.readOnlyRootFilesystem === true) flags.push('--read-only-root')
  if (container.workingDir) flags.push('--cwd', posix.resolve('/', container.workingDir))
  if (programs !== undefined) {
    const folders = [programs.before, programs.machine, programs.behind]
    flags.push('--layers', folders.map(escapeLayer).join(':'), programs.machine)
  }
  // Outer mounts first: an inner one lies on them.
  const placed = mounts
    .map(mount => ({ ...mount, containerPath: posix.resolve('/', mount.containerPath) }))
    .sort((a, b) => depth(a.containerPath) - depth(b.containerPath))
  for (const mount of placed) {
    flags.push(mount.readOnly ? '--mount-ro' : '--mount', mount.hostPath, mount.containerPath)
  }
  return { flags: [...flags, '--', ...command], env: config.env }
}

/** Each behind two bytes of its length. This goes through a pipe to a shim that is forked: no process has it as an argument. */
function hexOf(patterns: readonly Uint8Array[]): string {
  const sized = patterns.flatMap(pattern => [Buffer.from([pattern.length >> 8, pattern.length & 255]), pattern])
  return Buffer.concat(sized).toString('hex')
}

function depth(path: string): number {
  return path.split('/').length
}

/** In the kernel's list of an overlay's folders, colons separate them and commas end the list. */
export function escapeLayer(path: string): string {
  return path.replace(/[\\:,]/g, '\\$&')
}
