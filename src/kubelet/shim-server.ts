import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { escapeLayer } from './shim-flags.js'

/** The engine's end of `shim serve`: what may be asked of it, see shim/serve.c. */
export interface ShimServer {
  /**
   * Starts a container. `ended` resolves to its exit record once it has ended, or to nothing when the server cannot
   * tell (it died, or another shim has the container): then the container's folder knows.
   */
  start(flags: readonly string[], env: Readonly<Record<string, string>>): StartedShim
  /**
   * Containers that are started from here on see `folder` as it is, and write into `upper` instead of it. `upper` and
   * `work` are empty folders of one file system. Resolves to why this machine cannot do that.
   */
  overlay(folder: string, upper: string, work: string): Promise<string | undefined>
  /** The process whose view of the machine containers begin with. */
  readonly pid: number | undefined
  /** Removes a folder and all in it, never following a link. */
  remove(path: string): Promise<void>
  /** Ends the server. Containers go on. */
  close(): Promise<void>
}

export interface StartedShim {
  readonly ended: Promise<Buffer | undefined>
  signal(number: number): void
}

/** Starts the server when it is first needed, and again when it died. */
export function createShimServer(options: { readonly shimPath: string }): ShimServer {
  let server: Connection | undefined
  let closed = false
  let hasOverlays = false

  const connection = (): Connection => {
    if (closed) throw new Error(`${options.shimPath}: no more requests after close()`)
    // Another server would have no overlays: what steps write would reach the folders themselves.
    if (hasOverlays && server?.dead) throw new Error(`${options.shimPath} serve has ended, and its overlays with it`)
    if (server === undefined || server.dead) server = connect(options.shimPath)
    return server
  }

  return {
    start(flags, env) {
      const to = connection()
      const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
      const request = to.ask(['start', String(flags.length), ...flags, ...variables])
      return {
        ended: request.answer.then(
          bytes => (bytes.length === 0 ? undefined : bytes),
          () => undefined,
        ),
        signal: number => to.tell(['signal', String(request.id), String(number)]),
      }
    },
    async overlay(folder, upper, work) {
      const problem = await connection().ask(['overlay', folder, ...[upper, work].map(escapeLayer)]).answer
      if (problem.length > 0) return problem.toString('utf8')
      hasOverlays = true
      return undefined
    },
    get pid() {
      return server?.pid
    },
    async remove(path) {
      const problem = await connection().ask(['remove', path]).answer
      if (problem.length > 0) throw new Error(`removing ${path}: ${problem.toString('utf8')}`)
    },
    async close() {
      closed = true
      await server?.end()
    },
  }
}

interface Connection {
  readonly dead: boolean
  readonly pid: number | undefined
  ask(texts: readonly string[]): { readonly id: number; readonly answer: Promise<Buffer> }
  tell(texts: readonly string[]): void
  end(): Promise<void>
}

interface Waiting {
  readonly resolve: (answer: Buffer) => void
  readonly reject: (error: Error) => void
}

function connect(shimPath: string): Connection {
  // Its own session, so that the terminal's Ctrl-C reaches the engine only; no environment, so that nothing leaks.
  const child = spawn(shimPath, ['serve'], { stdio: ['pipe', 'pipe', 'inherit'], detached: true, env: {}, cwd: '/' })
  const waiting = new Map<number, Waiting>()
  const input = child.stdin as Socket
  const output = child.stdout as Socket
  let dead = false
  let lastId = 0
  let rest: Buffer = Buffer.alloc(0)

  const die = (cause?: Error): void => {
    dead = true
    const error = new Error(`${shimPath} serve has ended`, { cause })
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  const exited = new Promise<void>(resolve => {
    child.once('error', error => {
      die(error)
      resolve()
    })
    child.once('exit', () => resolve())
    // After the last answer was read, which `exit` is not.
    child.once('close', () => die())
  })
  input.on('error', () => undefined) // the server died; `close` says so too
  unrefAll(child, input, output)

  output.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= 8) {
      const size = rest.readUInt32LE(0)
      if (rest.length < 4 + size) break
      const id = rest.readUInt32LE(4)
      waiting.get(id)?.resolve(Buffer.from(rest.subarray(8, 4 + size)))
      waiting.delete(id)
      rest = rest.subarray(4 + size)
    }
    if (waiting.size === 0) output.unref()
  })

  const send = (id: number, texts: readonly string[]): void => {
    // A NUL would end a text early and shift all that follow; no argument or variable of a process can hold one.
    const payload = Buffer.from(`${texts.map(text => text.replaceAll('\0', '')).join('\0')}\0`, 'utf8')
    const frame = Buffer.allocUnsafe(8 + payload.length)
    frame.writeUInt32LE(payload.length + 4, 0)
    frame.writeUInt32LE(id, 4)
    payload.copy(frame, 8)
    input.write(frame)
  }

  return {
    get dead() {
      return dead
    },
    pid: child.pid,
    ask(texts) {
      const id = ++lastId
      const answer = new Promise<Buffer>((resolve, reject) => waiting.set(id, { resolve, reject }))
      // Someone waits: the process must not end under them.
      output.ref()
      send(id, texts)
      return { id, answer }
    },
    tell: texts => send(++lastId, texts),
    async end() {
      input.end()
      child.ref()
      await exited
    },
  }
}

function unrefAll(...things: readonly (ChildProcess | Socket)[]): void {
  for (const thing of things) thing.unref()
}
