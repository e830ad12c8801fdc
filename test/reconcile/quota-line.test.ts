/** Runs that wait for a quota are woken when Pods of their namespace end: the first of the line, and a moment later. */
import { expect, test } from 'vitest'
import { createUnfinished, type Wake } from '../../src/reconcile/wake/unfinished.js'
import type { Pod } from '../../src/resources/core.js'
import type { TaskRun } from '../../src/resources/tekton.js'
import { yaml } from '../helpers/yaml.js'

const run = (name: string, reason: string, namespace = 'ns') =>
  yaml<TaskRun>(`
    apiVersion: tekton.dev/v1
    kind: TaskRun
    metadata: { name: ${name}, namespace: ${namespace}, uid: uid-${name}, generation: 1 }
    status: { conditions: [{ type: Succeeded, status: Unknown, reason: ${reason} }] }
  `)
const pod = yaml<Pod>('{ apiVersion: v1, kind: Pod, metadata: { name: x, namespace: ns, uid: p }, spec: {} }')
const patient = (...names: readonly string[]): readonly Wake[] =>
  names.map(name => ({ key: `TaskRun/ns/${name}`, windowMs: 1_000, isPatient: true }))

function waiting(...runs: readonly TaskRun[]) {
  const unfinished = createUnfinished()
  for (const item of runs) unfinished.wakesOf('TaskRun', { type: 'put', item })
  return { unfinished, podEnds: () => unfinished.wakesOf('Pod', { type: 'removed', item: pod }) }
}

test('two at a time, in turns; others and those of other namespaces are left in peace', () => {
  const { podEnds } = waiting(
    run('a', 'ExceededResourceQuota'),
    run('busy', 'Running'),
    run('elsewhere', 'ExceededResourceQuota', 'other'),
    run('b', 'ExceededResourceQuota'),
    run('c', 'ExceededResourceQuota'),
  )
  expect(podEnds()).toEqual(patient('a', 'b'))
  expect(podEnds()).toEqual(patient('c', 'a'))
})

test('who has got room, has ended or is gone waits no more', () => {
  const { unfinished, podEnds } = waiting(run('a', 'ExceededResourceQuota'), run('b', 'ExceededResourceQuota'))
  unfinished.wakesOf('TaskRun', { type: 'put', item: run('a', 'Pending') })
  expect(podEnds()).toEqual(patient('b'))
  unfinished.wakesOf('TaskRun', { type: 'removed', item: run('b', 'ExceededResourceQuota') })
  expect(podEnds()).toEqual([])
  unfinished.wakesOf('TaskRun', { type: 'listed', items: [run('c', 'ExceededResourceQuota')] })
  expect(podEnds()).toEqual(patient('c'))
  unfinished.wakesOf('TaskRun', { type: 'listed', items: [] })
  expect(podEnds()).toEqual([])
})
