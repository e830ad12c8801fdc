/** Writes what is known of schedules into their status: late enough that what happens together is one write. */
import { isDeepStrictEqual } from 'node:util'
import { type Cluster, isClusterError } from '../src/cluster/cluster.js'
import { describeError } from '../src/lib/fault.js'
import type { Log } from '../src/lib/log.js'
import { createSlots } from '../src/lib/slots.js'
import type { ObservedSchedule, Schedule } from '../src/resources/schedules.js'
import type { TimingReading } from '../src/schedule/read-schedule.js'
import { statusOf } from '../src/schedule/status.js'
import type { ScheduleRuns } from './schedule-runs.js'

/** A slot is in the inbox, its run is created, its first status comes: mostly within this. */
const SETTLE_MS = 200
const RETRY_MS = 1_000
const WRITES_AT_ONCE = 16

export interface Known {
  schedule: Schedule
  timing: TimingReading
  observed: ObservedSchedule
  /** The last slot that is in the inbox (epoch ms). */
  last: number | undefined
  /** The newest slot that was given up (epoch ms). */
  missed: number | undefined
}

export interface StatusWriterDeps {
  readonly cluster: Cluster
  readonly log: Log
  readonly now: () => number
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
  readonly known: (uid: string) => Known | undefined
  readonly runs: Pick<ScheduleRuns, 'of' | 'complete'>
  readonly signal: AbortSignal
}

export interface StatusWriter {
  /** This schedule (uid) may have to say something else. */
  note(uid: string): void
  /** Writes what is noted still; the signal has aborted before. */
  close(): Promise<void>
}

export function createStatusWriter(deps: StatusWriterDeps): StatusWriter {
  const { cluster, log, now, pause, known, runs, signal } = deps
  const noted = new Set<string>()
  const working = new Map<string, Promise<void>>()
  const writes = createSlots(WRITES_AT_ONCE)
  const never = new AbortController().signal

  function note(uid: string): void {
    noted.add(uid)
    if (working.has(uid) || signal.aborted) return
    working.set(
      uid,
      settle(uid).finally(() => {
        working.delete(uid)
        if (noted.has(uid)) note(uid)
      }),
    )
  }

  async function settle(uid: string): Promise<void> {
    await pause(SETTLE_MS, signal)
    while (noted.has(uid) && !signal.aborted) {
      if (!runs.complete()) await pause(SETTLE_MS, signal)
      else if (!(await attempt(uid))) await pause(RETRY_MS, signal)
    }
  }

  /** False when it has to be tried again. */
  async function attempt(uid: string): Promise<boolean> {
    noted.delete(uid)
    try {
      await writes.run(() => write(uid), never)
      return true
    } catch (error) {
      noted.add(uid)
      // Someone wrote first: the watch brings what it was. It goes on only with what has come.
      if (!isClusterError(error, 'Conflict'))
        log.warn('writing the status of a schedule', { error: describeError(error) })
      return false
    }
  }

  async function write(uid: string): Promise<void> {
    const one = known(uid)
    if (one === undefined) return
    const { schedule } = one
    const status = statusOf(schedule, { ...one, runs: runs.of(uid) }, now())
    if (isDeepStrictEqual(status, schedule.status)) return
    try {
      await cluster.replaceStatus('Schedule', { ...schedule, status })
    } catch (error) {
      if (!isClusterError(error, 'NotFound')) throw error
    }
  }

  return {
    note,
    async close() {
      await Promise.all(working.values())
      if (runs.complete()) await Promise.all([...noted].map(attempt))
    },
  }
}
