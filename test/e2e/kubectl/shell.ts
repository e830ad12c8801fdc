/** A user's shell, with one kubectl and one kubeconfig. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Kubectl } from '../../helpers/kubectl.js'
import type { Outcome } from './session.js'

/** What still runs then hangs. */
const PATIENCE_MS = 60_000

export interface Shell {
  readonly kubectl: Kubectl
  readonly kubeconfig: string
  /** Where kubectl keeps what it found out about the server. */
  readonly home: string
  readonly folder: string
}

export async function runCommand(shell: Shell, command: string): Promise<Outcome> {
  const env = {
    ...process.env,
    PATH: `${shell.kubectl.folder}:${process.env['PATH']}`,
    HOME: shell.home,
    KUBECONFIG: shell.kubeconfig,
    LC_ALL: 'C',
    TZ: 'UTC',
  }
  // A process group of its own: what is killed is killed with what it started.
  const child = spawn('sh', ['-c', command], {
    cwd: shell.folder,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const timer = setTimeout(() => {
    stderr += `\nstill running after ${PATIENCE_MS} ms`
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }, PATIENCE_MS)
  try {
    const [code] = (await once(child, 'close')) as [number | null]
    return { stdout, stderr, code }
  } finally {
    clearTimeout(timer)
  }
}
