/**
 * Archives runs that have ended, and deletes their objects when their time has come. One process does this for an
 * installation; what another one, or a user, does at the same time harms nothing.
 *
 *   ended      waits a little: git hosts are told, Events are written, output is stored.
 *   put        everything is in the archive. Should somebody delete its objects, it is listed from there.
 *   entered    its time has come: it is listed as archived as soon as its objects are gone, and they are deleted.
 *   settled    they are gone.
 *
 * Killed anywhere, the next process does the step once more. Without an archive only what somebody gave a time goes.
 */
import { setMaxListeners } from 'node:events'
import type { Archive, LogPlace } from '../src/archive/archive.js'
import type { Change, Cluster } from '../src/cluster/cluster.js'
import { describeError } from '../src/lib/fault.js'
import type { Log } from '../src/lib/log.js'
import type { Namespace } from '../src/resources/core.js'
import type { RunSummary } from '../src/resources/run-summary.js'
import type { PipelineRun, TaskRun } from '../src/resources/tekton.js'
import { type FinishedRun, finishedRun } from '../src/retention/finished-run.js'
import { RETENTION_PREFIX, type RetentionRules, textsIn, withRetention } from '../src/retention/rules.js'
import { createTimeline } from '../src/retention/timeline.js'
import { pause, timerMs } from '../src/timers.js'
import { type ArchiveRunDeps, archiveRun } from './archive-run.js'

export interface RetentionDeps {
  readonly cluster: Pick<Cluster, 'get' | 'list' | 'watch' | 'delete'>
  /** Of the installation, as they are now; the same object until something changes. */
  readonly rules: () => RetentionRules
  readonly archive: Archive | undefined
  readonly logs: ArchiveRunDeps['logs']
  readonly removeLogs: (logs: readonly LogPlace[]) => Promise<void>
  readonly eventsOf: ArchiveRunDeps['eventsOf']
  /** Whether it is for this installation to archive and delete; if not given, all are. */
  readonly isTaken?: (run: PipelineRun | TaskRun) => boolean
  /** Whether this process still is the one. */
  readonly isOurs: () => boolean
  readonly counted?: (what: 'archived' | 'deleted' | 'forgotten', count: number) => void
  readonly now: () => number
  readonly log: Log
  readonly pauses?: RetentionPauses
}

/** Milliseconds. */
export interface RetentionPauses {
  /** From the end of a run until it is archived, and between tries. */
  readonly settleMs: number
  /** At the start others have more to do. */
  readonly startMs: number
  /** Between two looks for what the archive is to forget. */
  readonly forgetMs: number
}

export interface Retention {
  /** Resolves when what is under way has ended. */
  close(): Promise<void>
}

const PAUSES: RetentionPauses = { settleMs: 15_000, startMs: 3_000, forgetMs: 60 * 60_000 }
const KINDS = ['PipelineRun', 'TaskRun'] as const
const AT_ONCE = 4
/** Clocks are set, and rules change: it looks again within this. */
const LONGEST_MS = 60_000

