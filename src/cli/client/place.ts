/** Which API server a command means. */
import { readFile } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { type Connection, connectionTo } from '../../cluster/kubernetes/connection.js'
import { kubeconfigFiles } from '../../cluster/kubernetes/kubeconfig-files.js'
import type { Environment } from '../../config.js'
import { describeError } from '../../lib/fault.js'
import { ClientError } from './client.js'

/** What the flags say; whatever is not there was not given. */
export interface PlaceFlags {
  /** The data folder of an engine: its addresses and its token are there. */
  readonly dataDir?: string
  /** The URL of an API. */
  readonly server?: string
  /** The file with the bearer token for `server`. */
  readonly tokenFile?: string
  readonly kubeconfig?: string
  readonly context?: string
  readonly namespace?: string
}

export interface Place {
  readonly connection: Connection
  /** As in `http://127.0.0.1:6440`. */
  readonly api: string
  readonly hooks?: string
  /** For messages. */
  readonly said: string
  /** Where things are that no namespace is given for. */
  readonly namespace: string
  /** What to try when nobody answers. */
  readonly wayOut: string
  /** What to try when the credentials are refused. */
  readonly credentials: string
  /** There was another one to choose. */
  readonly note?: string
}

export const DEFAULT_DATA = '.tektite'
const DEFAULT_NAMESPACE = 'default'

/**
 * What the flags name; else the engine that runs with `./.tektite`; else what kubectl would take.
 * @throws ClientError when there is none, or the flags name several
 */
export async function choosePlace(flags: PlaceFlags, environment: Environment): Promise<Place> {
  const { dataDir, server, tokenFile, kubeconfig, context } = flags
  const asked = [
    ...(server === undefined ? [] : ['--server']),
    ...(kubeconfig === undefined && context === undefined
      ? []
      : [kubeconfig === undefined ? '--context' : '--kubeconfig']),
    // With --server the token of a data folder is none of its business, and is never sent.
    ...(dataDir === undefined ? [] : ['--data']),
  ]
  if (asked.length > 1) throw new ClientError(0, `${asked.join(' and ')} name different API servers: give one of them`)
  if (server !== undefined) return placeOfUrl(server, flags)
  if (kubeconfig !== undefined || context !== undefined) return placeOfKubeconfig(flags, environment)
  if (dataDir !== undefined) return placeOfFolder(dataDir, flags)
  const files = kubeconfigFiles({ environment })
  if (await engineRuns(DEFAULT_DATA)) {
    const place = await placeOfFolder(DEFAULT_DATA, flags)
    const others = files.filter(file => !isInside(file, DEFAULT_DATA))
    if (others.length === 0) return place
    const note = `asking ${place.said}; for the cluster of ${others.join(', ')} say --context, for no such note --data ${DEFAULT_DATA}`
    return { ...place, note }
  }
  if (tokenFile !== undefined) return placeOfFolder(DEFAULT_DATA, flags)
  if (files.length > 0 || environment['KUBERNETES_SERVICE_HOST']) return placeOfKubeconfig(flags, environment)
  return placeOfFolder(DEFAULT_DATA, flags)
}

async function placeOfUrl(server: string, { tokenFile, namespace = DEFAULT_NAMESPACE }: PlaceFlags): Promise<Place> {
  const url = URL.parse(server)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new ClientError(0, `--server "${server}" is not a URL: give one such as http://127.0.0.1:6440`)
  }
  // The token of a data folder is for its own engine: whoever else is asked must not see it.
  if (tokenFile === undefined) {
    throw new ClientError(
      0,
      '--server needs --token-file FILE: the token of a data folder is sent to its own engine only',
    )
  }
  const api = server.replace(/\/+$/, '')
  return {
    connection: connectionTo({ server: api, token: await readToken(tokenFile) }),
    api,
    said: api,
    namespace,
    wayOut: `is an engine listening at ${server}?`,
    credentials: `${tokenFile} holds none that it takes`,
  }
}

async function placeOfFolder(
  dataDir: string,
  { tokenFile = join(dataDir, 'token'), namespace = DEFAULT_NAMESPACE }: PlaceFlags,
): Promise<Place> {
  const wayOut = `start one with: tektite up --data ${dataDir}`
  const file = addressFile(dataDir)
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? `there is no ${file}` : `${file} cannot be read: ${cause.message}`
    const others = 'or name another place with --data, --server or --context'
    throw new ClientError(0, `no engine runs with the data folder "${dataDir}" (${why}): ${wayOut}, ${others}`)
  })
  const { api, hooks } = readAddresses(text)
  if (api === undefined || !URL.canParse(api)) throw new ClientError(0, `${file} names no address of an API: ${wayOut}`)
  return {
    connection: connectionTo({ server: api, token: await readToken(tokenFile) }),
    api,
    ...(hooks && { hooks }),
    said: `the engine of "${dataDir}"`,
    namespace,
    wayOut,
    credentials: 'the file "token" of its data folder has it',
  }
}

async function placeOfKubeconfig(flags: PlaceFlags, environment: Environment): Promise<Place> {
  // Brings the reader of YAML along, which an engine of this machine does not need.
  const { placeFromEnvironment } = await import('../../cluster/kubernetes/kubeconfig.js')
  const { kubeconfig, context } = flags
  const options = { environment, ...(kubeconfig && { file: kubeconfig }), ...(context && { context }) }
  const found = await placeFromEnvironment(options).catch((cause: unknown) => {
    throw new ClientError(0, describeError(cause), { cause })
  })
  const said = found.context === undefined ? 'the cluster of this Pod' : `context "${found.context}"`
  return {
    connection: found.connection,
    api: found.connection.server.href.replace(/\/+$/, ''),
    said,
    namespace: flags.namespace ?? found.namespace ?? DEFAULT_NAMESPACE,
    wayOut: `${said} of ${kubeconfigFiles(options).join(', ') || 'the service account'} leads there`,
    credentials: `those of ${said} are of no use there`,
  }
}

/** Its process lives: the file stays when an engine ends. */
async function engineRuns(dataDir: string): Promise<boolean> {
  const text = await readFile(addressFile(dataDir), 'utf8').catch(() => undefined)
  const pid = text === undefined ? undefined : readAddresses(text).pid
  if (pid === undefined) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function addressFile(dataDir: string): string {
  return join(dataDir, 'addresses.json')
}

function isInside(file: string, folder: string): boolean {
  return resolve(file).startsWith(`${resolve(folder)}${sep}`)
}

interface Addresses {
  readonly api?: string
  readonly hooks?: string
  readonly pid?: number
}

function readAddresses(text: string): Addresses {
  try {
    const { api, hooks, pid } = (JSON.parse(text) ?? {}) as Readonly<Record<string, unknown>>
    return {
      ...(typeof api === 'string' && { api }),
      ...(typeof hooks === 'string' && { hooks }),
      ...(typeof pid === 'number' && pid > 0 && { pid }),
    }
  } catch {
    // Not JSON: told as a file without addresses.
    return {}
  }
}

async function readToken(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new ClientError(0, `the token of the engine cannot be read: ${cause.message}`)
  })
  if (text.trim() === '') throw new ClientError(0, `the token of the engine cannot be read: ${file} is empty`)
  return text.trim()
}
