/** Writes what is known of schedules into their status: late enough that what happens together is one write. */
import { isDeepStrictEqual } from 'node:util'
import { type Cluster, ClusterError, isClusterError } from '../src/cluster/cluster.js'
import { describeError } from '../src/lib/fault.js'
import type { Log } from '../src/lib/log.js'
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
  readonly loop: Promise<void>
  /** Writes what is noted still: when the signal has aborted and the loop has ended. */
  close(): Promise<void>
}

export function createStatusWriter(deps: StatusWriterDeps): StatusWriter {
  const { cluster, log, now, pause, known, runs, signal } = deps
  let noted = new Set<string>()
  let onNote = () => {}
  signal.addEventListener('abort', () => onNote(), { once: true })

  function note(uid: string): void {
    noted.add(uid)
    onNote()
  }

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      if (noted.size === 0) await someNote()
      await pause(SETTLE_MS, signal)
      if (runs.complete() && !signal.aborted && !(await writeNoted())) await pause(RETRY_MS, signal)
    }
  }

  function someNote(): Promise<void> {
    return new Promise(resolve => {
      onNote = resolve
      if (signal.aborted) resolve()
    })
  }

  /** False when some have to be tried again. */
  async function writeNoted(): Promise<boolean> {
    const line = [...noted]
    noted = new Set()
    let failed = 0
    const serve = async () => {
      for (let uid = line.shift(); uid !== undefined; uid = line.shift()) {
        if (await attempt(uid)) continue
        failed += 1
        noted.add(uid)
      }
    }
    await Promise.all(Array.from({ length: WRITES_AT_ONCE }, serve))
    return failed === 0
  }

  /** False when it has to be tried again. */
  async function attempt(uid: string): Promise<boolean> {
    try {
      await write(uid)
      return true
    } catch (error) {
      // Someone wrote first: the watch brings what it was.
      if (isClusterError(error, 'Conflict')) return false
      const { namespace = '', name = '' } = known(uid)?.schedule.metadata ?? {}
      log.warn('writing the status of a schedule', { schedule: `${namespace}/${name}`, error: describeError(error) })
      // What is no fault of the cluster's is one of this schedule, and stays.
      return !(error instanceof ClusterError)
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
    loop: follow(),
    async close() {
      if (runs.complete()) await writeNoted()
    },
  }
}
