/** Lets a plan happen, and hands back everything that was ever written. */
import type { Change, Cluster } from '../../../src/cluster/cluster.js'
import { openEmbeddedCluster } from '../../../src/cluster/embedded/store.js'
import type { Pod } from '../../../src/resources/core.js'
import type { CustomRun, PipelineRun, TaskRun } from '../../../src/resources/tekton.js'
import { createMemoryDatabase } from '../../helpers/memory-database.js'
import { NOW } from '../real-store.js'
import { createClock } from './clock.js'
import { type Dice, type Engine, startEngine } from './engine.js'
import { insisting, startOutside } from './kubelet.js'
import type { Plan } from './plan.js'

/** What the simulation looks at. */
export type Seen = PipelineRun | TaskRun | CustomRun | Pod

const KINDS: readonly Seen['kind'][] = ['PipelineRun', 'TaskRun', 'CustomRun', 'Pod']

/** One write, as the store tells it. */
export interface Written {
  readonly type: 'put' | 'removed'
  readonly object: Seen
}

export interface Outcome {
  readonly history: readonly Written[]
  readonly lives: number
  readonly passes: number
}

export const RUN = { namespace: 'default', name: 'run' }
/** Things that one simulation may do: far above what any plan needs. */
const MAX_STEPS = 500_000

export async function simulate(plan: Plan, dice: Dice): Promise<Outcome> {
  const clock = createClock(NOW)
  let uids = 0
  const cluster = openEmbeddedCluster({
    database: createMemoryDatabase(),
    now: clock.now,
    uid: () => `uid-${++uids}`,
  })
  const stop = new AbortController()
  const history: Written[] = []
  const recorded = KINDS.map(kind => record(cluster, kind, history, stop.signal))
  const outside = startOutside(cluster, plan, clock, stop.signal)
  const lives: Engine[] = [startEngine(cluster, clock, dice)]
  await cluster.create('PipelineRun', {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: RUN,
    spec: plan.spec,
  })
  if (plan.request) {
    const { afterMs, status } = plan.request
    clock.after(afterMs, () => insisting(() => ask(cluster, status)))
  }
  let steps = 0
  try {
    for (; steps < MAX_STEPS; steps++) {
      await settled()
      if (lives.at(-1)!.isDead()) lives.push(startEngine(cluster, clock, dice))
      else if (!lives.at(-1)!.step()) {
        // Time goes on only when all that could be done at this moment is done.
        const act = clock.next()
        if (act === undefined) break
        await insisting(async () => act())
      }
    }
    if (steps === MAX_STEPS) throw new Error(`not over after ${MAX_STEPS} steps`)
    return { history: history.sort((a, b) => versionOf(a) - versionOf(b)), lives: lives.length, passes: steps }
  } finally {
    stop.abort()
    await Promise.all(lives.map(life => life.close()))
    await Promise.all([...recorded, outside.ended])
    await cluster.close()
  }
}

/** Everything is in memory, so that what is under way goes on in microtasks until it waits for its turn or for time. */
function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

/** A user stops the run, unless it has ended. */
async function ask(cluster: Cluster, status: string): Promise<void> {
  const run = await cluster.get('PipelineRun', RUN)
  if (run) await cluster.replace('PipelineRun', { ...run, spec: { ...run.spec, status } as PipelineRun['spec'] })
}

/** Notes every write to a kind, each as it is told. */
async function record(cluster: Cluster, kind: Seen['kind'], history: Written[], signal: AbortSignal): Promise<void> {
  let lists = 0
  for await (const change of cluster.watch(kind, {}, signal) as AsyncIterable<Change<Seen>>) {
    if (change.type !== 'listed') history.push({ type: change.type, object: change.item })
    else if (++lists > 1) throw new Error(`the history of ${kind} has a gap`)
  }
}

function versionOf({ object }: Written): number {
  return Number(object.metadata.resourceVersion)
}
