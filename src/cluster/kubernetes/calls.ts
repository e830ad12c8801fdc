/** Requests with the tries they take: waits when told to, and says of a write whether an earlier try may have been done. */
import { growingPauseMs, type PauseLimits } from '../../lib/backoff.js'
import { describeError } from '../../lib/fault.js'
import { pause } from '../../timers.js'
import { ClusterError } from '../cluster.js'
import { errorFrom, refuserIn, statusIn } from './errors.js'
import { type HttpAnswer, type HttpClient, type HttpRequest, TooLargeError, TransportError } from './http.js'

/** As Kubernetes calls them. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'delete'

/** One request that was sent, for whoever counts them. */
export interface SeenCall {
  readonly verb: Verb
  /** Plural, with the subresource: `pods`, `taskruns/status`. */
  readonly resource: string
  /** 0 when no answer came. */
  readonly code: number
  /** Until the whole answer was there; of a watch, until it began. */
  readonly ms: number
}

export interface Call {
  readonly verb: Verb
  readonly resource: string
  readonly path: string
  /** Sent as JSON. */
  readonly body?: unknown
  readonly maxBytes?: number
  /** Where the answer is no JSON. */
  readonly accept?: string
}

export interface Reply extends HttpAnswer {
  /** An earlier try got no answer and may have been carried out. */
  readonly mayBeDone: boolean
  /** Since the first try began. */
  readonly ms: number
}

export interface CallLimits {
  /** For one try. The longest that a request may take in an API server is a minute, admission webhooks included. */
  readonly tryMs: number
  /** For all of them: none is begun later. */
  readonly allMs: number
  readonly tries: number
  readonly pauses: PauseLimits
}

export const CALL_LIMITS: CallLimits = {
  tryMs: 35_000,
  allMs: 60_000,
  tries: 8,
  pauses: { firstMs: 100, maxMs: 10_000 },
}

/** An object is at most 1.5 MiB in etcd; with `managedFields` and as JSON it comes to several times that. */
const MAX_OBJECT_BYTES = 16 * 1024 * 1024
/** An API server asks for seconds. Whoever asks for more is asked again all the same. */
const MAX_RETRY_AFTER_MS = 30_000
const PING_MS = 3_000

const METHODS = { get: 'GET', list: 'GET', watch: 'GET', create: 'POST', update: 'PUT', delete: 'DELETE' } as const

export interface Calls {
  /**
   * The answer, also when it is a no. Without one, or with one that says "later", it is tried again.
   * @throws ClusterError 'Unavailable' when the tries are used up; TooLargeError
   */
  send(call: Call): Promise<Reply>
  /** A small request, tried once: `onCall` is told what came of it. Never rejects. */
  ping(): Promise<void>
  /** A stream, once begun. Tried once. @throws ClusterError, TransportError, or what `refusal` makes of a no */
  open(call: Call, signal: AbortSignal, refusal: (answer: HttpAnswer) => Error): ReturnType<HttpClient['stream']>
}

export interface CallsDeps {
  readonly http: HttpClient
  readonly limits: CallLimits
  readonly random: () => number
  readonly onCall: (call: SeenCall) => void
  /** Ends everything. */
  readonly closing: AbortSignal
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>
}

