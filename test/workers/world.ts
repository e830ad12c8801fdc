/** Watcher, worker, memory queue and a real store whose clock stands still; the Pods are the test’s to run. */
import { expect, onTestFinished } from 'vitest'
import type { Cluster } from '../../src/cluster/cluster.js'
import { createMemoryQueue } from '../../src/queue/memory.js'
import type { RunQueue } from '../../src/queue/queue.js'
import type { RunObserver } from '../../src/reconcile/run-observer.js'
import type { PipelineRun } from '../../src/resources/tekton.js'
import { DEFAULT_SETTINGS, type Settings } from '../../src/run/settings.js'
import { isDone } from '../../src/status/conditions.js'
import { startWorkers } from '../../workers/workers.js'
import { until } from '../kubelet/until.js'
import { depsFor } from '../reconcile/real-store.js'

interface EngineOptions {
  readonly wrap?: (queue: RunQueue) => RunQueue
  readonly observer?: RunObserver
  /** What they have besides. */
  readonly settings?: Partial<Settings>
}

/** Closed when the test is over; that closing ends is part of every test. */
export function startEngine(cluster: Cluster, { wrap = queue => queue, observer, settings = {} }: EngineOptions = {}) {
  const queue = createMemoryQueue({ pauses: { firstMs: 1, maxMs: 10 } })
  const workers = startWorkers(
    {
      ...depsFor(cluster),
      settings: () => ({ ...DEFAULT_SETTINGS, ...settings }),
      queue: wrap(queue),
      ...(observer && { observer }),
    },
    { concurrency: 4 },
  )
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= workers.close().then(() => queue.close())
    return closed
  }
  onTestFinished(async () => {
    await expect(close()).resolves.toBeUndefined()
  })
  return { queue, close }
}

export function finished(cluster: Cluster, name: string): Promise<PipelineRun> {
  return until(`PipelineRun ${name} to be done`, async () => {
    const run = await cluster.get('PipelineRun', { namespace: 'default', name })
    return run !== undefined && isDone(run) && run
  })
}
