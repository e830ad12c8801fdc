/** Whom the watcher wakes, on a real store and on one whose lists the test makes. */
import { expect, onTestFinished, test } from 'vitest'
import type { Change, Cluster } from '../../src/cluster/cluster.js'
import type { RunKey, RunQueue } from '../../src/queue/queue.js'
import type { Watched } from '../../src/reconcile/wake/wakes.js'
import type { Kind } from '../../src/resources/kinds.js'
import type { Condition } from '../../src/resources/meta.js'
import { startWatcher } from '../../workers/watcher.js'
import { until } from '../kubelet/until.js'
import { applyTo, recordingLog } from '../listeners/world.js'
import { key, PIPELINE_RUN, storeWith, TASK_RUN, taskRun } from '../reconcile/real-store.js'

/** Notes who was woken; throws as long as `isAway` says so. */
function noting(isAway: () => boolean = () => false) {
  const woken: RunKey[] = []
  const tried: RunKey[] = []
  const listeners: (() => void)[] = []
  const queue: RunQueue = {
    async wake(run) {
      tried.push(run)
      if (isAway()) throw new Error('connection refused')
      woken.push(run)
    },
    work: () => ({ close: async () => {} }),
    onLoss: listener => void listeners.push(listener),
    close: async () => {},
  }
  const lose = () => {
    for (const listener of listeners) listener()
  }
  return { woken, tried, queue, lose }
}

function watch(cluster: Cluster, queue: RunQueue) {
  const { lines, log } = recordingLog()
  const watcher = startWatcher({ cluster, queue, log })
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= watcher.close()
    return closed
  }
  onTestFinished(async () => {
    await expect(close()).resolves.toBeUndefined()
  })
  return { lines, close }
}

/** A store whose watches say what the test puts in. */
function scripted() {
  const inputs = new Map<Kind, (change: Change<Watched>) => void>()
  async function* changes(kind: Kind, signal: AbortSignal): AsyncGenerator<Change<Watched>> {
    const waiting: Change<Watched>[] = []
    let wake = () => {}
    inputs.set(kind, change => {
      waiting.push(change)
      wake()
    })
    signal.addEventListener('abort', () => wake())
    while (!signal.aborted) {
      yield* waiting.splice(0)
      if (signal.aborted) return
      await new Promise<void>(resolve => {
        wake = resolve
        if (waiting.length > 0) resolve()
      })
    }
  }
  const watchKind = (kind: Kind, _selector: unknown, signal: AbortSignal) => changes(kind, signal)
  const cluster = { watch: watchKind } as unknown as Cluster
  const say = (kind: Kind, change: Change<Watched>) => inputs.get(kind)?.(change)
  return { cluster, say, inputs }
}

