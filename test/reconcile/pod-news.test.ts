/** Which changes of a Pod its TaskRun is woken for, and which can wait. */
import { expect, test } from 'vitest'
import { type PodNews, PROGRESS_MS, podNews } from '../../src/reconcile/wake/pod-news.js'
import { createUnfinished } from '../../src/reconcile/wake/unfinished.js'
import type { ContainerStates, Pod, PodStatus } from '../../src/resources/core.js'
import { containerStatus, exited, running } from '../helpers/task-run-world.js'

const condition = (type: string, status: 'True' | 'False', message = '') => ({ type, status, message })
const step = (name: string, state: ContainerStates, more: object = {}) => containerStatus(`step-${name}`, state, more)
const waiting = (reason: string): ContainerStates => ({ waiting: { reason } })

function pod(status: PodStatus | undefined, metadata: Partial<Pod['metadata']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'run-pod',
      namespace: 'default',
      uid: 'pod',
      resourceVersion: '1',
      creationTimestamp: '2026-01-02T03:04:05Z',
      annotations: { 'tekton.dev/ready': 'READY' },
      ownerReferences: [{ apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: 'run', uid: 'u', controller: true }],
      ...metadata,
    },
    spec: { restartPolicy: 'Never', containers: [{ name: 'step-a', image: 'alpine' }] },
    ...(status && { status }),
  }
}

const isNew: PodStatus = { phase: 'Pending' }
const creating: PodStatus = { phase: 'Pending', containerStatuses: [step('a', waiting('ContainerCreating'))] }
const both = (a: ContainerStates, b: ContainerStates): PodStatus => ({
  phase: 'Running',
  containerStatuses: [step('a', a), step('b', b)],
})
const runningBoth = both(running(), running())

test.each<[string, PodStatus | undefined, PodStatus, PodNews]>([
  ['has been made', undefined, isNew, 'nothing'],
  ['has a node', isNew, { ...isNew, conditions: [condition('PodScheduled', 'True')] }, 'nothing'],
  ['has an address', creating, { ...creating, podIP: '10.0.0.1', startTime: '2026-01-02T03:04:05Z' }, 'nothing'],
  ['has its containers made', isNew, creating, 'progress'],
  ['has no node', isNew, { ...isNew, conditions: [condition('PodScheduled', 'False', '0/1 nodes')] }, 'progress'],
  [
    'has an image that is away',
    creating,
    { ...isNew, containerStatuses: [step('a', waiting('ErrImagePull'))] },
    'pressing',
  ],
  ['runs', creating, runningBoth, 'pressing'],
  ['has a step that ended', runningBoth, both(exited(0), running()), 'progress'],
  ['has a step that failed', runningBoth, both(exited(1), running()), 'pressing'],
  ['has no step left', both(exited(0), running()), both(exited(0), exited(0)), 'pressing'],
  ['has ended', runningBoth, { ...both(exited(0), exited(0)), phase: 'Succeeded' }, 'pressing'],
  ['is evicted', runningBoth, { phase: 'Failed', reason: 'Evicted' }, 'pressing'],
  [
    'is to be disrupted',
    runningBoth,
    { ...runningBoth, conditions: [condition('DisruptionTarget', 'True')] },
    'pressing',
  ],
])('a Pod that %s', (_, before, after, expected) => {
  const memory = before && podNews(pod(before), undefined).memory
  expect(podNews(pod(after), memory).news).toBe(expected)
})

test('a Pod is pressing whose deletion begins, or whose first step is held for its sidecars', () => {
  const { memory } = podNews(pod(runningBoth), undefined)
  expect(podNews(pod(runningBoth, { deletionTimestamp: '2026-01-02T03:04:05Z' }), memory).news).toBe('pressing')
  const held = { annotations: {} }
  const sidecar = (ready: boolean) => containerStatus('sidecar-db', running(), { ready })
  const status = (ready: boolean): PodStatus => ({ ...runningBoth, containerStatuses: [sidecar(ready)] })
  const unready = podNews(pod(status(false), held), undefined).memory
  expect(podNews(pod(status(true), held), unready).news).toBe('pressing')
})

test('a status that makes no sense is looked at', () => {
  const nonsense = { phase: 'Running', containerStatuses: 'many' } as unknown as PodStatus
  expect(podNews(pod(nonsense), undefined)).toEqual({ news: 'pressing', memory: undefined })
})

test('progress may wait, and a Pod of which nothing is known any more is news', () => {
  const unfinished = createUnfinished()
  const wakes = (status: PodStatus) => unfinished.wakesOf('Pod', { type: 'put', item: pod(status) })
  const key = 'TaskRun/default/run'
  expect(wakes(isNew)).toEqual([])
  expect(wakes(creating)).toEqual([{ key, windowMs: PROGRESS_MS, isPatient: true }])
  expect(wakes(creating)).toEqual([])
  expect(wakes(runningBoth)).toEqual([{ key, windowMs: 0 }])
  unfinished.wakesOf('Pod', { type: 'listed', items: [] })
  expect(wakes(runningBoth)).toEqual([{ key, windowMs: 0 }])
  const ended = pod({ ...both(exited(0), exited(0)), phase: 'Succeeded' })
  expect(unfinished.wakesOf('Pod', { type: 'removed', item: ended })).toEqual([{ key, windowMs: 0 }])
})
