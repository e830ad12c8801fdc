/**
 * List, then watch, for ever. Correctness comes from lists, speed from watches; nothing here believes that a watch which
 * says nothing has nothing to say.
 *
 *   listing    ── the whole set, yielded as `listed` ──▶ following
 *   following  ── the stream ends: its time is up, it is cut, it is silent ──▶ following, from the last version seen
 *              ── the version is lost (410, in the head or as an event), or it is time for a list again ──▶ listing
 *              ── `MAX_FRUITLESS` streams in a row brought nothing ──▶ listing
 *
 * Before each step after a failure there is a pause that grows, so neither lists nor watches can follow each other hotly.
 * One generator does it all by turns: there is never a second stream, and none whose events could come late. A consumer
 * that is slow is not read for: its connection fills up, the API server ends the watch, and it goes on from its version.
 */
import { growingPauseMs, type PauseLimits } from '../../lib/backoff.js'
import { describeError } from '../../lib/fault.js'
import type { Log } from '../../lib/log.js'
import { pause } from '../../timers.js'
import type { Change, Selector } from '../cluster.js'
import type { Calls } from './calls.js'
import { TransportError } from './http.js'
import { listAll } from './list.js'
import { isNowhere, isPassedOver, type ServedKind, versionOf, type WireObject } from './resources.js'
import { NOBODY_LISTENS, type WatchTeller } from './signs.js'
import { AskedToWait, isNewer, LostVersion, type News, streamFrom } from './stream.js'

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
  pauses: { firstMs: 500, maxMs: 30_000 },
}

export interface WatchDeps {
  readonly calls: Calls
  readonly times: WatchTimes
  readonly random: () => number
  readonly log: Log
  /** Told whether the watch lives. */
  readonly teller?: WatchTeller
}

/** Streams in a row that brought nothing, after which the version is not trusted any more. */
const MAX_FRUITLESS = 5

export async function* followKind(
  deps: WatchDeps,
  find: () => Promise<ServedKind>,
  selector: Selector,
  signal: AbortSignal,
): AsyncGenerator<Change<WireObject>> {
  const { calls, times, random, log, teller = NOBODY_LISTENS } = deps
  const shortened = (ms: number) => ms * (1 - random() / 4)
  let place: string | undefined
  let relistAt = 0
  let failures = 0
  let fruitless = 0
  let losses = 0
  while (!signal.aborted) {
    let served: ServedKind | undefined
    let streamBegan: number | undefined
    let hasNews = false
    let problem: unknown
    try {
      served = await find()
      if (isNowhere(served, selector)) {
        teller.heard(true)
        yield { type: 'listed', items: [] }
        return await aborted(signal)
      }
      if (place === undefined || performance.now() >= relistAt) {
        const { items, version } = await listAll(calls, served, selector)
        if (signal.aborted) return
        teller.heard(true)
        place = version
        relistAt = performance.now() + shortened(times.relistMs)
        yield { type: 'listed', items }
      }
      streamBegan = performance.now()
      const endAt = Math.min(streamBegan + shortened(times.watchMs), relistAt)
      for await (const { type, object } of streamFrom(
        { calls, silenceMs: times.silenceMs, heard: teller.heard },
        served,
        selector,
        {
          place,
          endAt,
          signal,
        },
      )) {
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
    if (isHealthy || hasNews) failures = fruitless = 0
    if (isHealthy) losses = 0
    if (problem === undefined) continue
    teller.interrupted()
    failures++
    // Who cannot be reached has said nothing about the version.
    if (!(problem instanceof TransportError)) fruitless++
    if (problem instanceof LostVersion || fruitless >= MAX_FRUITLESS) {
      place = undefined
      fruitless = 0
      losses++
    }
    const growingMs = growingPauseMs(Math.max(failures, losses), times.pauses, random())
    const waitMs = problem instanceof AskedToWait ? Math.max(problem.waitMs, growingMs) : growingMs
    // An orderly end or a cut now and then is life; a row of them is something to look into.
    const level = Math.max(failures, losses) > 1 ? 'warn' : 'debug'
    log[level]('watch interrupted', {
      resource: served?.plural,
      failures,
      losses,
      waitMs,
      error: describeError(problem),
    })
    await pause(waitMs, signal)
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    signal.addEventListener('abort', () => resolve(), { once: true })
    if (signal.aborted) resolve()
  })
}

function changeFor(type: News['type'], item: WireObject, selector: Selector): Change<WireObject> | undefined {
  if (type === 'BOOKMARK') return undefined
  if (type === 'DELETED') return { type: 'removed', item }
  if (!isPassedOver(item, selector)) return { type: 'put', item }
  // May have been removed before, of which nothing is kept here: removed twice is removed.
  return type === 'MODIFIED' ? { type: 'removed', item } : undefined
}
