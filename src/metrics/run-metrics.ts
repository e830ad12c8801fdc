/**
 * Prometheus metrics of the engine, under Tekton's names where Tekton has them. No label takes values without bound: of
 * each label the first so many values are told apart, what comes later is `other`.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { fromTimestamp } from '../lib/time.js'
import type { RunObserver } from '../reconcile/run-observer.js'
import type { Condition } from '../resources/meta.js'
import type { PipelineRun, TaskRun } from '../resources/tekton.js'
import { isDone, succeededCondition } from '../status/conditions.js'
import { createFailureMetrics } from './failure-metrics.js'

export interface RunMetrics {
  readonly observer: RunObserver
  readonly contentType: string
  /** The text that a scrape gets. */
  text(): Promise<string>
}

/** Runs that are not done, by kind and the reason of their condition; '' for none yet. */
export type UnfinishedRuns = (kind: 'PipelineRun' | 'TaskRun') => ReadonlyMap<string, number>

const PREFIX = 'tekton_pipelines_controller_'
/** Seconds, as Tekton's. */
const DURATION_BUCKETS = [10, 30, 60, 300, 900, 1800, 3600, 5400, 10800, 21600, 43200, 86400]
const PASS_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
const MAX_LABEL_VALUES = 200
const OTHER = 'other'
const ANONYMOUS = 'anonymous'

export function createRunMetrics(unfinished: UnfinishedRuns, registry = new Registry()): RunMetrics {
  const registers = [registry]
  const bound = createBound(MAX_LABEL_VALUES)
  const duration = (name: string, help: string, labelNames: readonly string[]) =>
    new Histogram({ name: PREFIX + name, help, labelNames: [...labelNames], buckets: DURATION_BUCKETS, registers })
  const total = (name: string, help: string) =>
    new Counter({ name: PREFIX + name, help, labelNames: ['status'], registers })

  const taskRunDuration = duration('taskrun_duration_seconds', 'Time of TaskRuns that belong to no PipelineRun', [
    'namespace',
    'task',
    'status',
  ])
  const pipelineTaskRunDuration = duration(
    'pipelinerun_taskrun_duration_seconds',
    'Time of TaskRuns that belong to a PipelineRun',
    ['namespace', 'pipeline', 'task', 'status'],
  )
  const pipelineRunDuration = duration('pipelinerun_duration_seconds', 'Time of PipelineRuns', [
    'namespace',
    'pipeline',
    'status',
  ])
  const taskRunTotal = total('taskrun_total', 'TaskRuns that have ended')
  const pipelineRunTotal = total('pipelinerun_total', 'PipelineRuns that have ended')
  const passSeconds = new Histogram({
    name: 'tektite_reconcile_duration_seconds',
    help: 'Time of one pass over a run',
    labelNames: ['kind'],
    buckets: PASS_BUCKETS,
    registers,
  })
  const passFailures = new Counter({
    name: 'tektite_reconcile_failures_total',
    help: 'Passes that ended in an infrastructure fault, and are made again',
    labelNames: ['kind'],
    registers,
  })
  const failures = createFailureMetrics(registry, bound)
  addGauges(registry, unfinished)

  function finished(run: PipelineRun | TaskRun, condition: Condition): void {
    const status = statusLabel(condition)
    const seconds = secondsOf(run)
    const namespace = bound('namespace', run.metadata.namespace)
    if (run.kind === 'PipelineRun') {
      pipelineRunTotal.inc({ status })
      pipelineRunDuration.observe({ namespace, pipeline: bound('pipeline', pipelineOf(run)), status }, seconds)
      return
    }
    taskRunTotal.inc({ status })
    const task = bound('task', taskOf(run))
    const labels = run.metadata.labels ?? {}
    const owner = labels['tekton.dev/pipelineRun']
    if (owner === undefined || labels['tekton.dev/pipeline'] === undefined) {
      taskRunDuration.observe({ namespace, task, status }, seconds)
      return
    }
    const pipeline = labels['tekton.dev/pipeline'] === owner ? ANONYMOUS : labels['tekton.dev/pipeline']
    pipelineTaskRunDuration.observe({ namespace, pipeline: bound('pipeline', pipeline), task, status }, seconds)
  }

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    observer: {
      changed(before, after) {
        const condition = succeededCondition(after)
        if (condition && isDone(after) && !isDone(before)) finished(after, condition)
        if (before.kind === 'TaskRun' && after.kind === 'TaskRun') failures.changed(before, after)
      },
      passed(kind, ms, ended) {
        passSeconds.observe({ kind }, ms / 1_000)
        if (ended === 'in a fault') passFailures.inc({ kind })
      },
    },
  }
}

