/** HTTP to the server that the page came from, in the name of whoever signed in. */
import { currentToken, signOut } from './session.js'

/** What the server said no with, in its own words. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** HTTP; 0 when there was no answer. */
  readonly code: number
  /** Kubernetes' word, such as `NotFound`; '' when it gave none. */
  readonly reason: string

  constructor(code: number, reason: string, message: string) {
    super(message)
    this.code = code
    this.reason = reason
  }
}

export interface Request {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

/**
 * The answer, before its body is read. A token that is known no longer signs out.
 * @throws ApiError for every answer but 2xx, and when there is none
 */
export async function send(path: string, { method = 'GET', body, headers, signal }: Request = {}): Promise<Response> {
  const token = currentToken()
  let answer: Response
  try {
    answer = await fetch(path, {
      method,
      headers: {
        accept: 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': contentTypeOf(method) }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new ApiError(0, 'Unreachable', 'The server cannot be reached.')
  }
  if (answer.ok) return answer
  const problem = await errorOf(answer)
  // One that was replaced meanwhile says nothing about the one in use.
  if (answer.status === 401 && token === currentToken()) signOut('This token is not known here any more.')
  throw problem
}

/** JSON. @throws ApiError */
export async function request<T>(path: string, options?: Request): Promise<T> {
  return (await (await send(path, options)).json()) as T
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function contentTypeOf(method: string): string {
  return method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
}

async function errorOf(answer: Response): Promise<ApiError> {
  const text = await answer.text().catch(() => '')
  try {
    const { reason, message } = JSON.parse(text) as { reason?: unknown; message?: unknown }
    if (typeof message === 'string') return new ApiError(answer.status, String(reason ?? ''), message)
  } catch {
    // No Status: a proxy's own page, or nothing.
  }
  return new ApiError(answer.status, '', `The server answered ${answer.status} ${answer.statusText}`.trim())
}
