import { expect, test } from 'vitest'
import { createRunMetrics } from '../../src/metrics/run-metrics.js'
import { observers } from '../../src/reconcile/run-observer.js'
import type { PipelineRun, TaskRun } from '../../src/resources/tekton.js'
import { countUnfinishedRuns } from '../../workers/unfinished-runs.js'
import { serveApi, TOKEN } from '../api/world.js'
import { until } from '../kubelet/until.js'
import { applyTo, clusterWith } from '../listeners/world.js'
import { PIPELINE_RUN } from '../reconcile/real-store.js'
import { endPod } from '../workers/fake-kubelet.js'
import { finished, startEngine } from '../workers/world.js'

const P = 'tekton_pipelines_controller_'

function taskRun(name: string, more: { spec?: object; labels?: Record<string, string>; reason?: string } = {}) {
  const { spec = {}, labels = {}, reason } = more
  const status = reason === 'Succeeded' ? 'True' : 'False'
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { name, namespace: 'ci', uid: name, resourceVersion: '1', creationTimestamp: '', labels },
    spec,
    ...(reason && {
      status: {
        startTime: '2026-01-02T03:00:00Z',
        completionTime: '2026-01-02T03:00:20Z',
        conditions: [{ type: 'Succeeded', status, reason }],
      },
    }),
  } as unknown as TaskRun
}

function end(metrics: ReturnType<typeof createRunMetrics>, run: TaskRun | PipelineRun): void {
  const { status: _, ...before } = run
  metrics.observer.changed?.(before as TaskRun, run)
}

test('a TaskRun is counted once, when it ends, by how it ended', async () => {
  const metrics = createRunMetrics(() => new Map())
  const done = taskRun('t', { spec: { taskRef: { name: 'build' } }, reason: 'Succeeded' })
  end(metrics, done)
  metrics.observer.changed?.(done, done)
  end(metrics, taskRun('u', { reason: 'Failed' }))
  end(metrics, taskRun('v', { reason: 'TaskRunCancelled' }))
  const text = await metrics.text()
  for (const status of ['success', 'failed', 'cancelled'])
    expect(text).toContain(`${P}taskrun_total{status="${status}"} 1`)
  expect(text).toContain(`${P}taskrun_duration_seconds_sum{namespace="ci",task="build",status="success"} 20`)
  expect(text).toContain(`${P}taskrun_duration_seconds_count{namespace="ci",task="anonymous",status="failed"} 1`)
})

test('a TaskRun of a pipeline is timed under its pipeline', async () => {
  const metrics = createRunMetrics(() => new Map())
  const labels = { 'tekton.dev/pipeline': 'ci', 'tekton.dev/pipelineRun': 'run-1', 'tekton.dev/pipelineTask': 'lint' }
  end(metrics, taskRun('t', { labels, reason: 'Succeeded' }))
  end(metrics, taskRun('u', { labels: { ...labels, 'tekton.dev/pipeline': 'run-1' }, reason: 'Succeeded' }))
  const text = await metrics.text()
  const count = (pipeline: string) =>
    `${P}pipelinerun_taskrun_duration_seconds_count{namespace="ci",pipeline="${pipeline}",task="lint",status="success"} 1`
  expect(text).toContain(count('ci'))
  expect(text).toContain(count('anonymous'))
  expect(text).not.toContain('run-1')
})

