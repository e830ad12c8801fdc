/** Sidecars that end after their run: its status tells so, and nothing else of it changes. */
import { expect, test } from 'vitest'
import { type Cluster, ClusterError } from '../../src/cluster/cluster.js'
import type { RunKey } from '../../src/queue/queue.js'
import { reconcile } from '../../src/reconcile/reconcile.js'
import type { ContainerStatus, PodStatus } from '../../src/resources/core.js'
import type { TaskRun } from '../../src/resources/tekton.js'
import { isDone } from '../../src/status/conditions.js'
import { cases } from '../helpers/cases.js'
import { containerStatus, exited, running } from '../helpers/task-run-world.js'
import { depsFor, key, storeWith, taskRun } from './real-store.js'

const RUN: RunKey = 'TaskRun/default/run'
const stepEnded = containerStatus('step-s', exited(0))

/** A run that is done, and its Pod, whose sidecar was asked to stop and has not yet. */
async function doneRun() {
  const cluster = await storeWith(`
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: { name: run }
spec: { taskSpec: { steps: [{ name: s, image: alpine, script: "true" }], sidecars: [{ name: db, image: db }] } }
`)
  const pass = (of: Cluster = cluster) => reconcile(depsFor(of), RUN)
  const podBecomes = async (phase: PodStatus['phase'], db: ContainerStatus['state'], step = stepEnded) => {
    const pod = await cluster.get('Pod', key('run-pod'))
    if (pod === undefined) throw new Error('there is no Pod')
    const status: PodStatus = { phase, containerStatuses: [step, containerStatus('sidecar-db', db)] }
    await cluster.replaceStatus('Pod', { ...pod, status })
  }
  await pass()
  await podBecomes('Running', running())
  await pass()
  const done = await taskRun(cluster, 'run')
  expect(isDone(done)).toBe(true)
  expect(done.status?.sidecars).toMatchObject([{ name: 'db', running: {} }])
  return { cluster, pass, podBecomes, done }
}

const withoutSidecars = ({ status = {} }: TaskRun) => {
  const { sidecars: _, ...rest } = status
  return rest
}

test('the end of a sidecar is told once, and nothing else of the status changes', async () => {
  const { cluster, pass, podBecomes, done } = await doneRun()
  // Whatever the Pod says of its steps by now.
  await podBecomes('Failed', exited(137), containerStatus('step-s', exited(3)))
  expect(await pass()).toEqual({ kind: 'settled' })
  const told = await taskRun(cluster, 'run')
  expect(told.status?.sidecars).toMatchObject([
    {
      name: 'db',
      container: 'sidecar-db',
      terminated: {
        exitCode: 137,
        reason: 'Completed',
        message: 'Sidecar container successfully stopped by nop image',
      },
    },
  ])
  expect(withoutSidecars(told)).toEqual(withoutSidecars(done))
  await podBecomes('Failed', exited(1))
  const version = cluster.version()
  await pass()
  expect(cluster.version()).toBe(version)
})

type Happening = (made: Awaited<ReturnType<typeof doneRun>>) => Promise<unknown>

test.each(
  cases<{ readonly happens: Happening }>({
    'while it runs': { happens: async () => {} },
    'when its Pod is being deleted': {
      async happens({ cluster, podBecomes }) {
        await cluster.delete('Pod', key('run-pod'), { graceSeconds: 30 })
        await podBecomes('Failed', exited(137))
      },
    },
    'when its Pod is gone': { happens: ({ cluster }) => cluster.delete('Pod', key('run-pod'), { graceSeconds: 0 }) },
    'when the run was cancelled too late': {
      async happens({ cluster, done }) {
        await cluster.replace('TaskRun', { ...done, spec: { ...done.spec, status: 'TaskRunCancelled' } })
      },
    },
  }),
)('nothing is written of a sidecar %s', async (_, { happens }) => {
  const made = await doneRun()
  await happens(made)
  const version = made.cluster.version()
  expect(await made.pass()).toEqual({ kind: 'settled' })
  expect(made.cluster.version()).toBe(version)
})

test.each(
  cases<{ readonly reason: ClusterError['reason']; readonly outcome: object }>({
    'written in between is looked at again': { reason: 'Conflict', outcome: { kind: 'again', afterMs: 0 } },
    'deleted in between is no fault': { reason: 'NotFound', outcome: { kind: 'settled' } },
    'too large stays as it is': { reason: 'Invalid', outcome: { kind: 'settled' } },
  }),
)('a run that was %s', async (_, { reason, outcome }) => {
  const { cluster, pass, podBecomes, done } = await doneRun()
  await podBecomes('Failed', exited(137))
  const refusing: Cluster = { ...cluster, replaceStatus: () => Promise.reject(new ClusterError(reason, 'no')) }
  expect(await pass(refusing)).toEqual(outcome)
  expect((await taskRun(cluster, 'run')).status).toEqual(done.status)
})
