/** The second Ctrl-C: nothing is waited for any more. */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** Kills every process below this one, and has the folders removed by a process of its own. */
export function giveUp(folders: Iterable<string>): void {
  for (const pid of descendantsOf(process.pid)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended by itself meanwhile.
    }
  }
  const paths = [...folders]
  if (paths.length > 0) spawn('rm', ['-rf', '--', ...paths], { detached: true, stdio: 'ignore' }).unref()
}

/** Parents first, so that none of them can start another one in the place of what was killed. */
function descendantsOf(root: number): readonly number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc').filter(each => /^\d+$/.test(each))) {
    const parent = parentOf(name)
    if (parent !== undefined) parents.set(Number(name), parent)
  }
  const found = [root]
  for (let at = 0; at < found.length; at++)
    for (const [pid, parent] of parents) if (parent === found[at]) found.push(pid)
  return found.slice(1)
}

/** Behind the name, which is in brackets and may hold brackets itself. */
function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    // Ended while we looked.
    return undefined
  }
}
