/** What is reached from this machine: an engine that runs, a Redis, a cluster. */
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createHttpClient } from '../../cluster/kubernetes/http.js'
import { connectionFromEnvironment } from '../../cluster/kubernetes/kubeconfig.js'
import type { Environment } from '../../config.js'
import { describeError } from '../../lib/fault.js'
import { asRecord } from '../../resources/shape.js'
import type { Finding } from './finding.js'

const WITHIN_MS = 3_000
const MAX_BYTES = 1024 * 1024

export async function engine(dataDir: string): Promise<Finding> {
  const what = 'engine'
  const start = `tektite up --data ${dataDir}`
  const text = await readFile(join(dataDir, 'addresses.json'), 'utf8').catch(() => undefined)
  if (text === undefined) return { what, is: 'fine', found: `none runs in ${dataDir}; to start one: ${start}` }
  const api = apiIn(text)
  const lives = await fetch(`${api}/livez`, { signal: AbortSignal.timeout(WITHIN_MS) }).then(
    answer => answer.ok,
    () => false,
  )
  if (lives) return { what, is: 'fine', found: `runs at ${api}` }
  return { what, is: 'fine', found: `none runs; one did at ${api}. To go on with its runs: ${start}` }
}

function apiIn(text: string): string {
  try {
    return String(asRecord(JSON.parse(text))['api'])
  } catch {
    return 'an address that is not known'
  }
}

/** Only whether somebody listens: what is there is looked at when it is used. */
export async function redis(url: string | undefined): Promise<Finding> {
  const what = 'Redis'
  if (url === undefined) return { what, is: 'fine', found: 'not needed: queue and inbox are in the engine' }
  const { hostname, port, protocol } = new URL(url)
  const place = `${protocol}//${hostname}:${port || 6379}`
  const problem = await new Promise<string | undefined>(settle => {
    const socket = connect({ host: hostname, port: Number(port || 6379), timeout: WITHIN_MS })
    const end = (why: string | undefined) => {
      socket.destroy()
      settle(why)
    }
    socket.once('connect', () => end(undefined))
    socket.once('timeout', () => end(`no answer within ${WITHIN_MS / 1_000} s`))
    socket.once('error', error => end(error.message))
  })
  if (problem === undefined) return { what, is: 'fine', found: `listens at ${place}` }
  const wayOut = 'start it, or unset REDIS_URL: an engine of one machine needs none'
  return { what, is: 'lacks', found: `${place} (REDIS_URL): ${problem}`, wayOut }
}

/** The one that kubectl would ask. */
export async function cluster(environment: Environment): Promise<readonly Finding[]> {
  const what = 'cluster'
  const closing = new AbortController()
  try {
    const connection = await connectionFromEnvironment({ environment })
    const http = createHttpClient(connection)
    const ask = async (path: string) => {
      const request = { method: 'GET', path, timeoutMs: WITHIN_MS, signal: closing.signal } as const
      const { code, body } = await http.send(request, MAX_BYTES)
      return { code, said: code === 200 ? asRecord(JSON.parse(body.toString())) : {} }
    }
    try {
      const { host } = connection.server
      const { code, said } = await ask('/version')
      if (code !== 200)
        return [{ what, is: 'lacks', found: `${host} answers ${code} to /version`, wayOut: 'log in anew' }]
      const found = `${host}, Kubernetes ${String(said['gitVersion'])}`
      const tekton = await ask('/apis/tekton.dev')
      return [
        { what, is: 'fine', found: `${found}, ${tekton.code === 200 ? 'knows' : 'does not know'} Tekton's kinds` },
      ]
    } finally {
      http.close()
    }
  } catch (error) {
    return [{ what, is: 'fine', found: `none is reached, and none is needed (${describeError(error)})` }]
  }
}
