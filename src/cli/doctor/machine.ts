/** What this machine offers to an engine. */
import { execFile } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { platform } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../config.js'
import { createProcessRuntime } from '../../kubelet/process.js'
import { describeError } from '../../lib/fault.js'
import type { Finding } from './finding.js'

const OLDEST_NODE = 20
const SMALL_DISK_BYTES = 2 * 1024 ** 3
/** A log that is followed and a folder that is watched take one each. */
const FEW_WATCHES = 256

export function node(): Finding {
  const { node: version } = process.versions
  const fine = Number(version.split('.')[0]) >= OLDEST_NODE
  return {
    what: 'Node',
    is: fine ? 'fine' : 'broken',
    found: version,
    ...(!fine && { wayOut: `install Node ${OLDEST_NODE} or newer` }),
  }
}

export function system(): Finding {
  if (platform() === 'linux') return { what: 'system', is: 'fine', found: `Linux ${kernel()}` }
  return {
    what: 'system',
    is: 'broken',
    found: platform(),
    wayOut: 'steps run as processes on Linux only: use a Linux machine, a virtual one or a container',
  }
}

function kernel(): string {
  return textOf('/proc/sys/kernel/osrelease') || 'of an unknown version'
}

export function programs({ nativeDir }: Config): Finding {
  const missing = ['entrypoint', 'shim'].filter(name => !isProgram(join(nativeDir, name)))
  if (missing.length === 0) return { what: 'entrypoint', is: 'fine', found: 'built' }
  const found = `${missing.join(' and ')} missing in ${nativeDir}`
  return { what: 'entrypoint', is: 'broken', found, wayOut: 'npm run build (needs make and a C compiler)' }
}

/** Runs a container to see. */
export async function isolation(config: Config): Promise<Finding> {
  const what = 'isolation'
  const folder = await mkdtemp(join(config.tempDir, 'tektite-doctor-'))
  const shimPath = join(config.nativeDir, 'shim')
  const runtime = createProcessRuntime({ rootDir: folder, shimPath, isolation: config.isolation })
  try {
    if ((await runtime.isolation()) === 'namespace') {
      return { what, is: 'fine', found: 'mount namespaces: /workspace and /tekton are where scripts expect them' }
    }
    return {
      what,
      is: 'lacks',
      found: 'no mount namespaces: paths are rewritten in commands, env and scripts',
      wayOut:
        'allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, or kernel.apparmor_restrict_unprivileged_userns=0)',
    }
  } catch (error) {
    return { what, is: 'broken', found: describeError(error), wayOut: 'see docs/local.md, Isolation' }
  } finally {
    await runtime.close()
    await rm(folder, { recursive: true, force: true })
  }
}

export async function program(name: string, args: readonly string[], without: string): Promise<Finding> {
  const said = await output(name, args)
  if (said === undefined) {
    return { what: name, is: 'lacks', found: 'not on the PATH', wayOut: `install ${name}: without it ${without}` }
  }
  return { what: name, is: 'fine', found: /\d+\.\d+[\w.+-]*/.exec(said)?.[0] ?? 'there' }
}

export async function disk(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  const found = `${(free / 1024 ** 3).toFixed(1)} GiB free in ${folder}`
  if (free >= SMALL_DISK_BYTES) return { what: 'disk', is: 'fine', found }
  return { what: 'disk', is: 'lacks', found, wayOut: 'make room, or set TMPDIR and --data to folders with more' }
}

export function watches(): Finding {
  const instances = Number(textOf('/proc/sys/fs/inotify/max_user_instances') || Number.NaN)
  const what = 'file watches'
  if (Number.isNaN(instances) || instances >= FEW_WATCHES) {
    return { what, is: 'fine', found: Number.isNaN(instances) ? 'no limit known' : `${instances} at once` }
  }
  const found = `${instances} at once: logs of many steps at a time are followed late`
  return { what, is: 'lacks', found, wayOut: 'sysctl fs.inotify.max_user_instances=512' }
}

/** Whether `tektite up` could listen where it does by default. */
export async function port(number: number, use: string, flag: string): Promise<Finding> {
  const what = `port ${number}`
  const code = await new Promise<string | undefined>(settle => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message))
    server.listen(number, '127.0.0.1', () => server.close(() => settle(undefined)))
  })
  if (code === undefined) return { what, is: 'fine', found: `free, for ${use}` }
  return { what, is: 'lacks', found: `taken (${code}), wanted for ${use}`, wayOut: `tektite up ${flag} 0` }
}

function output(name: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise(settle => {
    execFile(name, [...args], { timeout: 10_000 }, (error, stdout, stderr) =>
      settle(error ? undefined : `${stdout}${stderr}`),
    )
  })
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}
