/** Children that have ended are read once, and never longer than the watch says. */
import { expect, test } from 'vitest'
import type { Cluster } from '../../src/cluster/cluster.js'
import { createFinishedChildren } from '../../src/reconcile/observe/finished-children.js'
import { reconcile } from '../../src/reconcile/reconcile.js'
import type { TaskRun } from '../../src/resources/tekton.js'
import { succeededCondition, withSucceeded } from '../../src/status/conditions.js'
import { taskRun as runOf } from '../helpers/task-run-world.js'
import { depsFor, NOW, PIPELINE_RUN, pipelineRun, storeWith, taskRun } from './real-store.js'

const RUN = 'PipelineRun/default/run'

function child(name: string, owner: string, status: 'True' | 'Unknown' = 'True'): TaskRun {
  const ownerReferences = [
    { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', name: 'run', uid: owner, controller: true },
  ]
  const conditions = withSucceeded(undefined, status, 'Any', '', NOW)
  return runOf({ taskSpec: { steps: [] } }, { name, ownerReferences }, { conditions, results: [], podName: 'pod' })
}

test('what has ended is kept, without what no parent reads; what goes on is not', () => {
  const finished = createFinishedChildren()
  finished.keep('run', child('a', 'run'))
  finished.keep('run', child('b', 'run', 'Unknown'))
  const { status, spec, metadata } = finished.find('run', 'TaskRun', 'a') as TaskRun
  expect(metadata.name).toBe('a')
  expect([spec, Object.keys(status ?? {})]).toEqual([{}, ['conditions', 'results']])
  expect(finished.find('run', 'TaskRun', 'b')).toBeUndefined()
  expect(finished.find('another run of that name', 'TaskRun', 'a')).toBeUndefined()
})

test('what the watch speaks of is forgotten', () => {
  const finished = createFinishedChildren()
  const known = () => ['a', 'b'].filter(name => finished.find('run', 'TaskRun', name) !== undefined)
  const keepBoth = () => {
    for (const name of ['a', 'b']) finished.keep('run', child(name, 'run'))
  }
  keepBoth()
  finished.heard({ type: 'put', item: child('a', 'run') })
  expect(known()).toEqual(['a', 'b'])
  finished.heard({ type: 'removed', item: child('a', 'run') })
  expect(known()).toEqual(['b'])
  finished.heard({ type: 'listed', items: [] })
  expect(known()).toEqual([])
  keepBoth()
  finished.forgetRun('run')
  expect(known()).toEqual([])
})

test('there is a bound, and the runs that were kept first go first', () => {
  const finished = createFinishedChildren(3)
  for (const owner of ['one', 'two', 'three']) {
    for (const name of ['a', 'b']) finished.keep(owner, child(name, owner))
  }
  const kept = ['one', 'two', 'three'].filter(owner => finished.find(owner, 'TaskRun', 'a') !== undefined)
  expect(kept).toEqual(['three'])
})

/** Counts reads of TaskRuns. */
function counted(cluster: Cluster): { readonly cluster: Cluster; readonly reads: string[] } {
  const reads: string[] = []
  const get: Cluster['get'] = (kind, key) => {
    if (kind === 'TaskRun') reads.push(key.name)
    return cluster.get(kind, key)
  }
  return { cluster: { ...cluster, get }, reads }
}

test('a pass reads a child that has ended once, and forgets it with its run', async () => {
  const store = await storeWith(PIPELINE_RUN)
  const { cluster, reads } = counted(store)
  const finished = createFinishedChildren()
  const deps = { ...depsFor(cluster), finished }
  const end = async (name: string) => {
    const run = await taskRun(store, name)
    const conditions = withSucceeded(undefined, 'True', 'Succeeded', '', NOW)
    await store.replaceStatus('TaskRun', { ...run, status: { conditions } })
  }
  await reconcile(deps, RUN)
  await end('run-a')
  await reconcile(deps, RUN)
  await reconcile(deps, RUN)
  expect(reads).toEqual(['run-a', 'run-b'])
  const { uid } = (await pipelineRun(store)).metadata
  expect(finished.find(uid, 'TaskRun', 'run-a')).toBeDefined()
  await end('run-b')
  await reconcile(deps, RUN)
  expect(succeededCondition(await pipelineRun(store))?.status).toBe('True')
  expect(finished.find(uid, 'TaskRun', 'run-a')).toBeUndefined()
})
