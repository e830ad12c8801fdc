import { expect, test } from 'vitest'
import { type Cluster, ClusterError } from '../../src/cluster/cluster.js'
import { applyAction, applyLot } from '../../src/reconcile/apply.js'
import type { Action } from '../../src/reconcile/decision.js'
import type { Pod } from '../../src/resources/core.js'
import type { New, OwnerReference } from '../../src/resources/meta.js'
import { isAskedToStop } from '../../src/resources/stopped-sidecars.js'
import type { TaskRun } from '../../src/resources/tekton.js'
import { cases } from '../helpers/cases.js'
import { yaml } from '../helpers/yaml.js'
import { key, PIPELINE_RUN, pipelineRun, storeWith, TASK_RUN, taskRun } from './real-store.js'

const ownerOf = (uid: string): OwnerReference => ({
  apiVersion: 'tekton.dev/v1',
  kind: 'PipelineRun',
  name: 'run',
  uid,
  controller: true,
})

const child = (uid: string): New<TaskRun> => ({
  apiVersion: 'tekton.dev/v1',
  kind: 'TaskRun',
  metadata: { name: 'run-a', namespace: 'default', ownerReferences: [ownerOf(uid)] },
  spec: { taskSpec: { steps: [{ image: 'alpine' }] } },
})

const pod = yaml<New<Pod>>`
  apiVersion: v1
  kind: Pod
  metadata: { name: pod, namespace: default, annotations: { kept: "yes" } }
  spec:
    restartPolicy: Never
    containers: [{ name: step-a, image: alpine }, { name: sidecar-db, image: postgres }]
`

const create = (object: New<TaskRun>): Action => ({ do: 'create', kind: 'TaskRun', object })

test('a child is created once, however often it is asked for', async () => {
  const cluster = await storeWith(PIPELINE_RUN)
  const { uid } = (await pipelineRun(cluster)).metadata
  expect(await applyAction(cluster, create(child(uid)))).toBeUndefined()
  const first = await taskRun(cluster, 'run-a')
  expect(await applyAction(cluster, create(child(uid)))).toBeUndefined()
  expect(await cluster.list('TaskRun')).toEqual([first])
})

test('a name that a stranger took is refused with the words of the store, and the stranger stays as it is', async () => {
  const cluster = await storeWith(PIPELINE_RUN)
  const theirs = await cluster.create('TaskRun', child((await pipelineRun(cluster)).metadata.uid))
  expect(await applyAction(cluster, create(child('us')))).toEqual({
    reason: 'AlreadyExists',
    message: 'taskruns.tekton.dev "run-a" already exists',
  })
  expect(await cluster.list('TaskRun')).toEqual([theirs])
})

test('a namesake without an owner is a stranger too', async () => {
  const { ownerReferences: _, ...metadata } = child('us').metadata
  const cluster = await storeWith()
  await cluster.create('TaskRun', { ...child('us'), metadata })
  expect(await applyAction(cluster, create(child('us')))).toMatchObject({ reason: 'AlreadyExists' })
})

test('an object that nobody owns is named by its content and taken as it is', async () => {
  const cluster = await storeWith()
  const object = yaml<New<import('../../src/resources/core.js').ConfigMap>>`
    apiVersion: v1
    kind: ConfigMap
    metadata: { name: entrypoint-abc, namespace: default }
    binaryData: { entrypoint: AAAA }
  `
  const action: Action = { do: 'create', kind: 'ConfigMap', object }
  expect(await applyAction(cluster, action)).toBeUndefined()
  expect(await applyAction(cluster, action)).toBeUndefined()
  expect(await cluster.list('ConfigMap')).toHaveLength(1)
})

test('a namesake that goes while we look is a conflict: look again, do not call it ours', async () => {
  const cluster = await storeWith(PIPELINE_RUN)
  await cluster.create('TaskRun', child((await pipelineRun(cluster)).metadata.uid))
  const leaving: Cluster = {
    ...cluster,
    async get(kind, at) {
      await cluster.delete(kind, at)
      return cluster.get(kind, at)
    },
  }
  await expect(applyAction(leaving, create(child('us')))).rejects.toMatchObject({ reason: 'Conflict' })
})

test.each(
  cases({
    Invalid: { name: 'NOT A NAME', message: /TaskRun.tekton.dev "NOT A NAME" is invalid: metadata.name/ },
    'Invalid too, for its size': { name: 'x'.repeat(300), message: /must be no more than 253 bytes/ },
  }),
)('what the store finds %s is said in its words', async (_, { name, message }) => {
  const cluster = await storeWith()
  const object = child('us')
  const refusal = await applyAction(cluster, create({ ...object, metadata: { ...object.metadata, name } }))
  expect(refusal).toEqual({ reason: 'Invalid', message: expect.stringMatching(message) })
  expect(await cluster.list('TaskRun')).toEqual([])
})

