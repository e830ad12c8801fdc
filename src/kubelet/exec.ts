import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'

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

/** The kernel keeps it, so a kubelet that was restarted since needs no memory of it. */
async function environmentBelow(shimPid: number): Promise<Record<string, string>> {
  try {
    const children = await readFile(`/proc/${shimPid}/task/${shimPid}/children`, 'utf8')
    const first = children.split(' ')[0]
    const text = await readFile(`/proc/${first}/environ`, 'utf8')
    const pairs = text.split('\0').filter(pair => pair.includes('='))
    return Object.fromEntries(pairs.map(pair => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
  } catch {
    return {} // it has just ended: the command will find out by itself
  }
}
