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
import { setImmediate } from 'node:timers/promises'
import type { Cluster } from '../src/cluster/cluster.js'
import type { Inbox } from '../src/inbox/inbox.js'
import { growingPauseMs } from '../src/lib/backoff.js'
import { describeError } from '../src/lib/fault.js'
import type { Log } from '../src/lib/log.js'
import { fromTimestamp, toTimestamp } from '../src/lib/time.js'
import type { Schedule } from '../src/resources/schedules.js'
import { dueAt, observe } from '../src/schedule/due.js'
import { readTiming, type TimingReading } from '../src/schedule/read-schedule.js'
import { slotDelivery } from '../src/schedule/tick.js'
import { pause as realPause } from '../src/timers.js'
import { followRuns } from './schedule-runs.js'
import { createStatusWriter, type Known } from './schedule-status.js'

/** A clock that is set forward is noticed within this. */
const LONGEST_WAIT_MS = 60_000
const RETRY_PAUSES = { firstMs: 1_000, maxMs: 30_000 }
/** Schedules whose slots go into the inbox at the same time: they share its writes to the disk. */
const LOOKS_AT_ONCE = 256

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
interface Watched extends Omit<Known, 'timing'> {
  /** Read with the first look. */
  timing: TimingReading | undefined
  /** Looked at next (epoch ms); infinite: when it changes. */
  lookAt: number
  /** In the line, or its turn has come. */
  isLooking: boolean
  failures: number
}

export function startTicker(deps: TickerDeps): Ticker {
  const { cluster, inbox, log, now, pause = realPause } = deps
  const stop = new AbortController()
  const watched = new Map<string, Watched>()
  /** Those whose time has come, in order. */
  const line: Watched[] = []
  const looks = new Set<Promise<void>>()
  let nap = new AbortController()
  /** Until when it naps (epoch ms). */
  let wakesAt = 0

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
    known: uid => {
      const entry = watched.get(uid)
      return entry?.timing === undefined ? undefined : { ...entry, timing: entry.timing }
    },
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
    const { uid, generation, namespace, name } = schedule.metadata
    const before = watched.get(uid)
    try {
      const observed = observe(schedule, [before?.observed, schedule.status?.observed], now())
      const last = latest(before?.last, schedule.status?.lastScheduleTime)
      if (before === undefined) {
        const fresh = { timing: undefined, missed: undefined, lookAt: 0, isLooking: false, failures: 0 }
        watched.set(uid, { schedule, observed, last, ...fresh })
      } else {
        const isSame = before.schedule.metadata.generation === generation
        // Mostly it is our own status that comes back.
        const isFired = last === before.last && observed.since === before.observed.since
        const lookAt = isSame && isFired ? before.lookAt : 0
        Object.assign(before, { schedule, observed, last, lookAt, timing: isSame ? before.timing : undefined })
      }
    } catch (error) {
      // Nobody admitted it, or somebody else wrote its status: it fails alone.
      log.error('schedule cannot be read', { schedule: `${namespace}/${name}`, error: describeError(error) })
    }
    runs.prune(uid)
    writer.note(uid)
  }

  async function tick(): Promise<void> {
    while (!stop.signal.aborted) {
      nap = new AbortController()
      wakesAt = now() + LONGEST_WAIT_MS
      for (const entry of watched.values()) {
        if (entry.isLooking) continue
        if (entry.lookAt <= now()) standInLine(entry)
        else wakesAt = Math.min(wakesAt, entry.lookAt)
      }
      await pause(wakesAt - now(), AbortSignal.any([nap.signal, stop.signal]))
      // What happens together wakes it once.
      await setImmediate()
    }
  }

  function standInLine(entry: Watched): void {
    entry.isLooking = true
    line.push(entry)
    if (looks.size < LOOKS_AT_ONCE) begin()
  }

  /** One of many that look at the line, until it is empty. */
  function begin(): void {
    const own = serve()
      .catch(error => log.error('schedules are not looked at', { error: describeError(error) }))
      .finally(() => looks.delete(own))
    looks.add(own)
  }

  async function serve(): Promise<void> {
    for (let entry = line.shift(); entry !== undefined && !stop.signal.aborted; entry = line.shift()) {
      // Ten thousand may be due in one second, and others want their turn.
      await setImmediate()
      await lookAndWait(entry)
      entry.isLooking = false
      if (entry.lookAt < wakesAt) nap.abort()
    }
  }

  async function lookAndWait(entry: Watched): Promise<void> {
    try {
      await look(entry)
      entry.failures = 0
    } catch (error) {
      if (stop.signal.aborted) return
      entry.failures += 1
      entry.lookAt = now() + growingPauseMs(entry.failures, RETRY_PAUSES, 0)
      const { namespace, name } = entry.schedule.metadata
      log.warn('schedule waits', { schedule: `${namespace}/${name}`, error: describeError(error) })
    }
  }

  async function look(entry: Watched): Promise<void> {
    const { schedule, observed } = entry
    const { metadata, spec } = schedule
    // Whoever changes the schedule meanwhile puts these back, and it is looked at again.
    entry.lookAt = Number.POSITIVE_INFINITY
    const timing = entry.timing ?? readTiming(metadata, spec)
    entry.timing = timing
    writer.note(metadata.uid)
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
    entry.lookAt = Math.min(entry.lookAt, due.next ?? Number.POSITIVE_INFINITY)
    entry.missed = due.missed ?? entry.missed
    writer.note(metadata.uid)
  }

  const loops = [follow(), tick(), ...runs.loops, writer.loop]
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