function run(name: string, status?: Condition['status']): Watched {
  const metadata = { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: '' }
  const conditions = status ? [{ type: 'Succeeded', status }] : []
  return { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', metadata, spec: {}, status: { conditions } }
}

test('what is unfinished when the watcher comes is woken, what is finished is not', async () => {
  const cluster = await storeWith(PIPELINE_RUN, TASK_RUN, TASK_RUN.replace('name: one', 'name: two'))
  const conditions = [{ type: 'Succeeded', status: 'True' as const }]
  await cluster.replaceStatus('TaskRun', { ...(await taskRun(cluster, 'two')), status: { conditions } })
  const { woken, queue } = noting()
  watch(cluster, queue)
  await until('both to be woken', () => woken.length >= 2)
  expect([...new Set(woken)].sort()).toEqual(['PipelineRun/default/run', 'TaskRun/default/one'])
})

test('a new run, a changed spec and a deletion wake; a status that a pass wrote does not', async () => {
  const cluster = await storeWith()
  const { woken, queue } = noting()
  watch(cluster, queue)
  await applyTo(cluster, TASK_RUN)
  await until('the new run to be woken', () => woken.length === 1)
  const conditions = [{ type: 'Succeeded', status: 'Unknown' as const, reason: 'Running' }]
  const running = await cluster.replaceStatus('TaskRun', { ...(await taskRun(cluster, 'one')), status: { conditions } })
  await cluster.replace('TaskRun', { ...running, spec: { ...running.spec, status: 'TaskRunCancelled' } })
  await until('the changed run to be woken', () => woken.length === 2)
  await applyTo(cluster, TASK_RUN.replace('name: one', 'name: last'))
  await until('the last run to be woken', () => woken.length === 3)
  expect(woken).toEqual(['TaskRun/default/one', 'TaskRun/default/one', 'TaskRun/default/last'])
})

test('after a gap every unfinished run is woken again, whether anything was missed or not', async () => {
  const { cluster, say, inputs } = scripted()
  const { woken, queue } = noting()
  watch(cluster, queue)
  await until('the watches', () => inputs.size === 5)
  say('TaskRun', { type: 'listed', items: [run('a', 'Unknown'), run('b', 'True')] })
  await until('a', () => woken.length === 1)
  say('TaskRun', { type: 'listed', items: [run('a', 'Unknown'), run('b', 'True'), run('c')] })
  await until('a and c', () => woken.length === 3)
  expect(woken).toEqual(['TaskRun/default/a', 'TaskRun/default/a', 'TaskRun/default/c'])
})

test('after a gap in the watch of Pods every unfinished TaskRun is woken, after one of TaskRuns every PipelineRun', async () => {
  const { cluster, say, inputs } = scripted()
  const { woken, queue } = noting()
  watch(cluster, queue)
  await until('the watches', () => inputs.size === 5)
  say('PipelineRun', { type: 'put', item: { ...run('parent', 'Unknown'), kind: 'PipelineRun' } as Watched })
  say('TaskRun', { type: 'put', item: run('a', 'Unknown') })
  await until('both', () => woken.length === 2)
  say('Pod', { type: 'listed', items: [] })
  await until('a', () => woken.length === 3)
  say('TaskRun', { type: 'listed', items: [run('a', 'True')] })
  await until('parent', () => woken.length === 4)
  expect(woken.slice(2)).toEqual(['TaskRun/default/a', 'PipelineRun/default/parent'])
})

test('wakes that a queue cannot take are kept, tried again, and said once', async () => {
  let away = true
  const { woken, tried, queue } = noting(() => away)
  const cluster = await storeWith(PIPELINE_RUN, TASK_RUN)
  const { lines } = watch(cluster, queue)
  await until('some tries', () => tried.length >= 6)
  expect(woken).toEqual([])
  away = false
  await until('both runs to be woken', () => new Set(woken).size === 2)
  expect([...new Set(woken)].sort()).toEqual(['PipelineRun/default/run', 'TaskRun/default/one'])
  expect(lines.filter(line => line.message === 'queue unreachable, wakes are kept and tried again')).not.toEqual([])
})

test('closing ends, also with watches open and wakes that never get through', async () => {
  const { tried, queue } = noting(() => true)
  const cluster = await storeWith(TASK_RUN)
  const { close } = watch(cluster, queue)
  await until('a try', () => tried.length > 0)
  await close()
  const before = tried.length
  await applyTo(cluster, PIPELINE_RUN)
  await cluster.delete('TaskRun', key('one'))
  expect(tried).toHaveLength(before)
})

test('after the queue has lost something every unfinished run is woken, and none that has ended', async () => {
  const { cluster, say, inputs } = scripted()
  const { woken, queue, lose } = noting()
  watch(cluster, queue)
  await until('the watches', () => inputs.size === 5)
  for (const item of [run('a', 'Unknown'), run('b', 'Unknown'), run('c')]) say('TaskRun', { type: 'put', item })
  say('TaskRun', { type: 'put', item: run('b', 'True') })
  say('PipelineRun', { type: 'put', item: { ...run('parent', 'Unknown'), kind: 'PipelineRun' } as Watched })
  await until('the parent', () => woken.includes('PipelineRun/default/parent'))
  woken.length = 0
  lose()
  await until('three wakes', () => woken.length === 3)
  expect(woken.toSorted()).toEqual(['PipelineRun/default/parent', 'TaskRun/default/a', 'TaskRun/default/c'])
})
