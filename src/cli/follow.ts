/** Follows all runs of a cluster and keeps the newest state of each, for whoever draws or waits. */
import type { Cluster } from '../cluster/cluster.js'
import type { PipelineRun, TaskRun } from '../resources/tekton.js'
import { isDone } from '../status/conditions.js'
import type { RunView, Seen } from './print/tree.js'

export interface Follower {
  /** Newest states, by uid. */
  readonly runs: ReadonlyMap<string, PipelineRun | TaskRun>
  view(uid: string): RunView | undefined
  /** Resolves when all these runs are done, and their children too: what times a run out ends it before them. */
  done(uids: readonly string[]): Promise<void>
  close(): Promise<void>
}

export function followRuns(
  cluster: Cluster,
  now: () => number,
  onChange: (run: PipelineRun | TaskRun, before: PipelineRun | TaskRun | undefined) => void,
  isPassedOver: (run: PipelineRun | TaskRun) => boolean = () => false,
): Follower {
  const stop = new AbortController()
  const runs = new Map<string, PipelineRun | TaskRun>()
  const seen = new Map<string, Seen>()
  const named = new Map<string, string>()
  const waiters = new Set<() => void>()

  function note(run: PipelineRun | TaskRun): void {
    if (isPassedOver(run)) return
    const { uid } = run.metadata
    const before = runs.get(uid)
    runs.set(uid, run)
    named.set(nameOf(run.kind, run.metadata), uid)
    const started = seen.get(uid) ?? { startedAt: now() }
    seen.set(uid, isDone(run) && started.endedAt === undefined ? { ...started, endedAt: now() } : started)
    onChange(run, before)
    for (const check of waiters) check()
  }

  /** A child that nobody has seen holds nothing up: it may have been refused. */
  function over(uid: string | undefined): boolean {
    const run = uid === undefined ? undefined : runs.get(uid)
    if (run === undefined || run.kind === 'TaskRun') return run === undefined || isDone(run)
    const { namespace } = run.metadata
    const children = () => run.status?.childReferences ?? []
    return isDone(run) && children().every(child => over(named.get(nameOf(child.kind, { ...child, namespace }))))
  }

  async function follow(kind: 'PipelineRun' | 'TaskRun'): Promise<void> {
    for await (const change of cluster.watch<'PipelineRun' | 'TaskRun'>(kind, {}, stop.signal)) {
      if (change.type === 'listed') change.items.forEach(note)
      else if (change.type === 'put') note(change.item)
    }
  }
  function view(uid: string): RunView | undefined {
    const run = runs.get(uid)
    if (run === undefined) return undefined
    const all = [...runs.values()].filter(each => isChildOf(each, uid))
    const children = all.filter((each): each is TaskRun => each.kind === 'TaskRun')
    const nested = all.flatMap(each => (each.kind === 'PipelineRun' ? (view(each.metadata.uid) ?? []) : []))
    return {
      run,
      seen,
      children: new Map(children.map(child => [child.metadata.name, child])),
      ...(nested.length > 0 && { pipelines: new Map(nested.map(inner => [inner.run.metadata.name, inner])) }),
    }
  }
  const loops = [follow('PipelineRun'), follow('TaskRun')]

  return {
    runs,
    view,
    done(uids) {
      return new Promise(resolve => {
        const check = () => {
          if (!uids.every(uid => runs.has(uid) && over(uid))) return
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

function nameOf(kind: string, { namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${kind}/${namespace}/${name}`
}

function isChildOf(run: PipelineRun | TaskRun, uid: string): boolean {
  return run.metadata.ownerReferences?.some(owner => owner.uid === uid) ?? false
}
