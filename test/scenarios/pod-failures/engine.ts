/** Workers and a simulated kubelet over one cluster, with everything remembered that was said on the way. */
import { expect, onTestFinished } from 'vitest'
import type { Cluster } from '../../../src/cluster/cluster.js'
import { SILENT } from '../../../src/lib/log.js'
import { createMemoryQueue } from '../../../src/queue/memory.js'
import { createEntrypointSource, NOTHING_REMEMBERED } from '../../../src/reconcile/observe/entrypoint-source.js'
import type { Pod } from '../../../src/resources/core.js'
import type { TaskRun } from '../../../src/resources/tekton.js'
import { DEFAULT_SETTINGS, type Settings } from '../../../src/run/settings.js'
import { isDone, succeededCondition } from '../../../src/status/conditions.js'
import { startWorkers } from '../../../workers/workers.js'
import { type PodPlan, startSimulatedKubelet } from '../../helpers/simulated-kubelet.js'
import { until } from '../../kubelet/until.js'
import { ENTRYPOINT } from '../../reconcile/real-store.js'

export interface PodEngine {
  /** What was said of the TaskRun while it went on, as `reason: message`. */
  readonly said: (taskRun: string) => readonly string[]
  /** Of the ledger: `<TaskRun> <step> <attempt> <start or end>`. */
  readonly ran: () => readonly string[]
  /** The TaskRun, once it is done. */
  readonly done: (taskRun: string) => Promise<TaskRun>
}

export interface PodEngineOptions {
  readonly settings?: Partial<Settings>
  readonly plan: (pod: Pod) => PodPlan | undefined
  readonly now?: () => number
}

export function startPodEngine(cluster: Cluster, options: PodEngineOptions): PodEngine {
  const { now = Date.now } = options
  const said = new Map<string, string[]>()
  const ledger: string[] = []
  const errors: string[] = []
  const log = {
    ...SILENT,
    error: (message: string, fields?: object) => errors.push(`${message} ${JSON.stringify(fields)}`),
  }
  const queue = createMemoryQueue({ log: SILENT })
  const settings = { ...DEFAULT_SETTINGS, ...options.settings }
  const entrypoint = createEntrypointSource(ENTRYPOINT, NOTHING_REMEMBERED)
  const observer = {
    changed(_before: unknown, after: TaskRun | { readonly kind: 'PipelineRun' }) {
      if (after.kind !== 'TaskRun') return
      const { reason, message } = succeededCondition(after) ?? {}
      const { name } = after.metadata
      said.set(name, [...(said.get(name) ?? []), `${reason}: ${message}`])
    },
  }
  const deps = { cluster, queue, settings: () => settings, entrypoint, now, log, observer }
  const workers = startWorkers(deps, { concurrency: 16 })
  const kubelet = startSimulatedKubelet({ cluster, plan: options.plan, ledger: line => ledger.push(line) })
  onTestFinished(async () => {
    await kubelet.close()
    await workers.close()
    await queue.close()
    expect(errors).toEqual([])
  })
  const key = (name: string) => ({ namespace: 'default', name })
  return {
    said: taskRun => said.get(taskRun) ?? [],
    ran: () => ledger.map(line => line.split(' ').slice(1, 5).join(' ')),
    done: taskRun =>
      until(
        `TaskRun ${taskRun} to be done, which said ${said.get(taskRun)?.at(-1)}`,
        async () => {
          const found = await cluster.get('TaskRun', key(taskRun))
          return found && isDone(found) && found
        },
        30_000,
      ),
  }
}
