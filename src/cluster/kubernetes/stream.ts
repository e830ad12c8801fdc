/** One watch of an API server, from its request to its end: its lines as news, whatever goes wrong as an error. */
import type { IncomingMessage } from 'node:http'
import type { Selector } from '../cluster.js'
import { askedToWaitMs, type Calls } from './calls.js'
import { asStatus, errorFrom, isLostVersion, statusIn } from './errors.js'
import type { HttpAnswer } from './http.js'
import { linesOf } from './lines.js'
import {
  collectionPath,
  labelSelectorText,
  queryText,
  received,
  type ServedKind,
  versionOf,
  type WireObject,
} from './resources.js'

/** As an object in an answer: `MAX_OBJECT_BYTES`. */
const MAX_LINE_BYTES = 16 * 1024 * 1024
/** The version to go on from is of no use. */
export class LostVersion extends Error {}

/** The API server wants to be left alone for a while. */
export class AskedToWait extends Error {
  readonly waitMs: number
  constructor(message: string, waitMs: number) {
    super(message)
    this.waitMs = waitMs
  }
}

export interface News {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  readonly object: WireObject
}

export interface StreamDeps {
  readonly calls: Calls
  readonly silenceMs: number
  /** Told of the answer, and of whatever comes after it. */
  readonly heard?: () => void
}

export interface StreamOptions {
  readonly place: string
  /** As `performance.now` counts. */
  readonly endAt: number
  readonly signal: AbortSignal
}

/** Ends when its time is up. @throws LostVersion, AskedToWait, and whatever else ends it */
export async function* streamFrom(
  { calls, silenceMs, heard = () => {} }: StreamDeps,
  served: ServedKind,
  selector: Selector,
  { place, endAt, signal }: StreamOptions,
): AsyncGenerator<News> {
  const query = queryText({
    watch: true,
    allowWatchBookmarks: true,
    resourceVersion: place,
    timeoutSeconds: Math.max(1, Math.ceil((endAt - performance.now()) / 1000)),
    labelSelector: labelSelectorText(selector),
  })
  const path = collectionPath(served, selector.namespace) + query
  const response = await calls.open({ verb: 'watch', resource: served.plural, path }, signal, answer =>
    refusalOf(answer, `watch ${path}`),
  )
  heard()
  let newest = place
  for await (const line of linesOf(chunksOf(response, silenceMs, endAt, heard), MAX_LINE_BYTES)) {
    const news = newsIn(line, served)
    const version = versionOf(news.object)
    // Said before: a resumed watch may repeat itself. Not so from 0, where objects come in the order of their names.
    if (place !== '0' && !isNewer(version, newest)) continue
    newest = version
    yield news
  }
}

/** The bytes, until it is `endAt`. Time in which nobody asks for more is no silence. */
async function* chunksOf(
  response: IncomingMessage,
  silenceMs: number,
  endAt: number,
  heard: () => void,
): AsyncGenerator<Buffer> {
  const chunks = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let isTimeUp = false
  try {
    while (performance.now() < endAt) {
      const leftMs = endAt - performance.now()
      const timer = setTimeout(
        () => {
          isTimeUp = leftMs <= silenceMs
          response.destroy(new Error(`nothing came for ${silenceMs} ms`))
        },
        Math.min(leftMs, silenceMs),
      )
      const next = await chunks.next().finally(() => clearTimeout(timer))
      if (next.done) return
      heard()
      yield next.value
    }
  } catch (error) {
    if (!isTimeUp) throw error
  } finally {
    // A body that nobody reads on keeps its connection.
    response.destroy()
  }
}

function newsIn(line: string, served: ServedKind): News {
  const { type, object } = JSON.parse(line) as { type?: unknown; object?: WireObject }
  if (type === 'ERROR') {
    const status = asStatus(object)
    const answer = { code: status?.code ?? 500, headers: {}, body: Buffer.from(JSON.stringify(object ?? null)) }
    throw refusalOf(answer, `watch of ${served.plural}`)
  }
  const isKnown = type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED' || type === 'BOOKMARK'
  if (!isKnown || typeof object !== 'object' || object === null) throw new Error(`a watch said ${String(type)}`)
  return { type, object: received(served, object) }
}

function refusalOf(answer: HttpAnswer, what: string): Error {
  const status = statusIn(answer.body)
  const refusal = errorFrom(answer, what)
  if (isLostVersion(answer.code, status)) return new LostVersion(refusal.message, { cause: refusal })
  const waitMs = askedToWaitMs(answer)
  return waitMs === undefined ? refusal : new AskedToWait(refusal.message, waitMs)
}

/** Versions are numbers that grow, in all that there is; where they are not, another one is a newer one. */
export function isNewer(version: string, than: string): boolean {
  const areNumbers = /^\d+$/.test(version) && /^\d+$/.test(than)
  if (!areNumbers) return version !== than
  return version.length === than.length ? version > than : version.length > than.length
}
