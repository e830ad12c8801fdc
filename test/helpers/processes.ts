/** Workers, listeners and dashboard as real processes. Needs the compiled program: `npm run build`. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { until } from '../kubelet/until.js'
import { ROOT } from './cli.js'

export interface Part {
  readonly child: ChildProcess
  /** Of `/metrics`, `/livez` and `/readyz`: `http://127.0.0.1:<port>`. */
  readonly metrics: string
  /** Where a listener takes webhooks, and a dashboard is looked at; '' for workers. */
  readonly hooks: string
  /** What it logged so far. */
  readonly said: () => readonly Record<string, unknown>[]
  /** Sends the signal and waits for the end. Resolves to the exit code, null when it was killed. */
  readonly end: (signal: 'SIGTERM' | 'SIGKILL') => Promise<number | null>
  readonly ready: (deadlineMs?: number) => Promise<void>
}

/** Its variables, and nothing of ours that would tell it something. */
function environmentOf(given: Readonly<Record<string, string>>): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env
  return { PATH, HOME, ...given }
}

/** Waits until it answers on its metrics port, which is before it is ready. Killed at the end of the test. `root` holds `dist`. */
export async function startPart(
  name: 'workers' | 'listeners' | 'dashboard',
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  root = ROOT,
): Promise<Part> {
  const ports = ['--metrics-port', '0', ...(name === 'workers' ? [] : ['--port', '0'])]
  const child = spawn(process.execPath, [join(root, 'dist', name, 'main.js'), ...ports, ...args], {
    env: environmentOf(environment),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  child.stderr.setEncoding('utf8').on('data', (more: string) => {
    text += more
  })
  const said = () => text.split('\n').flatMap(readLine)
  const field = (message: string, key: string) => said().find(line => line['msg'] === message)?.[key]
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  const port = await until(`${name} to answer`, () => {
    if (hasEnded()) throw new Error(`${name} ended with ${child.exitCode}: ${text}`)
    return field('starting', 'metricsPort') as number | undefined
  })
  const metrics = `http://127.0.0.1:${port}`
  return {
    child,
    metrics,
    said,
    get hooks() {
      const listening = field('listening', 'port')
      return listening === undefined ? '' : `http://127.0.0.1:${listening}`
    },
    async end(signal) {
      if (!hasEnded()) {
        const ended = once(child, 'close')
        child.kill(signal)
        await ended
      }
      return child.exitCode
    },
    async ready(deadlineMs = 30_000) {
      await until(`${name} to be ready`, async () => (await fetch(`${metrics}/readyz`)).ok, deadlineMs)
    },
  }
}

function readLine(line: string): readonly Record<string, unknown>[] {
  try {
    return [JSON.parse(line) as Record<string, unknown>]
  } catch {
    return []
  }
}

/** One that ends by itself. */
export function endedPart(
  name: 'workers' | 'listeners',
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  return new Promise(resolve => {
    const command = [join(ROOT, 'dist', name, 'main.js'), ...args]
    const options = { env: environmentOf(environment) }
    const child = execFile(process.execPath, command, options, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    )
    // Should it not end by itself, it is not left behind.
    onTestFinished(() => void child.kill('SIGKILL'))
  })
}
