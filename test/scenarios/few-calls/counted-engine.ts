/** Workers that have their cluster over HTTP, and what they ask of it. What the kubelet and the test ask is not counted. */
import { onTestFinished } from 'vitest'
import type { SeenCall } from '../../../src/cluster/kubernetes/calls.js'
import { createMemoryQueue } from '../../../src/queue/memory.js'
import { type RunKey, runKey } from '../../../src/queue/queue.js'
import type { PipelineRun } from '../../../src/resources/tekton.js'
import { isDone } from '../../../src/status/conditions.js'
import { startWorkers } from '../../../workers/workers.js'
import { serveStore } from '../../cluster/served-cluster.js'
import { type SimulatedKubeletOptions, startSimulatedKubelet } from '../../helpers/simulated-kubelet.js'
import { until } from '../../kubelet/until.js'
import { applyTo } from '../../listeners/world.js'
import { depsFor, key } from '../../reconcile/real-store.js'

export interface Asked {
  /** By verb and resource; watches apart. */
  readonly calls: ReadonlyMap<string, number>
  readonly writes: number
  readonly reads: number
  readonly passes: number
}

export async function startCountedEngine(kubeletOptions: Omit<SimulatedKubeletOptions, 'cluster'>) {
  const served = await serveStore()
  onTestFinished(() => served.close())
  let calls = new Map<string, number>()
  let passes = 0
  const onCall = ({ verb, resource }: SeenCall) => {
    const what = `${verb} ${resource}`
    if (verb !== 'watch') calls.set(what, (calls.get(what) ?? 0) + 1)
  }
  const queue = createMemoryQueue({ pauses: { firstMs: 1, maxMs: 10 } })
  onTestFinished(() => queue.close())
  /** Called for and not over yet. */
  const open = new Map<RunKey, number>()
  const note = (run: RunKey, by: number) => open.set(run, (open.get(run) ?? 0) + by)
  const counted: typeof queue = {
    ...queue,
    wake: run => queue.wake(run),
    work: (handler, options) =>
      queue.work(async run => {
        note(run, 1)
        passes += 1
        return handler(run).finally(() => note(run, -1))
      }, options),
  }
  const deps = { ...depsFor(served.adapter({ onCall }), Date.now), queue: counted }
  const workers = startWorkers(deps, { concurrency: 8 })
  onTestFinished(() => workers.close())
  const kubelet = startSimulatedKubelet({ cluster: served.store, ...kubeletOptions })
  onTestFinished(() => kubelet.close())
  await kubelet.ready

  /** Until nothing is asked any more: two looks see the same, and no pass is under way. */
  async function rest(): Promise<void> {
    let before = ''
    await until('the engine to rest', async () => {
      const now = JSON.stringify([passes, [...calls]])
      const isSame = now === before && [...open.values()].every(count => count === 0)
      before = now
      await new Promise(resolve => setTimeout(resolve, 25))
      return isSame
    })
  }

  async function ended(name: string): Promise<PipelineRun> {
    return until(
      `PipelineRun ${name} to end`,
      async () => {
        const run = await served.store.get('PipelineRun', key(name))
        return run !== undefined && isDone(run) && run
      },
      60_000,
    )
  }

  return {
    store: served.store,
    wake: (kind: 'PipelineRun' | 'TaskRun', name: string) => queue.wake(runKey(kind, key(name))),
    rest,
    apply: (manifests: string) => applyTo(served.store, manifests),
    ended,
    /** What was asked from here until it rests again. */
    async asked(work: () => Promise<unknown>): Promise<Asked> {
      await rest()
      calls = new Map()
      passes = 0
      await work()
      await rest()
      const sum = (which: (verb: string) => boolean) =>
        [...calls].reduce((total, [what, count]) => (which(what.split(' ')[0] ?? '') ? total + count : total), 0)
      const isRead = (verb: string) => verb === 'get' || verb === 'list'
      return { calls, writes: sum(verb => !isRead(verb)), reads: sum(isRead), passes }
    },
  }
}
