/**
 * Which objects of ended runs may go now, and when to look again. Each change costs as much as finding a place among the
 * runs of one Pipeline; a look costs only what is due. Pure.
 */
import type { FinishedRun } from './finished-run.js'
import type { RetentionRules } from './rules.js'

export interface Timeline {
  put(run: FinishedRun): void
  remove(uid: string): void
  get(uid: string): FinishedRun | undefined
  /** Those whose time has come (epoch ms), the first first. They are not named again unless they are put again. */
  takeDue(now: number, most: number): readonly FinishedRun[]
  /** When to look again: epoch ms, undefined for not before something changes. */
  next(): number | undefined
  /** All rules are asked for anew. */
  rulesChanged(): void
  all(): readonly FinishedRun[]
}

interface Due {
  readonly at: number
  readonly run: FinishedRun
}

export function createTimeline(rulesOf: (namespace: string) => RetentionRules): Timeline {
  const runs = new Map<string, FinishedRun>()
  /** By Pipeline and outcome: newest first. */
  const groups = new Map<string, FinishedRun[]>()
  let heap: Due[] = []

  function plan(run: FinishedRun): void {
    const at = dueAt(run, rulesOf(run.namespace))
    if (Number.isFinite(at)) push(heap, { at, run })
  }

  /** At once: somebody newer takes its place. */
  function planBeyond(run: FinishedRun | undefined): void {
    if (run !== undefined && run.ownTtlMs === undefined) push(heap, { at: run.endedAt, run })
  }

  function keepLastOf({ namespace, outcome }: FinishedRun): number {
    const { keepLast } = rulesOf(namespace)
    return (outcome === 'succeeded' ? keepLast.succeeded : keepLast.failed) ?? Number.POSITIVE_INFINITY
  }

  function leave(run: FinishedRun): void {
    runs.delete(run.uid)
    const group = groups.get(groupOf(run)) ?? []
    const index = placeIn(group, run)
    if (group[index]?.uid === run.uid) group.splice(index, 1)
    if (group.length === 0) groups.delete(groupOf(run))
  }

  function put(run: FinishedRun): void {
    const before = runs.get(run.uid)
    if (before !== undefined) leave(before)
    runs.set(run.uid, run)
    const group = groups.get(groupOf(run)) ?? []
    groups.set(groupOf(run), group)
    const index = placeIn(group, run)
    group.splice(index, 0, run)
    plan(run)
    const most = keepLastOf(run)
    if (index >= most) planBeyond(run)
    else planBeyond(group[most])
  }

  return {
    put,
    remove(uid) {
      const run = runs.get(uid)
      if (run !== undefined) leave(run)
    },
    get: uid => runs.get(uid),
    takeDue(now, most) {
      const due: FinishedRun[] = []
      const taken = new Set<string>()
      while (due.length < most && (heap[0]?.at ?? Number.POSITIVE_INFINITY) <= now) {
        const { run } = pop(heap)!
        // It is gone, or was put again since then.
        if (runs.get(run.uid) !== run || taken.has(run.uid)) continue
        taken.add(run.uid)
        due.push(run)
      }
      return due
    },
    next: () => heap[0]?.at,
    rulesChanged() {
      heap = []
      const all = [...runs.values()]
      runs.clear()
      groups.clear()
      for (const run of all) put(run)
    },
    all: () => [...runs.values()],
  }
}

/** By time alone: epoch ms, infinite for never. */
function dueAt({ ownTtlMs, outcome, endedAt }: FinishedRun, { ttlSeconds }: RetentionRules): number {
  const ttlMs = ownTtlMs ?? (ttlSeconds[outcome] ?? Number.POSITIVE_INFINITY) * 1000
  return endedAt + ttlMs
}

function groupOf({ namespace, kind, of, outcome }: FinishedRun): string {
  return JSON.stringify([namespace, kind, of, outcome === 'succeeded'])
}

function placeIn(group: readonly FinishedRun[], run: FinishedRun): number {
  let [low, high] = [0, group.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (isNewer(group[middle]!, run)) low = middle + 1
    else high = middle
  }
  return low
}

function isNewer(a: FinishedRun, b: FinishedRun): boolean {
  return a.endedAt === b.endedAt ? a.uid < b.uid : a.endedAt > b.endedAt
}

/** A binary heap: what is due first is first. */
function push(heap: Due[], due: Due): void {
  let place = heap.push(due) - 1
  while (place > 0) {
    const parent = (place - 1) >> 1
    if (heap[parent]!.at <= due.at) break
    heap[place] = heap[parent]!
    place = parent
  }
  heap[place] = due
}

function pop(heap: Due[]): Due | undefined {
  const first = heap[0]
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return first
  let place = 0
  for (;;) {
    let child = 2 * place + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child += 1
    if (heap[child]!.at >= last.at) break
    heap[place] = heap[child]!
    place = child
  }
  heap[place] = last
  return first
}
