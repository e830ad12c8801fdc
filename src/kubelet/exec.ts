import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, readlink } from 'node:fs/promises'
import { PassThrough, type Readable, type Writable } from 'node:stream'
import type { ExecOptions, ExecProcess } from './runtime.js'

/** Runs a command beside a container's process: its mounts, its environment. Output is dropped. Exit code, 128+n when killed. */
export async function execBeside(
  shimPath: string,
  shimPid: number,
  command: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const env = await environmentBelow(shimPid)
  return new Promise((resolve, reject) => {
    const child = spawn(shimPath, ['exec', '--pid', String(shimPid), '--', ...command], {
      stdio: 'ignore',
      env,
      signal,
      killSignal: 'SIGKILL',
    })
    child.once('error', error =>
      reject(new Error(`running ${command[0] ?? 'nothing'} beside process ${shimPid}`, { cause: error })),
    )
    child.once('exit', code => resolve(code ?? 128 + 9))
  })
}

/**
 * The same with its streams, as whoever the container's command runs as and in its working directory. The shim that
 * watches over it kills all of it at `signal`, and when we die.
 */
export async function startBeside(
  shimPath: string,
  shimPid: number,
  { command, input, tty }: ExecOptions,
  signal: AbortSignal,
): Promise<ExecProcess> {
  const like = await childOf(shimPid)
  const flags = ['exec', '--session', '--pid', String(shimPid), '--like', like, ...(await identityOf(like))]
  if (tty) flags.push('--tty', ...(input ? ['--input'] : []))
  const variables = await environmentBelow(shimPid)
  const env = tty && variables['TERM'] === undefined ? { ...variables, TERM: 'xterm' } : variables
  const stdio = [input ? 'pipe' : 'ignore', 'pipe', 'pipe', tty ? 'pipe' : 'ignore'] as const
  const child = spawn(shimPath, [...flags, '--', ...command], { stdio: [...stdio], env, signal, killSignal: 'SIGTERM' })
  // Node throws away what an ended process said that nobody listened to: whoever asked may still be shaking hands.
  const stdout = (child.stdout as Readable).pipe(new PassThrough())
  const stderr = (child.stderr as Readable).pipe(new PassThrough())
  await started(child)
  const sizes = child.stdio[3] as Writable | null
  sizes?.on('error', () => undefined) // it has just ended
  return {
    stdin: child.stdin ?? undefined,
    stdout,
    stderr,
    resize: (columns, rows) => void sizes?.write(`${columns} ${rows}\n`),
    ended: new Promise(resolve => child.once('close', code => resolve(code ?? 128 + 9))),
  }
}

function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve)
    // Also an abort, which the signals' handler has seen to.
    child.on('error', reject)
  })
}

/** The flags for it; only root can become someone else. */
async function identityOf(pid: string): Promise<readonly string[]> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]?.trim().split(/\s+/) ?? []
  const [, uid] = field('Uid')
  const [, gid] = field('Gid')
  const groups = field('Groups').filter(group => group !== '')
  const privileges = field('NoNewPrivs')[0] === '1' ? ['--no-new-privileges'] : []
  if (process.getuid?.() !== 0 || uid === undefined || gid === undefined || (uid === '0' && gid === '0'))
    return privileges
  return [...privileges, '--uid', uid, '--gid', gid, ...(groups.length > 0 ? ['--groups', groups.join(',')] : [])]
}

/**
 * Whether the container's own command runs: until then its mounts may not be made, and it has no environment. A hook is
 * run as soon as a container is there, so this is waited for.
 */
export async function hasBegun(shimPid: number): Promise<boolean> {
  try {
    const command = await childOf(shimPid)
    if (command === '') return false
    if ((await readlink(`/proc/${command}/exe`)) === (await readlink(`/proc/${shimPid}/exe`))) return false
    // The kernel sets it a moment after the program; every container has a PATH in it.
    return (await readFile(`/proc/${command}/environ`)).length > 0
  } catch (error) {
    // Another user's process, which only runs as another user once it has begun; or one of them has just ended.
    return error instanceof Error && 'code' in error && error.code === 'EACCES'
  }
}

async function childOf(shimPid: number): Promise<string> {
  const children = await readFile(`/proc/${shimPid}/task/${shimPid}/children`, 'utf8')
  return children.split(' ')[0] ?? ''
}

/** The kernel keeps it, so a kubelet that was restarted since needs no memory of it. */
async function environmentBelow(shimPid: number): Promise<Record<string, string>> {
  try {
    const text = await readFile(`/proc/${await childOf(shimPid)}/environ`, 'utf8')
    const pairs = text.split('\0').filter(pair => pair.includes('='))
    return Object.fromEntries(pairs.map(pair => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
  } catch {
    return {} // it has just ended: the command will find out by itself
  }
}
