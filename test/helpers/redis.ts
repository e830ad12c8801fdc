import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.js'

export interface TestRedis {
  readonly url: string
  /** The server process; throws when the tests were pointed at a Redis of yours with REDIS_URL. */
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>
  /** Starts it again on the same port with the data it had written. */
  start(): Promise<void>
  close(): Promise<void>
}

const missing =
  'these tests need a real Redis: install redis-server (apt-get install redis-server, brew install redis), or set ' +
  'REDIS_URL to one that may be filled with keys (the tests that stop and kill Redis need redis-server itself)'

/**
 * A Redis for one test file: our own server in a temporary directory, which writes every change to disk before it
 * answers unless `args` say otherwise, or else the one REDIS_URL names.
 * @throws Error when there is neither: a test of the queue that did not run is not a test that passed.
 */
export async function startRedis(args: readonly string[] = []): Promise<TestRedis> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ownRedis(await freePort(), args)
    } catch (error) {
      const url = process.env['REDIS_URL']
      if (url !== undefined && isMissing(error)) return foreignRedis(url)
      // Between our looking for a free port and the server taking it, someone else can be faster.
      if (isMissing(error) || attempt === 3) throw isMissing(error) ? new Error(missing, { cause: error }) : error
    }
  }
}

async function ownRedis(port: number, args: readonly string[]): Promise<TestRedis> {
  const dir = await mkdtemp(join(tmpdir(), 'tektite-redis-'))
  let server: ChildProcess | undefined
  const killAtExit = () => server?.kill('SIGKILL')

  async function start(): Promise<void> {
    const defaults = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '', '--bind', '127.0.0.1']
    const child = spawn('redis-server', ['--port', `${port}`, '--dir', dir, ...defaults, ...args], { stdio: 'ignore' })
    const failed = new Promise<never>((_, reject) => {
      child.once('error', reject)
      child.once('exit', code =>
        reject(new Error(`redis-server on port ${port} ended with ${code} before it answered`)),
      )
    })
    failed.catch(() => {}) // Ends later too, on purpose.
    server = child
    await Promise.race([answers(port), failed])
  }

  process.once('exit', killAtExit)
  try {
    await start()
  } catch (error) {
    await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
    throw error
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    async kill(signal) {
      const gone = signal === 'SIGKILL' ? once(server!, 'exit') : undefined
      server!.kill(signal)
      await gone
    },
    async close() {
      process.off('exit', killAtExit)
      if (server!.exitCode === null && server!.signalCode === null) {
        const gone = once(server!, 'exit')
        server!.kill('SIGKILL')
        await gone
      }
      await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
    },
  }
}

function foreignRedis(url: string): TestRedis {
  const refuse = async () => {
    throw new Error(`the Redis of REDIS_URL cannot be stopped by a test; ${missing}`)
  }
  return { url, kill: refuse, start: refuse, close: async () => {} }
}

function isMissing(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ENOENT'
}

async function answers(port: number): Promise<void> {
  const deadline = Date.now() + 10_000
  while (Date.now() < deadline) {
    const pong = await new Promise<string>(resolve => {
      const socket = createConnection(port, '127.0.0.1')
      socket.once('connect', () => socket.write('PING\r\n'))
      socket.once('data', data => {
        resolve(data.toString())
        socket.destroy()
      })
      socket.once('error', () => setTimeout(resolve, 10, ''))
    })
    if (pong.startsWith('+PONG')) return
  }
  throw new Error(`redis-server on port ${port} did not answer within 10 s`)
}
