import { spawn } from 'node:child_process'
import { readFile, readlink } from 'node:fs/promises'

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
