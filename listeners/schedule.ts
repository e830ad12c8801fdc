/**
 * The cron ticker: follows Schedules and hands every slot that is due to the inbox.
 *
 * A slot has a derived id and the inbox keeps one delivery per id, so that tickers beside each other, restarts and clocks
 * that are set back never fire one twice. `status.lastScheduleTime` is written after that; it says what was missed while
 * nobody looked, and goes on protecting when the inbox has forgotten.
 *
 *   waiting -its time comes, or the schedule changes-> looking -all is in the inbox-> waiting
 *                                                      looking -the inbox is away-> waiting, for a growing pause
 */
import type { Cluster } from '../src/cluster/cluster.js'
import type { Inbox } from '../src/inbox/inbox.js'
import { growingPauseMs } from '../src/lib/backoff.js'
import { describeError } from '../src/lib/fault.js'
import type { Log } from '../src/lib/log.js'
import { createSlots } from '../src/lib/slots.js'
import { fromTimestamp, toTimestamp } from '../src/lib/time.js'
import type { Schedule } from '../src/resources/schedules.js'
import { dueAt, observe } from '../src/schedule/due.js'
import { readTiming } from '../src/schedule/read-schedule.js'
import { slotDelivery } from '../src/schedule/tick.js'
import { pause as realPause } from '../src/timers.js'
import { followRuns } from './schedule-runs.js'
import { createStatusWriter, type Known } from './schedule-status.js'

/** A clock that is set forward is noticed within this. */
const LONGEST_WAIT_MS = 60_000
const RETRY_PAUSES = { firstMs: 1_000, maxMs: 30_000 }
/** Deliveries on their way into the inbox: those that arrive together share a write to the disk. */
const ACCEPTS_AT_ONCE = 64

export interface TickerDeps {
  readonly cluster: Cluster
  readonly inbox: Pick<Inbox, 'accept'>
  readonly log: Log
  readonly now: () => number
  /** Resolves after `ms`, or when `signal` aborts. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>
}

export interface Ticker {
  /** Fires nothing more; resolves when what was begun has ended and every status is written. */
  close(): Promise<void>
}

/** One schedule, as this ticker sees it. */
interface Watched extends Known {
  /** Looked at next (epoch ms); infinite: when it changes. */
  lookAt: number
  looking: boolean
  failures: number
}

export function startTicker(deps: TickerDeps): Ticker {
  const { cluster, inbox, log, now, pause = realPause } = deps
  const stop = new AbortController()
  const watched = new Map<string, Watched>()
  const accepts = createSlots(ACCEPTS_AT_ONCE)
  const looks = new Set<Promise<void>>()
  let nap = new AbortController()

  const runs = followRuns({
    cluster,
    log,
    limitsOf: uid => watched.get(uid)?.schedule.spec,
    changed: uid => writer.note(uid),
    signal: stop.signal,
  })
  const writer = createStatusWriter({
    cluster,
    log,
    now,
    pause,
    known: uid => watched.get(uid),
    runs,
    signal: stop.signal,
  })

  async function follow(): Promise<void> {
    for await (const change of cluster.watch('Schedule', {}, stop.signal)) {
      if (change.type === 'listed') {
        const uids = new Set(change.items.map(({ metadata }) => metadata.uid))
        for (const uid of watched.keys()) if (!uids.has(uid)) watched.delete(uid)
        for (const schedule of change.items) see(schedule)
      } else if (change.type === 'put') see(change.item)
      else watched.delete(change.item.metadata.uid)
      nap.abort()
    }
  }

  function see(schedule: Schedule): void {
    const { uid, generation } = schedule.metadata
    const before = watched.get(uid)
    const observed = observe(schedule, [before?.observed, schedule.status?.observed], now())
    const last = latest(before?.last, schedule.status?.lastScheduleTime)
    if (before === undefined) {
      const timing = readTiming(schedule.metadata, schedule.spec)
      const fresh = { missed: undefined, lookAt: 0, looking: false, failures: 0 }
      watched.set(uid, { schedule, timing, observed, last, ...fresh })
    } else {
      const isSame = before.schedule.metadata.generation === generation
      const timing = isSame ? before.timing : readTiming(schedule.metadata, schedule.spec)
      Object.assign(before, { schedule, timing, observed, last, lookAt: 0 })
    }
    runs.prune(uid)
    writer.note(uid)
  }

  async function tick(): Promise<void> {
    while (!stop.signal.aborted) {
      nap = new AbortController()
      let soonest = now() + LONGEST_WAIT_MS
      for (const entry of watched.values()) {
        if (entry.looking) continue
        if (entry.lookAt <= now()) begin(entry)
        else soonest = Math.min(soonest, entry.lookAt)
      }
      await pause(soonest - now(), AbortSignal.any([nap.signal, stop.signal]))
    }
  }

  function begin(entry: Watched): void {
    entry.looking = true
    const own = accepts
      .run(() => look(entry), stop.signal)
      .catch(error => {
        if (stop.signal.aborted) return
        entry.failures += 1
        entry.lookAt = now() + growingPauseMs(entry.failures, RETRY_PAUSES, 0)
        const { namespace, name } = entry.schedule.metadata
        log.warn('schedule waits', { schedule: `${namespace}/${name}`, error: describeError(error) })
      })
      .then(() => {
        entry.looking = false
        looks.delete(own)
        nap.abort()
      })
    looks.add(own)
  }

  async function look(entry: Watched): Promise<void> {
    const { schedule, timing, observed } = entry
    const { metadata, spec } = schedule
    // Whoever changes the schedule meanwhile puts this back, and it is looked at again.
    entry.lookAt = Number.POSITIVE_INFINITY
    if (timing.is === 'wrong') return
    const due = dueAt(timing.timing, spec, observed, entry.last, now())
    for (const slot of due.slots) {
      if (stop.signal.aborted || watched.get(metadata.uid) !== entry) return
      const accepted = await inbox.accept(slotDelivery(metadata, observed.timeZone, slot, now()))
      const fields = { schedule: `${metadata.namespace}/${metadata.name}`, slot: toTimestamp(slot), was: accepted.is }
      if (accepted.is === 'mismatch') log.error('a slot is in the inbox with another body', fields)
      else log.debug('schedule fires', fields)
      entry.last = latest(entry.last, slot)
    }
    entry.failures = 0
    entry.lookAt = Math.min(entry.lookAt, due.next ?? Number.POSITIVE_INFINITY)
    const missed = due.missed ?? entry.missed
    if (due.slots.length > 0 || missed !== entry.missed) writer.note(metadata.uid)
    entry.missed = missed
  }

  const loops = [follow(), tick(), ...runs.loops]
  return {
    async close() {
      stop.abort()
      await Promise.all(loops)
      await Promise.all(looks)
      await writer.close()
    },
  }
}

/** Of epoch ms and RFC 3339. */
function latest(...times: readonly (number | string | undefined)[]): number | undefined {
  const known = times.map(time => (typeof time === 'string' ? fromTimestamp(time) : (time ?? Number.NaN)))
  const told = known.filter(time => !Number.isNaN(time))
  return told.length === 0 ? undefined : Math.max(...told)
}