test('failed attempts are counted by whose fault they were, and whether another followed', async () => {
  const metrics = createRunMetrics(() => new Map())
  const attempt = (reason: string, budget?: string) => ({
    conditions: [
      { type: 'Succeeded', status: 'False' as const, reason },
      ...(budget ? [{ type: 'RetryBudget', status: 'True' as const, reason: budget }] : []),
    ],
  })
  const annotated = (run: TaskRun, failureClass: string): TaskRun => {
    const annotations = { 'tektite.dev/failure-class': failureClass }
    return { ...run, metadata: { ...run.metadata, annotations } }
  }
  const first = { ...taskRun('t'), status: { retriesStatus: [attempt('TaskRunImagePullFailed', 'Infrastructure')] } }
  const second = { ...first, status: { retriesStatus: [...first.status.retriesStatus, attempt('StepOOM')] } }
  const ended = taskRun('t', { reason: 'Failed' })
  const last = annotated({ ...ended, status: { ...ended.status, ...second.status } }, 'infrastructure')
  metrics.observer.changed?.(taskRun('t'), first)
  metrics.observer.changed?.(first, second)
  metrics.observer.changed?.(second, last)
  metrics.observer.changed?.(last, last)
  end(metrics, annotated(taskRun('u', { reason: 'Failed' }), 'anything-that-somebody-wrote'))
  end(metrics, taskRun('v', { reason: 'TaskRunCancelled' }))
  end(metrics, taskRun('w', { reason: 'Succeeded' }))
  const text = await metrics.text()
  const counted = [...text.matchAll(/^tektite_taskrun_failures_total\{(.*)\} (\d+)$/gm)].map(([, labels, count]) => [
    labels,
    count,
  ])
  expect(counted.sort()).toEqual([
    ['namespace="ci",class="infrastructure",retried="false"', '1'],
    ['namespace="ci",class="infrastructure",retried="true"', '1'],
    ['namespace="ci",class="memory",retried="true"', '1'],
    ['namespace="ci",class="user",retried="false"', '1'],
  ])
})

test('labels have no value without bound: the name of no run, and of tasks the first 200', async () => {
  const metrics = createRunMetrics(() => new Map())
  for (let n = 0; n < 1_000; n += 1) {
    end(metrics, taskRun(`build-${n}-xyz`, { spec: { taskRef: { name: `task-${n}` } }, reason: 'Succeeded' }))
  }
  const text = await metrics.text()
  expect(text).not.toContain('-xyz')
  const tasks = new Set(
    [...text.matchAll(/taskrun_duration_seconds_count\{[^}]*task="([^"]*)"/g)].map(([, task]) => task),
  )
  expect(tasks.size).toBe(201)
  expect(text).toContain(`${P}taskrun_duration_seconds_count{namespace="ci",task="other",status="success"} 800`)
})

test('runs of the engine are counted; gauges say how many are on, and why they wait', async () => {
  const cluster = await clusterWith()
  const unfinished = countUnfinishedRuns()
  const metrics = createRunMetrics(unfinished.count)
  startEngine(cluster, { observer: observers(metrics.observer, unfinished.observer) })
  await applyTo(cluster, PIPELINE_RUN)
  const shows = (line: string) => until(line, async () => (await metrics.text()).includes(`${P}${line}\n`))
  await shows('running_pipelineruns 1')
  await shows('running_taskruns 1')
  await endPod(cluster, 'run-a-pod')
  await endPod(cluster, 'run-b-pod')
  await finished(cluster, 'run')
  await shows('running_pipelineruns 0')
  await shows('running_taskruns 0')
  const text = await metrics.text()
  expect(text).toContain(`${P}pipelinerun_total{status="success"} 1`)
  expect(text).toContain(`${P}taskrun_total{status="success"} 2`)
  expect(text).toMatch(/tektite_reconcile_duration_seconds_count\{kind="PipelineRun"\} [1-9]/)
  expect(text).toContain('tektite_reconcile_failures_total')
})

test('a run that waits for its Pipeline shows in the gauge of that reason', async () => {
  const metrics = createRunMetrics(
    kind =>
      new Map(
        kind === 'PipelineRun'
          ? [
              ['ResolvingPipelineRef', 3],
              ['', 5],
            ]
          : [],
      ),
  )
  const text = await metrics.text()
  expect(text).toContain(`${P}running_pipelineruns_waiting_on_pipeline_resolution 3\n`)
  expect(text).toContain(`${P}running_pipelineruns 3\n`)
})

test('a pass that ended in a fault is counted', async () => {
  const metrics = createRunMetrics(() => new Map())
  metrics.observer.passed?.('TaskRun', 3, 'in a fault')
  metrics.observer.passed?.('TaskRun', 3, 'well')
  expect(await metrics.text()).toContain('tektite_reconcile_failures_total{kind="TaskRun"} 1\n')
})

test('the API serves /metrics to who has the token', async () => {
  const metrics = createRunMetrics(() => new Map())
  const { call } = await serveApi({ metrics })
  expect((await call('GET', '/metrics', { authorization: '' })).status).toBe(401)
  const answer = await call('GET', '/metrics', { authorization: `Bearer ${TOKEN}` })
  expect(answer.status).toBe(200)
  expect(answer.text).toContain(`# TYPE ${P}running_pipelineruns gauge`)
})