export function startRetention(deps: RetentionDeps): Retention {
  const { cluster, archive, rules, isTaken, isOurs, counted = () => {}, now, log, pauses = PAUSES } = deps
  const stop = new AbortController()
  setMaxListeners(0, stop.signal)
  const overrides = new Map<string, RetentionRules>()
  const namespaces = new Map<string, Namespace>()
  let installed = rules()
  const timeline = createTimeline(rulesOf)
  /** By uid: what is in the archive of runs whose objects are not known to be gone. */
  const put = new Map<string, { readonly summary: RunSummary; readonly resourceVersion: string }>()
  /** By uid, those that wait longest first: to be archived, or tried again. */
  const waiting = new Map<string, { readonly at: number; readonly then: 'archive' | 'delete' | 'settle' }>()
  /** By uid: put, and gone. */
  const settling = new Set<string>()
  const listed = new Set<string>()
  let nap = new AbortController()
  let forgetAt = 0

  function rulesOf(namespace: string): RetentionRules {
    const known = overrides.get(namespace)
    if (known !== undefined) return known
    const annotations = namespaces.get(namespace)?.metadata.annotations
    const own = withRetention(installed, textsIn(annotations, RETENTION_PREFIX))
    overrides.set(namespace, own)
    return own
  }

  function rulesChanged(): void {
    overrides.clear()
    timeline.rulesChanged()
    nap.abort()
  }

  async function followNamespaces(): Promise<void> {
    for await (const change of cluster.watch('Namespace', {}, stop.signal)) {
      const before = JSON.stringify([...namespaces.values()].map(saysOf))
      if (change.type === 'listed') {
        namespaces.clear()
        for (const item of change.items) namespaces.set(item.metadata.name, item)
        listed.add('Namespace')
      } else if (change.type === 'put') namespaces.set(change.item.metadata.name, change.item)
      else namespaces.delete(change.item.metadata.name)
      if (before !== JSON.stringify([...namespaces.values()].map(saysOf))) rulesChanged()
      else nap.abort()
    }
  }

  async function follow(kind: (typeof KINDS)[number]): Promise<void> {
    const changes = cluster.watch(kind, {}, stop.signal) as AsyncIterable<Change<PipelineRun | TaskRun>>
    for await (const change of changes) {
      if (change.type === 'put') see(change.item)
      else if (change.type === 'removed') gone(change.item.metadata.uid)
      else {
        const there = new Set(change.items.map(({ metadata }) => metadata.uid))
        for (const [uid, { summary }] of put) if (summary.kind === kind && !there.has(uid)) gone(uid)
        for (const run of timeline.all()) if (run.kind === kind && !there.has(run.uid)) gone(run.uid)
        for (const item of change.items) see(item)
        listed.add(kind)
      }
      nap.abort()
    }
  }

  function see(item: PipelineRun | TaskRun): void {
    const run = finishedRun(item)
    if (run === undefined || isTaken?.(item) === false) return
    const before = timeline.get(run.uid)
    if (before?.resourceVersion === run.resourceVersion) return
    timeline.put(run)
    if (archive !== undefined && !put.has(run.uid) && !waiting.has(run.uid)) later(run.uid, 'archive')
  }

  function later(uid: string, then: 'archive' | 'delete' | 'settle'): void {
    waiting.delete(uid)
    waiting.set(uid, { at: now() + pauses.settleMs, then })
  }

  /** Whoever deleted it. */
  function gone(uid: string): void {
    timeline.remove(uid)
    waiting.delete(uid)
    if (put.has(uid)) settling.add(uid)
  }

  /** @throws when store or archive are away */
  async function archiveOne(run: FinishedRun): Promise<boolean> {
    if (archive === undefined) return true
    if (put.get(run.uid)?.resourceVersion === run.resourceVersion) return true
    const done = await archiveRun({ ...deps, archive }, run)
    if (done.is === 'gone') return true
    if (done.is === 'early') return false
    if (!put.has(run.uid)) counted('archived', 1)
    put.set(run.uid, done)
    return true
  }

  async function deleteOne(run: FinishedRun): Promise<void> {
    if (!(await archiveOne(run))) return later(run.uid, 'delete')
    const kept = put.get(run.uid)
    if (archive !== undefined && kept === undefined) return
    if (!isOurs()) return
    if (archive !== undefined && kept !== undefined) await archive.enter(kept.summary)
    const { kind, namespace, name, uid } = run
    await cluster.delete(kind, { namespace, name }, { uid })
    counted('deleted', 1)
  }

  /** Its objects are gone. */
  async function settle(uid: string): Promise<void> {
    const kept = put.get(uid)
    if (archive === undefined || kept === undefined) return
    await archive.enter(kept.summary)
    await archive.settled(kept.summary)
    put.delete(uid)
  }

  /** @param again what is tried later when store or archive are away, or the time has not come */
  async function attempt(
    uid: string,
    again: 'archive' | 'delete' | 'settle',
    work: () => Promise<void>,
  ): Promise<void> {
    try {
      if (isOurs()) return await work()
    } catch (error) {
      if (stop.signal.aborted) return
      const run = timeline.get(uid) ?? put.get(uid)?.summary
      const name = run === undefined ? uid : `${run.kind}/${run.namespace}/${run.name}`
      log.warn('a run that ended is not archived or deleted yet', { run: name, error: describeError(error) })
    }
    later(uid, again)
  }

  /** What is to be done now, as much as is done together. */
  function takeWork(): readonly Promise<void>[] {
    const found: Promise<void>[] = []
    const isFull = () => found.length >= AT_ONCE
    for (const uid of settling) {
      if (isFull()) break
      settling.delete(uid)
      found.push(attempt(uid, 'settle', () => settle(uid)))
    }
    for (const [uid, { at, then }] of waiting) {
      if (at > now() || isFull()) break
      waiting.delete(uid)
      const run = timeline.get(uid)
      if (then === 'settle') settling.add(uid)
      // It may be that by now it is kept.
      else if (then === 'delete' && run !== undefined) timeline.put(run)
      else if (run !== undefined) {
        found.push(
          attempt(uid, 'archive', async () => {
            if (!(await archiveOne(run))) later(uid, 'archive')
          }),
        )
      }
    }
    for (const run of timeline.takeDue(now(), AT_ONCE - found.length)) {
      found.push(attempt(run.uid, 'delete', () => deleteOne(run)))
    }
    return found
  }

  async function forget(): Promise<void> {
    const { archiveTtlSeconds } = installed
    forgetAt = now() + pauses.forgetMs
    if (archive === undefined || archiveTtlSeconds === undefined || !isOurs()) return
    try {
      counted('forgotten', await archive.removeBefore(now() - archiveTtlSeconds * 1000, deps.removeLogs))
    } catch (error) {
      log.warn('old archived runs are not removed yet', { error: describeError(error) })
    }
  }

  async function start(): Promise<void> {
    while (archive !== undefined && !stop.signal.aborted) {
      try {
        for (const one of await archive.unsettled()) put.set(one.uid, one)
        return
      } catch (error) {
        log.warn('the archive cannot be read yet', { error: describeError(error) })
        await pause(pauses.settleMs, stop.signal)
      }
    }
  }

  async function run(): Promise<void> {
    await pause(pauses.startMs, stop.signal)
    await start()
    if (stop.signal.aborted) return
    const loops = [followNamespaces(), ...KINDS.map(follow)]
    while (!stop.signal.aborted) {
      nap = new AbortController()
      if (rules() !== installed) {
        installed = rules()
        rulesChanged()
        continue
      }
      const all = listed.size === KINDS.length + 1 ? takeWork() : []
      if (all.length > 0) {
        await Promise.all(all)
        continue
      }
      if (listed.size === KINDS.length + 1 && now() >= forgetAt) await forget()
      const [first] = waiting.values()
      const next = Math.min(
        first?.at ?? Number.POSITIVE_INFINITY,
        timeline.next() ?? Number.POSITIVE_INFINITY,
        forgetAt,
      )
      const ms = Math.min(Math.max(next - now(), 1), LONGEST_MS)
      await pause(timerMs(ms), AbortSignal.any([nap.signal, stop.signal]))
    }
    await Promise.all(loops)
  }

  const running = run().catch(error => log.error('runs are not archived any more', { error: describeError(error) }))
  return {
    async close() {
      stop.abort()
      await running
    },
  }
}

function saysOf({ metadata: { name, annotations } }: Namespace): unknown {
  return [name, textsIn(annotations, RETENTION_PREFIX)]
}
