/**
 * Tells git hosts how runs fare. Follows the runs that are labelled as due, and says of each what is true now: a state that
 * has passed before it could be told is never told. One request at a time for one context of one commit, so what arrives is
 * in order, also over retries.
 *
 *   due        labelled by the reconciler. Before its end it is told after a short while, so that a quick run is one
 *              request; its end is told at once.
 *   pausing    the host is away, busy or wants a pause. Told again after a growing pause, or as the host asks; by then
 *              perhaps of something newer.
 *   told       the end has arrived, and the label says `sent`. Killed between the two, it is told once more.
 *   refused    the host, or the rules about tokens, said no to the end: an Event on the run says why. A no to anything
 *              earlier is not the last word: the Secret may be mended while the run goes on.
 *   superseded a newer run tells of the same. Labelled so before the newer one speaks, and never heard of again.
 *
 * One process does this for an installation: two would each tell everything, and nothing would be in order.
 */
import { setMaxListeners } from 'node:events'
import type { Change, Cluster } from '../src/cluster/cluster.js'
import { type Asked, askedOf, type Run } from '../src/feedback/asked.js'
import {
  byAge,
  createDueRuns,
  type DueRun,
  type Target as DueTarget,
  inOrder,
  isOver,
  slim,
} from '../src/feedback/due-runs.js'
import { isDue, type LabelValue, labelReport } from '../src/feedback/report-label.js'
import { type TellDeps, type Told, tell } from '../src/feedback/tell.js'
import { growingPauseMs, type PauseLimits } from '../src/lib/backoff.js'
import { describeError } from '../src/lib/fault.js'
import { createSlots, type Slots } from '../src/lib/slots.js'
import { fromTimestamp } from '../src/lib/time.js'
import { GIT_REPORT, GIT_REPORT_LABEL } from '../src/resources/annotations.js'
import { keyOf } from '../src/resources/meta.js'
import { pause, timerMs } from '../src/timers.js'

export interface GitFeedbackDeps extends Pick<TellDeps, 'send' | 'tailOf' | 'runUrl' | 'now' | 'log'> {
  readonly cluster: Cluster
  /** An Event on the run. */
  readonly record: (
    run: Run,
    text: { readonly type: 'Warning'; readonly reason: string; readonly message: string },
  ) => void
  /** Tests make them short. */
  readonly pauses?: Pauses
  /** Runs that are kept in memory; tests make it small. What is beyond is found again by its label. */
  readonly maxDue?: number
}

export interface Pauses {
  /** A state that is no end is told when it has lasted so long. */
  readonly settleMs: number
  /** Between two reports about one target, unless the second is of an end. */
  readonly intervalMs: number
  /** After failures in a row. */
  readonly retry: PauseLimits
}

export interface GitFeedback {
  /** Gives up what is under way: the next process finds it by its label. */
  close(): Promise<void>
}

const PAUSES: Pauses = { settleMs: 500, intervalMs: 2_000, retry: { firstMs: 1_000, maxMs: 5 * 60_000 } }
const KINDS = ['PipelineRun', 'TaskRun'] as const
const DUE = { labels: { [GIT_REPORT_LABEL]: GIT_REPORT.due } }
const MAX_DUE = 10_000
const MAX_LOGINS = 1_000
const REQUESTS_PER_LOGIN = 4
const REQUESTS_AT_ONCE = 32
/** Who waits for a status longer than that does not wait any more. */
const GIVE_UP_AFTER_MS = 24 * 60 * 60_000
/** At this failure in a row, an Event says so. */
const TELL_OF_FAILURES = 5

/** Everything that one login is used for with one host: what the host asks of one, it asks of all. */
interface Login {
  readonly slots: Slots
  /** Epoch ms. */
  openAt: number
  failures: number
}

interface Target extends DueTarget {
  readonly login: Login
  timer: NodeJS.Timeout | undefined
  busy: boolean
  /** Something changed while it was busy. */
  changed: boolean
  failures: number
  /** Epoch ms. */
  notBefore: number
}

