/** Opens the client of a command. */
import { createHttpClient, type HttpRequest, TransportError } from '../../cluster/kubernetes/http.js'
import type { KubernetesCluster } from '../../cluster/kubernetes.js'
import { describeError } from '../../lib/fault.js'
import { groupVersionPath } from '../../resources/kind-table.js'
import { apiVersionOf, KINDS, type Kind, type Kinds } from '../../resources/kinds.js'
import type { Key } from '../../resources/meta.js'
import { type ByteStream, type Client, ClientError, type ListQuery } from './client.js'
import type { Place } from './place.js'

/** An engine that is stopping may hold a request for a while; nothing we ask takes long. */
const DEADLINE_MS = 30_000
/** A page of runs with all that is in them; a limit against filling the memory. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024
const PAGE = 500

export function connect(place: Place): Client {
  const http = createHttpClient(place.connection)
  let watching: Promise<KubernetesCluster> | undefined

  async function ask<T>(request: Omit<HttpRequest, 'signal' | 'timeoutMs'>): Promise<T> {
    const signal = new AbortController().signal
    const answer = await http.send({ ...request, signal, timeoutMs: DEADLINE_MS }, MAX_ANSWER_BYTES).catch(error => {
      throw unanswered(place, error)
    })
    const said = parsed(answer.body)
    if (answer.code >= 200 && answer.code < 300 && said !== undefined) return said as T
    throw refusal(place, request, answer.code, said)
  }
  const read = <T>(path: string) => ask<T>({ method: 'GET', path })

  async function* pages<K extends Kind>(kind: K, query: ListQuery = {}): AsyncGenerator<readonly Kinds[K][]> {
    const { namespace, labelSelector, fieldSelector, pageSize = PAGE } = query
    let next: string | undefined
    do {
      const text = queryText({ labelSelector, fieldSelector, limit: `${pageSize}`, continue: next })
      const list = await read<WireList<Kinds[K]>>(`${collection(kind, namespace)}${text}`)
      // Items of a list may come without what the list says already.
      yield list.items.map(item => ({ ...item, apiVersion: apiVersionOf(kind), kind }))
      next = list.metadata?.continue || undefined
    } while (next !== undefined)
  }

  async function cluster(): Promise<KubernetesCluster> {
    watching ??= import('../../cluster/kubernetes.js').then(({ openKubernetesCluster }) =>
      openKubernetesCluster({ connection: place.connection }),
    )
    return watching
  }

  return {
    api: place.api,
    hooks: place.hooks,
    said: place.said,
    namespace: place.namespace,
    async get<K extends Kind>(kind: K, key: Key) {
      return unlessMissing(read<Kinds[K]>(pathOf(kind, key)), undefined)
    },
    pages,
    async list(kind, query) {
      const all = []
      for await (const page of pages(kind, query)) all.push(...page)
      return all
    },
    create: async (kind, object, { dryRun = false } = {}) =>
      ask({
        method: 'POST',
        path: `${collection(kind, object.metadata.namespace)}${dryRun ? '?dryRun=All' : ''}`,
        body: JSON.stringify(object),
      }),
    patch: async (kind, key, change) =>
      ask({
        method: 'PATCH',
        path: pathOf(kind, key),
        body: JSON.stringify(change),
        contentType: 'application/merge-patch+json',
      }),
    async delete(kind, key) {
      return unlessMissing(
        ask({ method: 'DELETE', path: pathOf(kind, key) }).then(() => true),
        false,
      )
    },
    async *watch(kind, selector, signal) {
      yield* (await cluster()).watch(kind, selector, signal)
    },
    cluster,
    read,
    post: (path, body) => ask({ method: 'POST', path, ...(body !== undefined && { body: JSON.stringify(body) }) }),
    async stream(path, signal): Promise<ByteStream> {
      const request = { method: 'GET', path, headers: { accept: '*/*' } } as const
      const response = await http.stream({ ...request, signal, timeoutMs: DEADLINE_MS }).catch(error => {
        throw unanswered(place, error)
      })
      const code = response.statusCode ?? 0
      if (code >= 200 && code < 300) return { headers: response.headers, bytes: response }
      const chunks: Buffer[] = []
      for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
      throw refusal(place, request, code, parsed(Buffer.concat(chunks)))
    },
    close() {
      http.close()
      void watching?.then(open => open.close())
    },
  }
}

interface WireList<T> {
  readonly metadata?: { readonly continue?: string }
  readonly items: readonly T[]
}

/** `/apis/tekton.dev/v1/namespaces/ci/pipelineruns`; without a namespace, of all. */
export function collection(kind: Kind, namespace = ''): string {
  const { group, version, plural, namespaced } = KINDS[kind]
  const base = groupVersionPath(group, version)
  return namespaced && namespace !== '' ? `${base}/namespaces/${segment(namespace)}/${plural}` : `${base}/${plural}`
}

function pathOf(kind: Kind, { namespace, name }: Key): string {
  return `${collection(kind, namespace)}/${segment(name)}`
}

/** @throws ClientError for what would be another path than was meant */
export function segment(text: string): string {
  if (text === '' || text === '.' || text === '..' || /[/%]/.test(text)) {
    throw new ClientError(404, `"${text}" is no name that an object can have`)
  }
  return encodeURIComponent(text)
}

export function queryText(values: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) if (value !== undefined && value !== '') query.set(name, value)
  return query.size === 0 ? '' : `?${query}`
}

function unanswered({ api, wayOut }: Place, cause: unknown): ClientError {
  if (!(cause instanceof TransportError)) return new ClientError(0, describeError(cause), { cause })
  const why =
    (cause.cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED'
      ? ''
      : ` (${describeError(cause.cause)})`
  return new ClientError(0, `nobody answers at ${api}${why}: ${wayOut}`, { cause })
}

function refusal(
  { api, credentials }: Place,
  { method, path }: Pick<HttpRequest, 'method' | 'path'>,
  code: number,
  said: unknown,
): ClientError {
  if (code === 401) return new ClientError(401, `${api} does not know the credentials: ${credentials}`)
  const { message, kind } = (said ?? {}) as { readonly message?: unknown; readonly kind?: unknown }
  if (kind === 'Status' && typeof message === 'string' && message !== '') return new ClientError(code, message)
  const [, group] = /^\/apis\/([^/]+)\//.exec(path) ?? []
  const hint = code === 404 && group !== undefined ? `: is anything of ${group} installed there?` : ''
  return new ClientError(code, `${api}: ${method} ${path} was answered with ${code}${hint}`)
}

/** What is not there is an answer; that there is no such kind is none. */
async function unlessMissing<T, M>(answer: Promise<T>, missing: M): Promise<T | M> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof ClientError && error.code === 404 && !isUnserved(error)) return missing
    throw error
  }
}

/** 404 for the path, not for the object: there is no such kind. */
function isUnserved({ message }: ClientError): boolean {
  return message === 'the server could not find the requested resource' || message.includes('was answered with')
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    // Whatever answers there is no API server.
    return undefined
  }
}