test('a store that cannot be reached is no refusal', async () => {
  const cluster = await storeWith()
  await cluster.close()
  await expect(applyAction(cluster, create(child('us')))).rejects.toMatchObject({ reason: 'Unavailable' })
})

test('a delete is meant for one uid: its namesake stays, and a second delete does nothing', async () => {
  const cluster = await storeWith(TASK_RUN)
  const run = await taskRun(cluster, 'one')
  const action = (uid: string): Action => ({ do: 'delete', kind: 'TaskRun', key: key('one'), uid })
  await applyAction(cluster, action('another-uid'))
  expect(await taskRun(cluster, 'one')).toEqual(run)
  await applyAction(cluster, action(run.metadata.uid))
  await applyAction(cluster, action(run.metadata.uid))
  expect(await cluster.list('TaskRun')).toEqual([])
})

test('cancelling says so in the spec once; again, finished, gone or of another uid nothing is written', async () => {
  const cluster = await storeWith(TASK_RUN)
  const run = await taskRun(cluster, 'one')
  const cancel = (uid: string): Action => ({
    do: 'cancel',
    kind: 'TaskRun',
    key: key('one'),
    uid,
    status: 'TaskRunCancelled',
    message: 'because the run was',
  })
  await applyAction(cluster, cancel('another-uid'))
  expect(await taskRun(cluster, 'one')).toEqual(run)
  await applyAction(cluster, cancel(run.metadata.uid))
  const cancelled = await taskRun(cluster, 'one')
  expect(cancelled.spec).toEqual({ ...run.spec, status: 'TaskRunCancelled', statusMessage: 'because the run was' })
  await applyAction(cluster, cancel(run.metadata.uid))
  expect(await taskRun(cluster, 'one')).toEqual(cancelled)
  await cluster.delete('TaskRun', key('one'))
  await applyAction(cluster, cancel(run.metadata.uid))
  expect(await cluster.list('TaskRun')).toEqual([])
})

test('a finished child is not cancelled any more', async () => {
  const cluster = await storeWith(PIPELINE_RUN)
  const run = await pipelineRun(cluster)
  const conditions = [{ type: 'Succeeded', status: 'True' as const, reason: 'Succeeded' }]
  const done = await cluster.replaceStatus('PipelineRun', { ...run, status: { conditions } })
  const { uid } = run.metadata
  await applyAction(cluster, {
    do: 'cancel',
    kind: 'PipelineRun',
    key: key('run'),
    uid,
    status: 'Cancelled',
    message: 'late',
  })
  expect(await pipelineRun(cluster)).toEqual(done)
})

test.each(
  cases<{
    kind: 'PipelineRun' | 'CustomRun'
    manifest: string
    name: string
    spec: { status: string; statusMessage?: string }
  }>({
    PipelineRun: { kind: 'PipelineRun', manifest: PIPELINE_RUN, name: 'run', spec: { status: 'Cancelled' } },
    'PipelineRun with finally': {
      kind: 'PipelineRun',
      manifest: PIPELINE_RUN,
      name: 'run',
      spec: { status: 'CancelledRunFinally' },
    },
    CustomRun: {
      kind: 'CustomRun',
      manifest:
        '{apiVersion: tekton.dev/v1beta1, kind: CustomRun, metadata: {name: c}, spec: {customRef: {apiVersion: x/v1, kind: Wait}}}',
      name: 'c',
      spec: { status: 'RunCancelled', statusMessage: 'why' },
    },
  }),
)('a cancelled %s is told in its own word', async (_, { kind, manifest, name, spec }) => {
  const cluster = await storeWith(manifest)
  const uid = (await cluster.get(kind, key(name)))?.metadata.uid ?? ''
  await applyAction(cluster, { do: 'cancel', kind, key: key(name), uid, status: spec.status, message: 'why' })
  const after = await cluster.get(kind, key(name))
  expect(after?.spec).toMatchObject(spec)
  if (kind === 'PipelineRun') {
    expect(after?.spec).not.toHaveProperty('statusMessage')
    expect(after?.metadata.annotations).toEqual({ 'tektite.dev/status-message': 'why' })
  }
})

test('annotations are added to those there are, and the second time nothing is written', async () => {
  const cluster = await storeWith()
  const { uid } = (await cluster.create('Pod', pod)).metadata
  const annotations = { 'tekton.dev/ready': 'READY' }
  const action: Action = { do: 'annotate', kind: 'Pod', key: key('pod'), uid, annotations }
  await applyAction(cluster, action)
  const after = await cluster.get('Pod', key('pod'))
  expect(after?.metadata.annotations).toEqual({ kept: 'yes', 'tekton.dev/ready': 'READY' })
  await applyAction(cluster, action)
  expect(await cluster.get('Pod', key('pod'))).toEqual(after)
})