/** Counted when somebody asks. */
function addGauges(registry: Registry, unfinished: UnfinishedRuns): void {
  const gauge = (name: string, help: string, kind: 'PipelineRun' | 'TaskRun', reason?: string) =>
    new Gauge({
      name: PREFIX + name,
      help,
      registers: [registry],
      collect() {
        const counts = unfinished(kind)
        // A run without a condition has not been looked at yet: it is not running.
        const running = [...counts].filter(([one]) => one !== '').reduce((sum, [, count]) => sum + count, 0)
        this.set(reason === undefined ? running : (counts.get(reason) ?? 0))
      },
    })
  gauge('running_pipelineruns', 'PipelineRuns that are not done', 'PipelineRun')
  gauge('running_taskruns', 'TaskRuns that are not done', 'TaskRun')
  const held = (name: string, why: string, kind: 'PipelineRun' | 'TaskRun', reason: string) =>
    gauge(name, `${kind}s ${why}`, kind, reason)
  held('running_taskruns_throttled_by_quota', 'held up by a resource quota', 'TaskRun', 'ExceededResourceQuota')
  held('running_taskruns_throttled_by_node', 'held up by full nodes', 'TaskRun', 'ExceededNodeResources')
  held(
    'running_pipelineruns_waiting_on_pipeline_resolution',
    'whose Pipeline is being fetched',
    'PipelineRun',
    'ResolvingPipelineRef',
  )
  held(
    'running_pipelineruns_waiting_on_task_resolution',
    'one of whose Tasks is being fetched',
    'PipelineRun',
    'ResolvingTaskRef',
  )
  held(
    'running_taskruns_waiting_on_task_resolution_count',
    'whose Task is being fetched',
    'TaskRun',
    'ResolvingTaskRef',
  )
}

function statusLabel({ status, reason }: Condition): string {
  if (status === 'True') return 'success'
  return reason === 'TaskRunCancelled' || reason === 'Cancelled' ? 'cancelled' : 'failed'
}

function secondsOf({ status }: PipelineRun | TaskRun): number {
  const ms = fromTimestamp(status?.completionTime ?? '') - fromTimestamp(status?.startTime ?? '')
  return Number.isFinite(ms) ? Math.max(0, ms / 1_000) : 0
}

function pipelineOf({ spec, metadata }: PipelineRun): string {
  const label = metadata.labels?.['tekton.dev/pipeline']
  return spec.pipelineRef?.name ?? (label === undefined || label === metadata.name ? ANONYMOUS : label)
}

function taskOf({ spec, metadata: { labels = {} } }: TaskRun): string {
  return spec.taskRef?.name ?? labels['tekton.dev/pipelineTask'] ?? labels['tekton.dev/task'] ?? ANONYMOUS
}

/** Tells the first `limit` values of each label apart. */
function createBound(limit: number): (label: string, value: string) => string {
  const seen = new Map<string, Set<string>>()
  return (label, value) => {
    const values = seen.get(label) ?? new Set()
    seen.set(label, values)
    if (values.size < limit) values.add(value)
    return values.has(value) ? value : OTHER
  }
}
