/**
 * Workers that have their API server over HTTP, through a proxy that says no in its place; kubelets are simulated, and have the
 * store itself. Time goes faster for the engine, so that its pauses are short.
 */
import { expect, onTestFinished } from 'vitest'
import type { EmbeddedCluster } from '../../../src/cluster/embedded/store.js'
import { connectionTo } from '../../../src/cluster/kubernetes/connection.js'
import type { Log, LogFields } from '../../../src/lib/log.js'
import { createMemoryQueue } from '../../../src/queue/memory.js'
import type { RunQueue } from '../../../src/queue/queue.js'
import type { Kinds } from '../../../src/resources/kinds.js'
import type { PipelineRun, TaskRun } from '../../../src/resources/tekton.js'
import { isDone, succeededCondition } from '../../../src/status/conditions.js'
import { startWorkers } from '../../../workers/workers.js'
import { serveStore, TOKEN } from '../../cluster/served-cluster.js'
import { type Fault, type ProxiedRequest, startFaultProxy } from '../../helpers/fault-proxy.js'
import { type PodPlan, startSimulatedKubelet } from '../../helpers/simulated-kubelet.js'
import { until } from '../../kubelet/until.js'
import { applyTo } from '../../listeners/world.js'
import { depsFor } from '../../reconcile/real-store.js'

export interface LoggedLine extends LogFields {
  readonly level: string
  readonly message: string
}

export interface World {
  readonly store: EmbeddedCluster
  /** Everything that came through the proxy, as `GET /path?query`. */
  readonly requests: readonly string[]
  readonly lines: readonly LoggedLine[]
  /** Every condition `Succeeded` that a run was seen with, as `reason: message`. */
  readonly seen: (name: string) => readonly string[]
  ended<K extends 'TaskRun' | 'PipelineRun'>(kind: K, name: string): Promise<Kinds[K]>
}

export interface WorldOptions {
  /** How many times as fast the engine's clock goes; 50. */
  readonly haste?: number
  readonly choose?: (request: ProxiedRequest, world: { readonly store: EmbeddedCluster }) => Fault | Promise<Fault>
  readonly plan?: (podName: string) => PodPlan | undefined
  /** What the workers send to be let in, besides what the API server wants. `refused`: those of last time were. */
  readonly credentials?: (refused: boolean) => Readonly<Record<string, string>>
}

export async function startWorld(manifests: string, options: WorldOptions = {}): Promise<World> {
  const { choose = () => ({ is: 'none' }), plan = () => undefined, haste = 50 } = options
  const began = Date.now()
  const now = () => began + (Date.now() - began) * haste
  const served = await serveStore()
  onTestFinished(() => served.close())
  const { store } = served
  const proxy = await startFaultProxy(served.port, request => choose(request, { store }))
  onTestFinished(() => proxy.close())
  const lines: LoggedLine[] = []
  const log = recordingLog(lines)
  const pauses = { firstMs: 2, maxMs: 20 }
  const connection = connectionTo({ server: `http://127.0.0.1:${proxy.port}`, token: TOKEN })
  const { credentials = () => ({}) } = options
  const cluster = served.adapter(
    {
      connection: {
        ...connection,
        async credentials(refused) {
          const { headers, tls } = await connection.credentials(refused)
          return { headers: { ...headers, ...credentials(refused) }, tls }
        },
      },
      log,
      callLimits: { tryMs: 5_000, allMs: 20_000, tries: 8, pauses },
      watchTimes: { watchMs: 60_000, silenceMs: 1_000, relistMs: 600_000, healthyMs: 900, pauses },
    },
    proxy.port,
  )
  const following = followConditions(store)
  const kubelet = startSimulatedKubelet({ cluster: store, now, plan: pod => plan(pod.metadata.name) })
  onTestFinished(() => kubelet.close())
  const queue = hasty(createMemoryQueue({ log, pauses: { firstMs: 5, maxMs: 50 } }), haste)
  onTestFinished(() => queue.close())
  const workers = startWorkers({ ...depsFor(cluster, now), log, queue }, { concurrency: 8 })
  onTestFinished(() => workers.close())
  await applyTo(store, manifests)
  return {
    store,
    requests: proxy.requests,
    lines,
    seen: name => following.get(name) ?? [],
    async ended(kind, name) {
      const run = await endOf(store, kind, name)
      const last = said(run)
      await until(`what ${name} came to, to be seen`, () => following.get(name)?.at(-1) === last)
      return run
    },
  }
}

function endOf<K extends 'TaskRun' | 'PipelineRun'>(store: EmbeddedCluster, kind: K, name: string): Promise<Kinds[K]> {
  const look = async () => {
    const run = await store.get(kind, { namespace: 'default', name })
    return run !== undefined && isDone(run) ? run : undefined
  }
  return until(`${kind} ${name} to end`, look, 20_000)
}

/** What is to be looked at again after a minute is looked at after a second. */
function hasty(queue: RunQueue, haste: number): RunQueue {
  return {
    ...queue,
    work: (handler, options) =>
      queue.work(async key => {
        const outcome = await handler(key)
        return outcome.kind === 'again' ? { ...outcome, afterMs: outcome.afterMs / haste } : outcome
      }, options),
  }
}

function followConditions(store: EmbeddedCluster): ReadonlyMap<string, readonly string[]> {
  const seen = new Map<string, string[]>()
  const stop = new AbortController()
  const follow = async (kind: 'TaskRun' | 'PipelineRun') => {
    for await (const change of store.watch(kind, {}, stop.signal)) {
      for (const run of change.type === 'put' ? [change.item as TaskRun | PipelineRun] : []) {
        const conditions = seen.get(run.metadata.name) ?? []
        if (succeededCondition(run) && conditions.at(-1) !== said(run)) conditions.push(said(run))
        seen.set(run.metadata.name, conditions)
      }
    }
  }
  const following = Promise.all([follow('TaskRun'), follow('PipelineRun')])
  onTestFinished(async () => {
    stop.abort()
    await following
  })
  return seen
}

function said(run: TaskRun | PipelineRun): string {
  const { reason, message } = succeededCondition(run) ?? {}
  return `${reason}: ${message}`
}

function recordingLog(lines: LoggedLine[]): Log {
  const write =
    (level: string) =>
    (message: string, fields: LogFields = {}) => {
      lines.push({ level, message, ...fields })
    }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

/** The first so many requests like this meet the fault. */
export function first(times: number, pattern: RegExp, fault: Fault): (request: ProxiedRequest) => Fault {
  let left = times
  return ({ method, path }) => {
    if (left === 0 || !pattern.test(`${method} ${path}`)) return { is: 'none' }
    left -= 1
    return fault
  }
}

export const POST_PODS = /^POST \/api\/v1\/namespaces\/default\/pods$/
export const PUT_STATUS = /^PUT .*\/taskruns\/[^/]+\/status$/

export function countOf({ requests }: World, pattern: RegExp): number {
  return requests.filter(request => pattern.test(request)).length
}

/** Nothing went wrong inside: what was refused was expected. */
export function expectNoErrors({ lines }: World): void {
  expect(lines.filter(({ level }) => level === 'error')).toEqual([])
}

export const TASK_RUN = `
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: { name: one }
spec:
  taskSpec: { steps: [{ name: s, image: sh, script: "true" }] }
`
