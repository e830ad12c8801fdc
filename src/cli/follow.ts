/** Follows all runs of a cluster and keeps the newest state of each, for whoever draws or waits. */
import type { Cluster } from '../cluster/cluster.js'
import type { PipelineRun, TaskRun } from '../resources/tekton.js'
import { isDone } from '../status/conditions.js'
import type { RunView, Seen } from './print/tree.js'

export interface Follower {
  /** Newest states, by uid. */
  readonly runs: ReadonlyMap<string, PipelineRun | TaskRun>
  view(uid: string): RunView | undefined
  /** Resolves when all these runs are done. */
  done(uids: readonly string[]): Promise<void>
  close(): Promise<void>
}

export function followRuns(
  cluster: Cluster,
  now: () => number,
  onChange: (run: PipelineRun | TaskRun, before: PipelineRun | TaskRun | undefined) => void,
): Follower {
  const stop = new AbortController()
  const runs = new Map<string, PipelineRun | TaskRun>()
  const seen = new Map<string, Seen>()
  const waiters = new Set<() => void>()

  function note(run: PipelineRun | TaskRun): void {
    const { uid } = run.metadata
    const before = runs.get(uid)
    runs.set(uid, run)
    const started = seen.get(uid) ?? { startedAt: now() }
    seen.set(uid, isDone(run) && started.endedAt === undefined ? { ...started, endedAt: now() } : started)
    onChange(run, before)
    for (const check of waiters) check()
  }

  async function follow(kind: 'PipelineRun' | 'TaskRun'): Promise<void> {
    for await (const change of cluster.watch<'PipelineRun' | 'TaskRun'>(kind, {}, stop.signal)) {
      if (change.type === 'listed') change.items.forEach(note)
      else if (change.type === 'put') note(change.item)
    }
  }
  const loops = [follow('PipelineRun'), follow('TaskRun')]

  return {
    runs,
    view(uid) {
      const run = runs.get(uid)
      if (run === undefined) return undefined
      const children = [...runs.values()].filter(each => each.kind === 'TaskRun' && isChildOf(each, uid)) as TaskRun[]
      return { run, seen, children: new Map(children.map(child => [child.metadata.name, child])) }
    },
    done(uids) {
      return new Promise(resolve => {
        const check = () => {
          const all = uids.every(uid => {
            const run = runs.get(uid)
            return run !== undefined && isDone(run)
          })
          if (!all) return
          waiters.delete(check)
          resolve()
        }
        waiters.add(check)
        check()
      })
    },
    async close() {
      stop.abort()
      await Promise.all(loops)
    },
  }
}

function isChildOf(run: TaskRun, uid: string): boolean {
  return run.metadata.ownerReferences?.some(owner => owner.uid === uid) ?? false
}
