/** The API on a real port over a real store, and requests to it as they go over the wire. */
import { type IncomingHttpHeaders, request } from 'node:http'
import { onTestFinished } from 'vitest'
import { type ApiDeps, startApi } from '../../src/api/server.js'
import type { EmbeddedCluster } from '../../src/cluster/embedded/store.js'
import { openCluster } from '../cluster/open-cluster.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { type LogLine, recordingLog } from '../listeners/world.js'

export const TOKEN = 'the-token-of-this-test'

/** Where collections of namespace `default` are. */
export const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
export const PIPELINES = '/apis/tekton.dev/v1/namespaces/default/pipelines'
export const RUNS = '/apis/tekton.dev/v1/namespaces/default/pipelineruns'

/** Of namespace `default`. */
export const configMap = (name: string, data: Readonly<Record<string, string>> = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
})

export const pipelineRun = {
  apiVersion: 'tekton.dev/v1',
  kind: 'PipelineRun',
  metadata: { name: 'run' },
  spec: { pipelineRef: { name: 'p' } },
}

/** As a client sees it. The body is undefined when it is no JSON. */
export interface Answer {
  readonly status: number
  readonly text: string
  readonly headers: IncomingHttpHeaders
  readonly body: Readonly<Record<string, unknown>> | undefined
  /** As kubectl shows them. */
  readonly warnings: readonly string[]
}

export interface Call {
  /** An object is sent as JSON, a text or bytes as they are. */
  readonly body?: unknown
  /** JSON's when not given. */
  readonly contentType?: string
  readonly accept?: string
  /** The whole header; the right one when not given, none when ''. */
  readonly authorization?: string
  readonly userAgent?: string
}

export interface ApiWorld {
  readonly cluster: EmbeddedCluster
  readonly port: number
  readonly lines: readonly LogLine[]
  readonly call: (method: string, path: string, options?: Call) => Promise<Answer>
  readonly close: () => Promise<void>
}

export async function serveApi(
  more: Partial<ApiDeps> = {},
  options: Parameters<typeof openCluster>[1] = {},
): Promise<ApiWorld> {
  return serve(openCluster(temporaryDirectory('api'), options).cluster, more)
}

/** Over a store that is open already. */
export async function serve(cluster: EmbeddedCluster, more: Partial<ApiDeps> = {}): Promise<ApiWorld> {
  for (const name of ['default', 'ci']) {
    if (cluster.exists('Namespace', { namespace: '', name })) continue
    await cluster.create('Namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: { namespace: '', name } })
  }
  const { lines, log } = recordingLog()
  const readLogs = async () => undefined
  const api = await startApi(
    { cluster, admission: () => ({}), readLogs, token: TOKEN, log, ...more },
    { port: 0, host: '127.0.0.1' },
  )
  onTestFinished(() => api.close())
  const call = (method: string, path: string, options: Call = {}) => send(api.port, method, path, options)
  return { cluster, port: api.port, lines, call, close: () => api.close() }
}

/** Not `fetch`: that one mends paths before it sends them. */
function send(port: number, method: string, path: string, options: Call): Promise<Answer> {
  const { body, contentType = 'application/json', accept, authorization = `Bearer ${TOKEN}`, userAgent } = options
  const isAsItIs = typeof body === 'string' || Buffer.isBuffer(body)
  const bytes = body === undefined ? '' : isAsItIs ? body : JSON.stringify(body)
  const headers = {
    'content-type': contentType,
    ...(userAgent !== undefined && { 'user-agent': userAgent }),
    'content-length': Buffer.byteLength(bytes),
    ...(accept !== undefined && { accept }),
    ...(authorization !== '' && { authorization }),
  }
  return new Promise((resolve, reject) => {
    const sending = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const warnings = response.headersDistinct['warning'] ?? []
        resolve({ status: response.statusCode ?? 0, text, headers: response.headers, body: parsed(text), warnings })
      })
    })
    sending.on('error', reject)
    sending.end(bytes)
  })
}

function parsed(text: string): Answer['body'] {
  try {
    return JSON.parse(text) as Answer['body']
  } catch {
    // Plain text, such as logs.
    return undefined
  }
}
