/** GitHub's API by Octokit, over connections that are bounded and guarded like all of ours. */
import { Octokit } from '@octokit/core'
import { FetchError } from '../fetch/fetch-error.js'
import { type HttpBounds, httpFetch } from '../fetch/http-fetch.js'
import { isRecord } from '../resources/shape.js'
import { type HostAnswer, hostMessage } from './answer.js'

export type GitHub = Pick<Octokit, 'request'>

export interface GitHubOptions {
  /** `https://api.github.com`, or `https://<host>/api/v3` of an Enterprise server. */
  readonly apiUrl: string
  /** Goes to the origin of `apiUrl` and to no other. */
  readonly token?: string
  readonly bounds: Omit<HttpBounds, 'caBundle'>
}

/**
 * Its `request` throws an error with `status` and `response.headers` for an answer that is none of success; `status` is
 * 500 and `cause` a `FetchError` when there was no answer. A `request.signal` in its options ends that request alone.
 */
export function createGitHub({ apiUrl, token, bounds }: GitHubOptions): GitHub {
  const { origin } = new URL(apiUrl)
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  return new Octokit({
    baseUrl: apiUrl.replace(/\/+$/, ''),
    userAgent: 'tektite',
    ...(token && { auth: token }),
    // What it has to say would go to the console.
    log: silent,
    request: { log: silent, fetch: guardedFetch(origin, bounds) },
  })
}

interface FetchInit {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly signal?: AbortSignal
}

/** As much of `fetch` as Octokit uses. */
function guardedFetch(origin: string, bounds: Omit<HttpBounds, 'caBundle'>) {
  return async (url: string, { signal, ...init }: FetchInit = {}): Promise<Response> => {
    // Octokit puts the token on whatever URL it is given; one from an answer could lead elsewhere.
    if (new URL(url).origin !== origin) throw new FetchError(`"${new URL(url).origin}" is not the API at "${origin}"`)
    const signals = signal ? AbortSignal.any([bounds.signal, signal]) : bounds.signal
    const answer = await httpFetch({ url, ...init }, { ...bounds, signal: signals })
    const headers = Object.entries(answer.headers).map(([name, value]) => [name, String(value)] as [string, string])
    const isEmpty = [204, 205, 304].includes(answer.status)
    return new Response(isEmpty ? null : new Uint8Array(answer.body), { status: answer.status, headers })
  }
}

/** An answer that is no success, with what Octokit hands out of it. */
interface Failed {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly data: unknown
}

/** Undefined when there was no answer. `token` is kept out of the host's words. */
export function answerIn(error: unknown, token: string): HostAnswer | undefined {
  if (!isRecord(error) || !isRecord(error['response'])) return undefined
  const { status, headers, data } = error['response'] as unknown as Failed
  const text = typeof data === 'string' ? data : JSON.stringify(data)
  return { status, headers, message: hostMessage(text ?? '', token) }
}