export function createCalls({ http, limits, random, onCall, closing, headers: ours }: CallsDeps): Calls {
  async function seen<T>(call: Call, code: (answer: T) => number, ask: () => Promise<T>): Promise<T> {
    const { verb, resource } = call
    const began = performance.now()
    const note = (value: number) => onCall({ verb, resource, code: value, ms: performance.now() - began })
    try {
      const answer = await ask()
      note(code(answer))
      return answer
    } catch (error) {
      note(0)
      throw error
    }
  }

  function requestFor(call: Call, signal: AbortSignal, body?: string): HttpRequest {
    const { verb, path, accept } = call
    const headers = { ...ours, ...(accept && { accept }) }
    const request = { method: METHODS[verb], path, signal, timeoutMs: limits.tryMs }
    return { ...request, headers, ...(body !== undefined && { body }) }
  }

  async function send(call: Call): Promise<Reply> {
    const began = performance.now()
    const isWrite = METHODS[call.verb] !== 'GET'
    const request = requestFor(call, closing, call.body === undefined ? undefined : JSON.stringify(call.body))
    let mayBeDone = false
    for (let tries = 1; ; tries++) {
      const outcome = await seen(call, codeOf, () => outcomeOf(request, call.maxBytes ?? MAX_OBJECT_BYTES))
      if (closing.aborted) throw new ClusterError('Unavailable', 'the connection to the API server is closed')
      const again = needsAnotherTry(outcome)
      if (!(outcome instanceof TransportError) && !again) {
        return { ...outcome, mayBeDone, ms: performance.now() - began }
      }
      if (isWrite && isUncertain(outcome)) mayBeDone = true
      if (codeOf(outcome) === 401) http.renew()
      const waitMs = askedToWaitMs(outcome) ?? growingPauseMs(tries, limits.pauses, random())
      const late = performance.now() - began + waitMs > limits.allMs
      // Credentials that were refused afresh stay refused.
      if (tries >= limits.tries || late || (codeOf(outcome) === 401 && tries > 1)) {
        throw givenUp(call, outcome, tries, mayBeDone)
      }
      await pause(waitMs, closing)
    }
  }

  async function outcomeOf(request: HttpRequest, maxBytes: number): Promise<HttpAnswer | TransportError> {
    try {
      return await http.send(request, maxBytes)
    } catch (error) {
      if (error instanceof TransportError) return error
      throw error
    }
  }

  function givenUp(call: Call, outcome: HttpAnswer | TransportError, tries: number, mayBeDone: boolean): ClusterError {
    const what = `${call.verb} ${call.path}`
    const why = outcome instanceof TransportError ? describeError(outcome) : errorFrom(outcome, what).message
    const fate = mayBeDone ? '; whether it was carried out is not known' : ''
    const options = outcome instanceof TransportError ? { cause: outcome } : {}
    return new ClusterError('Unavailable', `${what}: ${why} (tries: ${tries})${fate}`, options)
  }

  return {
    send,
    async ping() {
      const call = { verb: 'get', resource: 'version', path: '/version' } as const
      const request = { ...requestFor(call, closing), timeoutMs: PING_MS }
      const outcome = await seen(call, codeOf, () => outcomeOf(request, MAX_OBJECT_BYTES)).catch(() => undefined)
      if (outcome && codeOf(outcome) === 401) http.renew()
    },
    async open(call, signal, refusal) {
      const response = await seen(
        call,
        answer => answer.statusCode ?? 0,
        () => http.stream(requestFor(call, signal)),
      )
      const code = response.statusCode ?? 0
      if (code === 200) return response
      if (code === 401) http.renew()
      const body = await firstChunk(response)
      throw refusal({ code, headers: response.headers, body })
    },
  }
}

/** Enough to tell why a stream was refused. */
async function firstChunk(response: AsyncIterable<Buffer>): Promise<Buffer> {
  try {
    // Leaving the loop destroys the response.
    for await (const chunk of response) return chunk
  } catch {
    // Cut off: the code has said enough.
  }
  return Buffer.alloc(0)
}

function codeOf(outcome: HttpAnswer | TransportError): number {
  return outcome instanceof TransportError ? 0 : outcome.code
}

function needsAnotherTry(outcome: HttpAnswer | TransportError): boolean {
  if (outcome instanceof TransportError) return true
  const { code, body } = outcome
  if (![401, 408, 429, 500, 502, 503, 504].includes(code)) return false
  // Somebody has looked at it and said no, or a webhook is away: for minutes as a rule, and the run is to say so.
  return refuserIn(code, statusIn(body)) === undefined
}

/** 429 and 401 are given before anything is done. A 5xx may come after. */
function isUncertain(outcome: HttpAnswer | TransportError): boolean {
  return outcome instanceof TransportError ? outcome.sent : outcome.code === 408 || outcome.code >= 500
}

/** What the API server asks for, in the header or in the Status. */
export function askedToWaitMs(outcome: HttpAnswer | TransportError): number | undefined {
  if (outcome instanceof TransportError) return undefined
  if (outcome.code === 401) return 0
  const header = Number(outcome.headers['retry-after'] ?? Number.NaN)
  const seconds = Number.isNaN(header) ? statusIn(outcome.body)?.details.retryAfterSeconds : header
  if (typeof seconds !== 'number' || !(seconds >= 0)) return undefined
  return Math.min(seconds * 1000, MAX_RETRY_AFTER_MS)
}

export { TooLargeError }
