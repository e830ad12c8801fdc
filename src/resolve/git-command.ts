/** The `git` program, for repositories that somebody else chose: nothing of this machine's configuration, no prompts, no hooks, no local files. */
import { spawn } from 'node:child_process'

export interface GitPlace {
  /** A folder of our own, empty at first: home and repository. */
  readonly directory: string
  /** Where programs are found. */
  readonly path: string
  /** Configuration for this fetch alone. In the environment, because arguments can be read by every user. */
  readonly config: Readonly<Record<string, string>>
}

export interface GitOutcome {
  readonly code: number
  readonly stdout: Buffer
  /** The end of it. */
  readonly stderr: string
}

const HARDENED: Readonly<Record<string, string>> = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'credential.helper': '',
  'fetch.writeCommitGraph': 'false',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'protocol.allow': 'never',
  'protocol.http.allow': 'always',
  'protocol.https.allow': 'always',
  'submodule.recurse': 'false',
  'http.proxyAuthMethod': 'basic',
  // A server that trickles is given up by the fetch's own timeout too; this frees the connection earlier.
  'http.lowSpeedLimit': '100',
  'http.lowSpeedTime': '30',
}

const MAX_STDERR_CHARS = 8_192

/** Ends git and all it started when `signal` aborts, and rejects with its reason. Output beyond `maxBytes` is cut. */
export async function git(
  place: GitPlace,
  args: readonly string[],
  {
    input = '',
    maxBytes,
    signal,
  }: { readonly input?: string; readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<GitOutcome> {
  signal.throwIfAborted()
  const child = spawn('git', args, {
    cwd: place.directory,
    env: environment(place),
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own: git starts helpers, and they must not outlive it.
    detached: true,
  })
  const kill = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // All of them have ended.
    }
  }
  signal.addEventListener('abort', kill, { once: true })
  const chunks: Buffer[] = []
  let bytes = 0
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= maxBytes) chunks.push(chunk)
    else kill()
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr = (stderr + chunk).slice(-MAX_STDERR_CHARS)
  })
  // It may end without having read its input.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', cause =>
        reject(new Error('the program "git" cannot be started; install git to use the git resolver', { cause })),
      )
      child.once('close', (exitCode, signalName) => resolve(exitCode ?? (signalName ? 137 : 1)))
    })
    signal.throwIfAborted()
    return { code, stdout: Buffer.concat(chunks), stderr: stderr.trim() }
  } finally {
    signal.removeEventListener('abort', kill)
    kill()
  }
}

function environment({ directory, path, config }: GitPlace): Record<string, string> {
  const entries = Object.entries({ ...HARDENED, ...config })
  return {
    PATH: path,
    HOME: directory,
    XDG_CONFIG_HOME: directory,
    TMPDIR: directory,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: 'http:https',
    GIT_PROTOCOL_FROM_USER: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_CEILING_DIRECTORIES: directory,
    GIT_CONFIG_COUNT: String(entries.length),
    ...Object.fromEntries(
      entries.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  }
}
