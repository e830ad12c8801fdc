/** How a command finds the engine that runs (`tektite up`), and asks its API. */
import { readFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { join } from 'node:path'

/** The flags of every command that talks to an engine: `flags/engine.ts`. */
export interface EngineFlags {
  /** The data folder of the engine: its addresses and its token are there. */
  readonly dataDir: string
  /** The URL of its API, when it is not one of this machine's data folders. */
  readonly server?: string
  /** The file with the bearer token for `server`. */
  readonly tokenFile?: string
}

export interface EngineClient {
  /** As in `http://127.0.0.1:6440`. */
  readonly api: string
  /** Where its webhooks go; undefined when only the API's address was given. */
  readonly hooks: string | undefined
  /** @throws EngineError when the engine says no or does not answer */
  get<T>(path: string): Promise<T>
  post<T>(path: string, body?: unknown): Promise<T>
}

/** What the engine said no with, or that none is there. The message is for the user. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  /** The HTTP status; 0 when nobody answered. */
  readonly code: number
  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** An engine that is stopping may hold a request for a while; nothing we ask takes long. */
const DEADLINE_MS = 30_000

/** @throws EngineError when there is no engine where the flags say */
export async function connectToEngine(flags: EngineFlags): Promise<EngineClient> {
  const place = await placeOf(flags)
  const client: EngineClient = {
    api: place.api,
    hooks: place.hooks,
    get: path => call(place, 'GET', path),
    post: (path, body) => call(place, 'POST', path, body),
  }
  // Now rather than in the middle of a command: the engine may be gone, and its addresses still there.
  await client.get('/version')
  return client
}

interface Place {
  readonly api: string
  readonly hooks: string | undefined
  readonly token: string
  /** What to try when nobody answers. */
  readonly wayOut: string
}

async function placeOf({ dataDir, server, tokenFile }: EngineFlags): Promise<Place> {
  if (server === undefined) return placeInFolder(dataDir, tokenFile)
  const url = URL.parse(server)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new EngineError(0, `--server "${server}" is not a URL: give one such as http://127.0.0.1:6440`)
  }
  // The token of a data folder is for its own engine: whoever else is asked must not see it.
  if (tokenFile === undefined) {
    throw new EngineError(
      0,
      `--server needs --token-file FILE: the token of "${dataDir}" is sent to its own engine only`,
    )
  }
  const wayOut = `is an engine listening at ${server}?`
  return { api: server.replace(/\/+$/, ''), hooks: undefined, token: await readToken(tokenFile), wayOut }
}

async function placeInFolder(dataDir: string, tokenFile = join(dataDir, 'token')): Promise<Place> {
  const file = join(dataDir, 'addresses.json')
  const wayOut = `start one with: tektite up --data ${dataDir}`
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? `there is no ${file}` : `${file} cannot be read: ${cause.message}`
    throw new EngineError(0, `no engine runs with the data folder "${dataDir}" (${why}): ${wayOut}, or say --data`)
  })
  const { api, hooks } = readAddresses(text)
  if (api === undefined) throw new EngineError(0, `${file} names no address of an API: ${wayOut}`)
  return { api, hooks, token: await readToken(tokenFile), wayOut }
}

function readAddresses(text: string): { readonly api?: string; readonly hooks?: string } {
  try {
    const { api, hooks } = (JSON.parse(text) ?? {}) as Readonly<Record<string, unknown>>
    return { ...(typeof api === 'string' && { api }), ...(typeof hooks === 'string' && { hooks }) }
  } catch {
    // Not JSON: told as a file without addresses.
    return {}
  }
}

async function readToken(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new EngineError(0, `the token of the engine cannot be read: ${cause.message}`)
  })
  if (text.trim() === '') throw new EngineError(0, `the token of the engine cannot be read: ${file} is empty`)
  return text.trim()
}

async function call<T>({ api, token, wayOut }: Place, method: string, path: string, body?: unknown): Promise<T> {
  const bytes = body === undefined ? '' : JSON.stringify(body)
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answer = await exchange(`${api}${path}`, { method, headers, body: bytes }).catch((cause: unknown) => {
    throw new EngineError(0, `no engine answers at ${api}: ${wayOut}`, { cause })
  })
  const said = parsed(answer.body.toString())
  if (answer.status >= 200 && answer.status < 300 && said !== undefined) return said as T
  if (answer.status === 401) {
    throw new EngineError(
      401,
      `the engine at ${api} does not know the token: the file "token" of its data folder has it`,
    )
  }
  const message = (said as { message?: unknown } | undefined)?.message
  const text = typeof message === 'string' ? message : `${method} ${path} was answered with ${answer.status}`
  throw new EngineError(answer.status, text)
}

export interface Exchange {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/** One request over HTTP. @throws Error when there is no complete answer within half a minute */
export function exchange(url: string, { method, headers, body }: Exchange): Promise<HttpAnswer> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    // No agent: a command must not be kept alive by a connection.
    const options = {
      method,
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      agent: false as const,
    }
    const sending = request(url, { ...options, signal: AbortSignal.timeout(DEADLINE_MS) }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }))
    })
    sending.on('error', reject)
    sending.end(body)
  })
}

export interface HttpAnswer {
  readonly status: number
  readonly body: Buffer
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Whatever answers there is no engine of ours.
    return undefined
  }
}
