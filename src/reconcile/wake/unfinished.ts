/**
 * Of what happens in the cluster, whom to wake. Keeps only what is unfinished, so that memory does not grow with finished
 * runs, and keeps it for all kinds together: a gap in the watch of one concerns the runs of another.
 */
import type { Change, Selector } from '../../cluster/cluster.js'
import type { RunKey } from '../../queue/queue.js'
import type { Pod } from '../../resources/core.js'
import { type PodMemory, PROGRESS_MS, podNews } from './pod-news.js'
import { createQuotaLine, QUOTA_COUNT_MS } from './quota-line.js'
import { createSiblings } from './siblings.js'
import {
  type Digest,
  digestOf,
  ownerKeys,
  ownersAfterList,
  selfKeys,
  type Watched,
  wakesAfterList,
  wakesAfterPut,
  wakesAfterRemoval,
} from './wakes.js'

/** What is watched of each kind. What ends is told of as removed; of CustomRuns others want to see how they ended. */
export const WATCHED: Readonly<Record<Watched['kind'], Selector>> = {
  PipelineRun: { unfinished: true },
  TaskRun: { unfinished: true },
  CustomRun: {},
  ResolutionRequest: {},
  Pod: { unfinished: true },
}
export const WATCHED_KINDS = Object.keys(WATCHED) as readonly Watched['kind'][]

export interface Wake {
  readonly key: RunKey
  /** How long it may wait for others of the same run, so that one look is enough for all; 0 for not at all. */
  readonly windowMs: number
  /** The first one waits as well. */
  readonly isPatient?: true
}

export interface Unfinished {
  /** `change` is of a watch of `kind` by its selector in `WATCHED`, told in the order of that watch. */
  wakesOf(kind: Watched['kind'], change: Change<Watched>): readonly Wake[]
  /** Every run that is not finished, as far as the watches have told. */
  all(): readonly RunKey[]
}

interface Known {
  readonly digest: Digest
  readonly keys: readonly RunKey[]
  readonly owners: readonly RunKey[]
}

export function createUnfinished(): Unfinished {
  /** By uid. */
  const runs: Readonly<Record<Exclude<Watched['kind'], 'Pod'>, Map<string, Known>>> = {
    PipelineRun: new Map(),
    TaskRun: new Map(),
    CustomRun: new Map(),
    ResolutionRequest: new Map(),
  }
  const pods = new Map<string, PodMemory>()
  const siblings = createSiblings()
  const quotaLine = createQuotaLine()

  function remember(item: Watched): void {
    const { uid } = item.metadata
    if (item.kind === 'Pod') {
      const { memory } = podNews(item, undefined)
      if (memory) pods.set(uid, memory)
      return
    }
    const { kind } = item
    if (item.kind === 'TaskRun') quotaLine.see(item)
    const digest = digestOf(item)
    if (digest.done) {
      forget(kind, uid)
      return
    }
    const owners = ownerKeys(item.metadata)
    runs[kind].set(uid, { digest, keys: selfKeys(item), owners })
    for (const owner of owners) siblings.add(owner, uid)
  }

  function forget(kind: Watched['kind'], uid: string): void {
    if (kind === 'Pod') {
      pods.delete(uid)
      return
    }
    for (const owner of runs[kind].get(uid)?.owners ?? []) siblings.remove(owner, uid)
    runs[kind].delete(uid)
    if (kind === 'TaskRun') quotaLine.forget(uid)
  }

  function known(kind: Watched['kind']): readonly string[] {
    return [...(kind === 'Pod' ? pods : runs[kind]).keys()]
  }

  const atOnce = (key: RunKey): Wake => ({ key, windowMs: 0 })
  const inWindow = (key: RunKey): Wake => ({ key, windowMs: siblings.windowMs(key) })

  function wakesOfPod(pod: Pod): readonly Wake[] {
    const { uid } = pod.metadata
    const { news, memory } = podNews(pod, pods.get(uid))
    if (memory) pods.set(uid, memory)
    if (news === 'nothing') return []
    const keys = ownerKeys(pod.metadata)
    return news === 'pressing' ? keys.map(atOnce) : keys.map(key => ({ key, windowMs: PROGRESS_MS, isPatient: true }))
  }

  return {
    all: () => [...runs.PipelineRun.values(), ...runs.TaskRun.values()].flatMap(({ keys }) => keys),
    wakesOf(kind, change) {
      switch (change.type) {
        case 'listed': {
          for (const uid of known(kind)) forget(kind, uid)
          for (const item of change.items) remember(item)
          const kinds = ownersAfterList(kind)
          const owners = kinds.flatMap(owner => [...runs[owner].values()].flatMap(({ keys }) => keys))
          return [...new Set([...change.items.flatMap(wakesAfterList), ...owners])].map(atOnce)
        }
        case 'put': {
          const { item } = change
          if (item.kind === 'Pod') return wakesOfPod(item)
          const keys = wakesAfterPut(item, runs[item.kind].get(item.metadata.uid)?.digest)
          remember(item)
          // What was asked of a run itself waits for nothing.
          const own = selfKeys(item)
          return keys.map(key => (own.includes(key) ? atOnce(key) : inWindow(key)))
        }
        case 'removed': {
          const { uid, namespace } = change.item.metadata
          forget(kind, uid)
          const waiting = kind === 'Pod' ? quotaLine.next(namespace) : []
          return [
            ...wakesAfterRemoval(change.item).map(inWindow),
            ...waiting.map((key): Wake => ({ key, windowMs: QUOTA_COUNT_MS, isPatient: true })),
          ]
        }
        default:
          throw new Error(`unknown change ${JSON.stringify(change satisfies never)}`)
      }
    },
  }
}
