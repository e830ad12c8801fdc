/**
 * List, then watch, for ever. Correctness comes from lists, speed from watches; nothing here believes that a watch which
 * says nothing has nothing to say.
 *
 *   listing    ── the whole set, yielded as `listed` ──▶ following
 *   following  ── the stream ends: its time is up, it is cut, it is silent ──▶ following, from the last version seen
 *              ── the version is lost (410, in the head or as an event), or it is time for a list again ──▶ listing
 *              ── `MAX_FAILURES` streams in a row brought nothing ──▶ listing
 *
 * Before each step after a failure there is a pause that grows, so neither lists nor watches can follow each other hotly.
 * One generator does it all by turns: there is never a second stream, and none whose events could come late. A consumer
 * that is slow is not read for: its connection fills up, the API server ends the watch, and it goes on from its version.
 */
import type { IncomingMessage } from 'node:http'
import { growingPauseMs, type PauseLimits } from '../../lib/backoff.js'
import { describeError } from '../../lib/fault.js'
import type { Log } from '../../lib/log.js'
import { pause } from '../../timers.js'
import type { Change, Selector } from '../cluster.js'
import { askedToWaitMs, type Calls } from './calls.js'
import { asStatus, errorFrom, isLostVersion, statusIn } from './errors.js'
import type { HttpAnswer } from './http.js'
import { linesOf } from './lines.js'
import { listAll } from './list.js'
import {
  collectionPath,
  isNowhere,
  isPassedOver,
  labelSelectorText,
  queryText,
  received,
  type ServedKind,
  versionOf,
  type WireObject,
} from './resources.js'

export interface WatchTimes {
  /** The API server is asked to end a watch after this, less up to a quarter. */
  readonly watchMs: number
  /** Without a byte for so long a watch is dead: an API server sends a bookmark every minute. */
  readonly silenceMs: number
  /** Between lists, less up to a quarter, however well the watch does. */
  readonly relistMs: number
  /** A watch that lived for so long has ended no pause too early. */
  readonly healthyMs: number
  readonly pauses: PauseLimits
}

export const WATCH_TIMES: WatchTimes = {
  watchMs: 290_000,
  silenceMs: 150_000,
  relistMs: 600_000,
  healthyMs: 10_000,
  pauses: { firstMs: 100, maxMs: 30_000 },
}

export interface WatchDeps {
  readonly calls: Calls
  readonly times: WatchTimes
  readonly random: () => number
  readonly log: Log
}

/** As an object in an answer: `MAX_OBJECT_BYTES`. */
const MAX_LINE_BYTES = 16 * 1024 * 1024
/** Streams in a row that brought nothing, after which the version is not trusted any more. */
const MAX_FAILURES = 5

/** The version to go on from is of no use. */
class LostVersion extends Error {}

/** The API server wants to be left alone for a while. */
class AskedToWait extends Error {
  readonly waitMs: number
  constructor(message: string, waitMs: number) {
    super(message)
    this.waitMs = waitMs
  }
}

export async function* followKind(
  deps: WatchDeps,
  find: () => Promise<ServedKind>,
  selector: Selector,
  signal: AbortSignal,
): AsyncGenerator<Change<WireObject>> {
  const { calls, times, random, log } = deps
  const shortened = (ms: number) => ms * (1 - random() / 4)
  let place: string | undefined
  let relistAt = 0
  let failures = 0
  let losses = 0
  while (!signal.aborted) {
    let streamBegan: number | undefined
    let hasNews = false
    let problem: unknown
    try {
      const served = await find()
      if (isNowhere(served, selector)) {
        yield { type: 'listed', items: [] }
        return await aborted(signal)
      }
      if (place === undefined || performance.now() >= relistAt) {
        const { items, version } = await listAll(calls, served, selector)
        if (signal.aborted) return
        place = version
        relistAt = performance.now() + shortened(times.relistMs)
        yield { type: 'listed', items }
      }
      streamBegan = performance.now()
      const endAt = Math.min(streamBegan + shortened(times.watchMs), relistAt)
      for await (const { type, object } of streamFrom(deps, served, selector, { place, endAt, signal })) {
        hasNews = true
        if (isNewer(versionOf(object), place)) place = versionOf(object)
        const change = changeFor(type, object, selector)
        if (change !== undefined) yield change
        if (signal.aborted) return
      }
      if (performance.now() < endAt) problem = new Error('the API server ended the watch early')
    } catch (error) {
      problem = error
    }
    if (signal.aborted) return
    const isHealthy = streamBegan !== undefined && performance.now() - streamBegan >= times.healthyMs
    if (isHealthy || hasNews) failures = 0
    if (isHealthy) losses = 0
    if (problem === undefined) continue
    failures++
    if (problem instanceof LostVersion || failures % MAX_FAILURES === 0) {
      place = undefined
      losses++
    }
    const growingMs = growingPauseMs(Math.max(failures, losses), times.pauses, random())
    const waitMs = problem instanceof AskedToWait ? Math.max(problem.waitMs, growingMs) : growingMs
    // An orderly end or a cut now and then is life; a row of them is something to look into.
    const say = Math.max(failures, losses) > 1 ? log.warn : log.debug
    say('watch interrupted', { failures, losses, waitMs, error: describeError(problem) })
    await pause(waitMs, signal)
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    signal.addEventListener('abort', () => resolve(), { once: true })
    if (signal.aborted) resolve()
  })
}

interface News {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  readonly object: WireObject
}

/** Ends when its time is up. @throws LostVersion, AskedToWait, and whatever else ends it */
async function* streamFrom(
  { calls, times }: WatchDeps,
  served: ServedKind,
  selector: Selector,
  { place, endAt, signal }: { readonly place: string; readonly endAt: number; readonly signal: AbortSignal },
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
  let newest = place
  for await (const line of linesOf(chunksOf(response, times.silenceMs, endAt), MAX_LINE_BYTES)) {
    const news = newsIn(line, served)
    const version = versionOf(news.object)
    // Said before: a resumed watch may repeat itself. Not so from 0, where objects come in the order of their names.
    if (place !== '0' && !isNewer(version, newest)) continue
    newest = version
    yield news
  }
}

/** The bytes, until it is `endAt`. Time in which nobody asks for more is no silence. */
async function* chunksOf(response: IncomingMessage, silenceMs: number, endAt: number): AsyncGenerator<Buffer> {
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

function changeFor(type: News['type'], item: WireObject, selector: Selector): Change<WireObject> | undefined {
  if (type === 'BOOKMARK') return undefined
  if (type === 'DELETED') return { type: 'removed', item }
  if (!isPassedOver(item, selector)) return { type: 'put', item }
  // May have been removed before, of which nothing is kept here: removed twice is removed.
  return type === 'MODIFIED' ? { type: 'removed', item } : undefined
}

/** Versions are numbers that grow, in all that there is; where they are not, another one is a newer one. */
function isNewer(version: string, than: string): boolean {
  const areNumbers = /^\d+$/.test(version) && /^\d+$/.test(than)
  if (!areNumbers) return version !== than
  return version.length === than.length ? version > than : version.length > than.length
}
