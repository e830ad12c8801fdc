/**
 * The runs whose end is still to be told, by what they tell of: the same context on the same commit. Of several runs with
 * the same target the newest speaks, and the older ones never again: a rerun's `pending` must not be covered by what its
 * predecessor came to. Pure, but for the memory it is.
 */

import { isEnd } from '../git-host/build-report.js'
import type { Resource } from '../resources/meta.js'
import { type Asked, type Run, targetOf } from './asked.js'
import type { Findings } from './report.js'
import { stateOf } from './state.js'

export interface DueRun {
  run: Run
  readonly asked: Asked
  /** Grows from run to run: the order in which they were first seen. */
  readonly seen: number
  /** Epoch ms. */
  readonly seenAt: number
  /** Deleted: nobody will say more of it. */
  isGone: boolean
  /** What the host was told last, or refused to hear. */
  told: string | undefined
  /** Epoch ms; 0 for never. */
  toldAt: number
  checkId: number | undefined
  /** Somebody before us may have made a check run. */
  mayHaveCheck: boolean
  /** The token may write no check runs. */
  isStatusOnly: boolean
  /** Looked up once, when it has ended. */
  findings: Findings | undefined
}

/** What is told of it next is the last that there is to tell. */
export function isOver({ run, isGone }: DueRun): boolean {
  return isGone || isEnd(stateOf(run))
}

export interface Target {
  readonly key: string
  /** By uid. */
  readonly runs: Map<string, DueRun>
}

export interface DueRuns<T extends Target> {
  /** The run's target, or undefined when there is no room: it is asked for again by a new list. */
  put(run: Run, asked: Asked, seenAt: number, mayHaveCheck: boolean): T | undefined
  find(uid: string): { readonly target: T; readonly due: DueRun } | undefined
  /** The last of a target takes the target with it. */
  remove(uid: string): void
  all(): Iterable<T>
  size(): number
}

export function createDueRuns<T extends Target>(
  newTarget: (key: string, asked: Asked, run: Run) => T,
  limit: number,
): DueRuns<T> {
  const targets = new Map<string, T>()
  const byUid = new Map<string, T>()
  let count = 0

  return {
    put(run, asked, seenAt, mayHaveCheck) {
      const { uid } = run.metadata
      const known = byUid.get(uid)
      const before = known?.runs.get(uid)
      if (known !== undefined && before !== undefined) {
        before.run = slim(run)
        return known
      }
      if (byUid.size >= limit) return undefined
      const key = JSON.stringify([run.metadata.namespace, targetOf(asked)])
      const target = targets.get(key) ?? newTarget(key, asked, run)
      targets.set(key, target)
      byUid.set(uid, target)
      count += 1
      const rest = { isGone: false, told: undefined, toldAt: 0, checkId: undefined, isStatusOnly: false }
      target.runs.set(uid, { run: slim(run), asked, seen: count, seenAt, mayHaveCheck, ...rest, findings: undefined })
      return target
    },
    find(uid) {
      const target = byUid.get(uid)
      const due = target?.runs.get(uid)
      return target && due && { target, due }
    },
    remove(uid) {
      const target = byUid.get(uid)
      byUid.delete(uid)
      target?.runs.delete(uid)
      if (target?.runs.size === 0) targets.delete(target.key)
    },
    all: () => targets.values(),
    size: () => byUid.size,
  }
}

/** What reports are made of: thousands are kept, and a pipeline in a status may have hundreds of kilobytes. */
export function slim(run: Run): Run {
  if (run.kind === 'PipelineRun') {
    const { conditions, startTime, completionTime, childReferences, skippedTasks } = run.status ?? {}
    const status = { conditions, startTime, completionTime, childReferences, skippedTasks }
    return { ...run, spec: {}, status: withoutUndefined(status) }
  }
  const { conditions, startTime, completionTime, podName, steps } = run.status ?? {}
  return { ...run, spec: {}, status: withoutUndefined({ conditions, startTime, completionTime, podName, steps }) }
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never
}

/** Oldest first. */
export function inOrder(target: Target): readonly DueRun[] {
  return [...target.runs.values()].sort((a, b) => byAge(a.run, b.run) || a.seen - b.seen)
}

/** Times of creation have whole seconds; of the same second, the first seen comes first. */
export function byAge(a: Resource, b: Resource): number {
  const [one, other] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp]
  return one < other ? -1 : one > other ? 1 : 0
}