export function startGitFeedback(deps: GitFeedbackDeps): GitFeedback {
  const { cluster, now, log, pauses = PAUSES, maxDue = MAX_DUE } = deps
  const stop = new AbortController()
  const { signal } = stop
  // Everything that waits listens to it.
  setMaxListeners(0, signal)
  const logins = new Map<string, Login>()
  const due = createDueRuns<Target>(newTarget, maxDue)
  /** By uid, labelled by us and not yet seen to be: what the watch still has to say of them is old. */
  const settled = new Map<string, Run['kind']>()
  const atOnce = createSlots(REQUESTS_AT_ONCE)
  const working = new Set<Promise<void>>()
  const telling: TellDeps = { ...deps, warn, settle, signal }
  let isIncomplete = false

  function newTarget(key: string, asked: Asked, { metadata: { namespace } }: Run): Target {
    const name = JSON.stringify([namespace, asked.secret, asked.repository.host])
    const login = logins.get(name) ?? { slots: createSlots(REQUESTS_PER_LOGIN), openAt: 0, failures: 0 }
    logins.set(name, login)
    if (logins.size > MAX_LOGINS) forgetLogins()
    return { key, runs: new Map(), login, timer: undefined, busy: false, changed: false, failures: 0, notBefore: 0 }
  }

  /** Hosts come from webhooks: there may be any number of them. */
  function forgetLogins(): void {
    const used = new Set([...due.all()].map(({ login }) => login))
    for (const [name, login] of logins) if (!used.has(login) && login.openAt < now()) logins.delete(name)
  }

  async function follow(kind: Run['kind']): Promise<void> {
    const changes = cluster.watch(kind, DUE, signal) as AsyncIterable<Change<Run>>
    for await (const change of changes) {
      if (change.type === 'listed') await listed(kind, change.items)
      else if (change.type === 'put') seen(change.item, false)
      else await removed(change.item)
    }
  }

  async function listed(kind: Run['kind'], items: readonly Run[]): Promise<void> {
    const uids = new Set(items.map(({ metadata }) => metadata.uid))
    for (const [uid, of] of settled) if (of === kind && !uids.has(uid)) settled.delete(uid)
    const known = [...due.all()].flatMap(target => [...target.runs.values()])
    for (const { run } of known) if (run.kind === kind && !uids.has(run.metadata.uid)) await removed(run)
    // The oldest first: what there is no room for is newer than what there is.
    for (const run of [...items].sort(byAge)) seen(run, true)
  }

  function seen(run: Run, isOld: boolean): void {
    if (settled.has(run.metadata.uid) || !isDue(run)) return
    const found = askedOf(run)
    if (found.is === 'problem') {
      due.remove(run.metadata.uid)
      warn(run, 'GitStatusNotSent', found.message)
      track(label(run, 'refused'))
      return
    }
    const target = due.put(run, found.asked, now(), isOld)
    if (target === undefined) isIncomplete = true
    else plan(target)
  }

  /** Deleted, or labelled by somebody. */
  async function removed(run: Run): Promise<void> {
    const { uid } = run.metadata
    settled.delete(uid)
    const known = due.find(uid)
    if (known === undefined) return
    if (await isThere(run)) return due.remove(uid)
    known.due.run = slim(run)
    known.due.isGone = true
    plan(known.target)
  }

  async function isThere(run: Run): Promise<boolean> {
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        return (await cluster.get(run.kind, keyOf(run)))?.metadata.uid === run.metadata.uid
      } catch (error) {
        waitsForStore(error)
        await pause(growingPauseMs(failures, pauses.retry, Math.random()), signal)
      }
    }
    return true
  }

  function plan(target: Target): void {
    if (signal.aborted) return
    target.changed = target.busy
    if (target.busy) return
    clearTimeout(target.timer)
    const at = Math.max(target.notBefore, target.login.openAt, settledAt(target))
    target.timer = setTimeout(() => track(serve(target)), timerMs(at - now())).unref()
  }

  function settledAt(target: Target): number {
    const newest = inOrder(target).at(-1)
    if (newest === undefined || isOver(newest)) return 0
    return Math.max(newest.seenAt + pauses.settleMs, newest.toldAt + pauses.intervalMs)
  }

  function track(work: Promise<void>): void {
    const tracked = work.catch((error: unknown) => {
      if (!signal.aborted) log.error('telling a git host failed', { error: describeError(error) })
    })
    working.add(tracked)
    void tracked.finally(() => working.delete(tracked))
  }

  async function serve(target: Target): Promise<void> {
    target.busy = true
    target.changed = false
    let isThrough = false
    try {
      isThrough = await target.login.slots.run(() => atOnce.run(() => attempt(target), signal), signal)
    } catch (error) {
      if (signal.aborted) return
      waitsForStore(error)
      target.failures += 1
      target.notBefore = now() + growingPauseMs(target.failures, pauses.retry, Math.random())
    } finally {
      target.busy = false
    }
    if (target.runs.size > 0 && (!isThrough || target.changed)) plan(target)
    if (isIncomplete && due.size() < maxDue / 2) await lookAgain()
  }

  async function lookAgain(): Promise<void> {
    isIncomplete = false
    for (const kind of KINDS) for (const run of [...(await cluster.list(kind, DUE))].sort(byAge)) seen(run, true)
  }

  /** False when it is to be planned once more. */
  async function attempt(target: Target): Promise<boolean> {
    // Another run of the same login was told to wait, after this one was planned.
    if (target.login.openAt > now()) return false
    const told = await tell(telling, inOrder(target))
    if (told.is === 'later') return postpone(target, told)
    target.failures = 0
    target.login.failures = 0
    return true
  }

  async function postpone(target: Target, { due: late, outcome }: Extract<Told, { is: 'later' }>): Promise<boolean> {
    const { login } = target
    const { message, afterMs, concerns } = outcome
    target.failures += 1
    if (concerns === 'host') login.failures += 1
    const failures = concerns === 'host' ? login.failures : target.failures
    const at = now() + (afterMs ?? growingPauseMs(failures, pauses.retry, Math.random()))
    if (concerns === 'host') login.openAt = Math.max(login.openAt, at)
    target.notBefore = at
    const fields = { run: nameOf(late.run), error: message, afterMs: at - now() }
    log.warn('a git status could not be sent, and is tried again', fields)
    const endedAt = late.isGone ? late.seenAt : fromTimestamp(late.run.status?.completionTime ?? '')
    if (endedAt + GIVE_UP_AFTER_MS < now()) {
      warn(late.run, 'GitStatusNotSent', `given up a day after the run has ended: ${message}`)
      await settle(late, 'refused')
      return true
    }
    if (target.failures === TELL_OF_FAILURES) warn(late.run, 'GitStatusDelayed', `${message}; it is tried again`)
    return false
  }

  function warn(run: Run, reason: string, message: string): void {
    deps.record(run, { type: 'Warning', reason, message })
    log.warn('a git status was not sent as asked', { run: nameOf(run), reason, message })
  }

  function waitsForStore(error: unknown): void {
    log.warn('a git status waits for the store', { error: describeError(error) })
  }

  async function settle({ run, isGone }: DueRun, value: LabelValue): Promise<void> {
    if (!isGone) await label(run, value)
    due.remove(run.metadata.uid)
  }

  async function label(run: Run, value: LabelValue): Promise<void> {
    const { uid } = run.metadata
    settled.set(uid, run.kind)
    const isLabelled = await labelReport(cluster, run, value, { signal, pauses: pauses.retry, random: Math.random })
    // The watch will say nothing of it.
    if (!isLabelled) settled.delete(uid)
  }

  const loops = KINDS.map(follow)
  return {
    async close() {
      stop.abort(new Error('closing'))
      for (const target of due.all()) clearTimeout(target.timer)
      await Promise.allSettled([...loops, ...working])
    },
  }
}

function nameOf({ kind, metadata }: Run): string {
  return `${kind}/${metadata.namespace}/${metadata.name}`
}