test('stopping sidecars changes their images and no other, and the second time nothing is written', async () => {
  const cluster = await storeWith()
  const { uid } = (await cluster.create('Pod', pod)).metadata
  const action: Action = { do: 'stopSidecars', kind: 'Pod', key: key('pod'), uid, containers: ['sidecar-db'] }
  await applyAction(cluster, action)
  const after = await cluster.get('Pod', key('pod'))
  expect(after?.spec.containers.map(({ image }) => image)).toEqual(['alpine', 'tektite.dev/nop'])
  await applyAction(cluster, action)
  expect(await cluster.get('Pod', key('pod'))).toEqual(after)
})

test('a change is made again on what somebody else wrote in between', async () => {
  const cluster = await storeWith()
  const { uid } = (await cluster.create('Pod', pod)).metadata
  let interruptions = 2
  const busy: Cluster = {
    ...cluster,
    async replace(kind, object) {
      if (interruptions-- > 0) await touch(cluster, `theirs-${interruptions}`)
      return cluster.replace(kind, object)
    },
  }
  await applyAction(busy, { do: 'annotate', kind: 'Pod', key: key('pod'), uid, annotations: { ours: 'yes' } })
  const annotations = (await cluster.get('Pod', key('pod')))?.metadata.annotations
  expect(annotations).toEqual({ kept: 'yes', 'theirs-0': 'yes', 'theirs-1': 'yes', ours: 'yes' })
})

test('who loses every time says what was being changed, and leaves the rest to the queue', async () => {
  const cluster = await storeWith()
  const { uid } = (await cluster.create('Pod', pod)).metadata
  let writes = 0
  const stubborn: Cluster = {
    ...cluster,
    async replace() {
      writes += 1
      throw new ClusterError('Conflict', 'somebody wrote first')
    },
  }
  const action: Action = { do: 'annotate', kind: 'Pod', key: key('pod'), uid, annotations: { a: 'b' } }
  await expect(applyAction(stubborn, action)).rejects.toMatchObject({
    message: 'changing Pod "default/pod"',
    cause: { reason: 'Conflict' },
  })
  expect(writes).toBe(5)
})

test('what is deleted between reading and writing needs no change', async () => {
  const cluster = await storeWith()
  const { uid } = (await cluster.create('Pod', pod)).metadata
  const racing: Cluster = {
    ...cluster,
    async replace(kind, object) {
      await cluster.delete('Pod', key('pod'), { graceSeconds: 0 })
      return cluster.replace(kind, object)
    },
  }
  const action: Action = { do: 'annotate', kind: 'Pod', key: key('pod'), uid, annotations: { a: 'b' } }
  expect(await applyAction(racing, action)).toBeUndefined()
  expect(await cluster.list('Pod')).toEqual([])
})

async function touch(cluster: Cluster, annotation: string): Promise<void> {
  const stored = await cluster.get('Pod', key('pod'))
  if (stored === undefined) throw new Error('the Pod is gone')
  const annotations = { ...stored.metadata.annotations, [annotation]: 'yes' }
  await cluster.replace('Pod', { ...stored, metadata: { ...stored.metadata, annotations } })
}

test('an image to stop sidecars with is noted, so that another one later does not start them again', async () => {
  const cluster = await storeWith()
  const { uid } = (await cluster.create('Pod', pod)).metadata
  const action: Action = { do: 'stopSidecars', kind: 'Pod', key: key('pod'), uid, containers: ['sidecar-db'] }
  await applyLot(cluster, [action], 'registry.example/entrypoint:1')
  const after = await cluster.get('Pod', key('pod'))
  expect(after?.spec.containers.map(({ image }) => image)).toEqual(['alpine', 'registry.example/entrypoint:1'])
  expect(after?.spec.containers.map(one => isAskedToStop(after, one))).toEqual([false, true])
})

test('a claim is discarded although ended Pods name it; one of somebody else is left alone', async () => {
  const cluster = await storeWith()
  const claim = (name: string, owner: string) =>
    cluster.create('PersistentVolumeClaim', {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        ...key(name),
        finalizers: ['kubernetes.io/pvc-protection'],
        ownerReferences: [ownerOf(owner)],
      },
      spec: {},
    })
  await claim('ours', 'run-uid')
  await claim('theirs', 'other-uid')
  for (const name of ['ours', 'theirs', 'gone', 'ours']) {
    await applyAction(cluster, { do: 'discard', kind: 'PersistentVolumeClaim', key: key(name), owner: 'run-uid' })
  }
  expect((await cluster.list('PersistentVolumeClaim')).map(({ metadata }) => metadata.name)).toEqual(['theirs'])
})
