/** Runs the real command line as a process. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '../..')
/** The documents and manifests that stand beside the repository. */
export const SHARED = join(ROOT, '../shared')

/** Instead of that of whoever runs the tests; the command bounds what it keeps there. */
const CACHE = join(ROOT, 'node_modules/.cache/tektite-tests')

export interface CliResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  readonly cwd?: string
  /** Called with the process once it is started: to signal it. */
  readonly started?: (child: import('node:child_process').ChildProcess) => void
}

export function tektite(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, 'bin/tektite.js'), ...args], {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, NO_COLOR: '1', XDG_CACHE_HOME: CACHE, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.once('error', reject)
    child.once('close', code => resolve({ code, stdout, stderr }))
    child.stdin.end(options.input ?? '')
    options.started?.(child)
  })
}
