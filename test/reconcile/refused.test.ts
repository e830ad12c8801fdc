/** What the API server refuses to take now, and takes later: the run waits, says for what, and asks again, ever more rarely. */
import { expect, test } from 'vitest'
import { type Cluster, ClusterError } from '../../src/cluster/cluster.js'
import { reconcile } from '../../src/reconcile/reconcile.js'
import type { Kind } from '../../src/resources/kinds.js'
import { succeededCondition } from '../../src/status/conditions.js'
import { cases } from '../helpers/cases.js'
import { depsFor, key, NOW, PIPELINE_RUN, pipelineRun, storeWith, TASK_RUN, taskRun } from './real-store.js'

const ONE = 'TaskRun/default/one'
const RUN = 'PipelineRun/default/run'

const QUOTA = (used: number) =>
  new ClusterError('Forbidden', `exceeded quota: q, requested: pods=1, used: pods=${used}, limited: pods=9`, {
    by: 'quota',
  })
const WEBHOOK = new ClusterError('Unavailable', 'failed calling webhook "policy.example.com": timeout', {
  by: 'webhook',
})
const RIGHTS = new ClusterError('Forbidden', 'User "workers" cannot create resource "pods"', { by: 'rights' })
const ACCOUNT = new ClusterError('Forbidden', 'error looking up service account default/default: not found', {
  by: 'service account',
})
const GOING = new ClusterError('Forbidden', 'because it is being terminated', { by: 'namespace' })
const TOO_LARGE = new ClusterError('Invalid', 'etcdserver: request is too large', { by: 'size' })

function refusing(cluster: Cluster, kind: Kind, refusal: () => ClusterError): Cluster {
  return {
    ...cluster,
    create: (one, object) => (one === kind ? Promise.reject(refusal()) : cluster.create(one, object)),
  }
}

interface Held {
  readonly refusal: ClusterError
  readonly reason: string
  readonly message: string
}

test.each(
  cases<Held>({
    'a webhook that is away': {
      refusal: WEBHOOK,
      reason: 'Pending',
      message: `the Pod of this TaskRun is not made yet: a webhook of the cluster does not answer: ${WEBHOOK.message}`,
    },
    'a right of ours': {
      refusal: RIGHTS,
      reason: 'Pending',
      message: `the Pod of this TaskRun is not made yet: Tektite lacks a right, which an administrator has to give it: ${RIGHTS.message}`,
    },
    'the account of a new namespace': {
      refusal: ACCOUNT,
      reason: 'Pending',
      message: `the Pod of this TaskRun is not made yet: its service account is not there yet: ${ACCOUNT.message}`,
    },
  }),
)('%s is waited for while the clock runs, and then the Pod is made', async (_, { refusal, reason, message }) => {
  const cluster = await storeWith(TASK_RUN)
  const held = refusing(cluster, 'Pod', () => refusal)
  expect(await reconcile(depsFor(held), ONE)).toEqual({ kind: 'again', afterMs: 1_000 })
  const run = await taskRun(cluster, 'one')
  expect(succeededCondition(run)).toMatchObject({ status: 'Unknown', reason, message })
  expect(run.status?.startTime).toBe('2026-01-02T03:04:05Z')
  const version = cluster.version()
  await reconcile(depsFor(held), ONE)
  expect(cluster.version()).toBe(version)
  await reconcile(depsFor(cluster), ONE)
  expect(await cluster.list('Pod')).toHaveLength(1)
})

test('looks become rarer, up to one a minute, also when the words change each time; the timeout is not slept through', async () => {
  const cluster = await storeWith(TASK_RUN.replace('spec:\n', 'spec:\n  timeout: 10m\n'))
  let [now, used] = [NOW, 9]
  const pauses: number[] = []
  const held = refusing(cluster, 'Pod', () => WEBHOOK)
  const quota = refusing(cluster, 'Pod', () => QUOTA(used++))
  for (let looks = 0; looks < 14; looks++) {
    const outcome = await reconcile(
      depsFor(quota, () => now),
      ONE,
    )
    if (outcome.kind !== 'again') throw new Error('it is to look again')
    pauses.push(outcome.afterMs)
    now += outcome.afterMs
  }
  expect(pauses).toEqual([...pauses].sort((a, b) => a - b))
  expect([pauses[0], pauses.at(-1)]).toEqual([1_000, 60_000])
  // A quota keeps the clock from running; what is ours to mend does not.
  expect((await taskRun(cluster, 'one')).status?.startTime).toBeUndefined()
  const began = now
  for (let looks = 0; looks < 40; looks++) {
    const outcome = await reconcile(
      depsFor(held, () => now),
      ONE,
    )
    if (outcome.kind !== 'again') break
    now += outcome.afterMs
  }
  const run = await taskRun(cluster, 'one')
  expect(succeededCondition(run)).toMatchObject({ status: 'False', reason: 'TaskRunTimeout' })
  expect(succeededCondition(run)?.message).toContain(WEBHOOK.message)
  expect(now - began).toBeLessThanOrEqual(10 * 60_000 + 2_000)
})

test('an account that the user named is not waited for, nor that of a namespace which is not new', async () => {
  const named = await storeWith(TASK_RUN.replace('spec:\n', 'spec:\n  serviceAccountName: ci\n'))
  await named.create('ServiceAccount', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { namespace: 'default', name: 'ci' },
  })
  await reconcile(depsFor(refusing(named, 'Pod', () => ACCOUNT)), ONE)
  const old = await storeWith(TASK_RUN)
  await reconcile(
    depsFor(
      refusing(old, 'Pod', () => ACCOUNT),
      () => NOW + 60_000,
    ),
    ONE,
  )
  for (const cluster of [named, old]) {
    expect(succeededCondition(await taskRun(cluster, 'one'))).toMatchObject({
      status: 'False',
      reason: 'PodCreationFailed',
    })
  }
})

test.each([QUOTA(9), WEBHOOK, RIGHTS].map(refusal => [refusal.by, refusal] as const))(
  'a child that is not taken because of %s is made later, and none twice',
  async (_, refusal) => {
    const cluster = await storeWith(
      PIPELINE_RUN.replace('        runAfter: [a]\n', '').replace('spec:\n', 'spec:\n  timeouts: { pipeline: 1h }\n'),
    )
    const held: Cluster = {
      ...cluster,
      create: (kind, object) =>
        object.metadata.name === 'run-b' ? Promise.reject(refusal) : cluster.create(kind, object),
    }
    expect(await reconcile(depsFor(held), RUN)).toEqual({ kind: 'again', afterMs: 1_000 })
    const run = await pipelineRun(cluster)
    expect(succeededCondition(run)).toMatchObject({ status: 'Unknown', reason: 'Started' })
    expect(succeededCondition(run)?.message).toContain(`the TaskRun "run-b" is not made yet: `)
    expect(succeededCondition(run)?.message).toContain(refusal.message)
    const first = await cluster.list('TaskRun')
    await reconcile(depsFor(cluster), RUN)
    expect((await cluster.list('TaskRun')).map(child => child.metadata.name)).toEqual(['run-a', 'run-b'])
    expect((await cluster.list('TaskRun'))[0]).toEqual(first[0])
    expect(succeededCondition(await pipelineRun(cluster))).toMatchObject({ status: 'Unknown', reason: 'Running' })
  },
)

test('a claim over quota is waited for, as Tekton does', async () => {
  const cluster = await storeWith(`
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: { name: one }
spec:
  workspaces:
    - name: w
      volumeClaimTemplate: { spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Mi } } } }
  taskSpec: { workspaces: [{ name: w }], steps: [{ image: alpine, script: "true" }] }
`)
  await reconcile(depsFor(refusing(cluster, 'PersistentVolumeClaim', () => QUOTA(9))), ONE)
  expect(succeededCondition(await taskRun(cluster, 'one'))).toMatchObject({
    status: 'Unknown',
    reason: 'ExceededResourceQuota',
  })
  await reconcile(depsFor(cluster), ONE)
  expect(await cluster.list('Pod')).toHaveLength(1)
})

test('in a namespace that goes a run ends at once, whatever its retries: nothing is taken there any more', async () => {
  const cluster = await storeWith(TASK_RUN.replace('spec:\n', 'spec:\n  retries: 5\n'))
  expect(await reconcile(depsFor(refusing(cluster, 'Pod', () => GOING)), ONE)).toEqual({ kind: 'settled' })
  const run = await taskRun(cluster, 'one')
  expect(succeededCondition(run)).toMatchObject({ status: 'False', reason: 'PodCreationFailed' })
  expect(run.status?.retriesStatus).toBeUndefined()
})

test('a namespace that is gone took the run with it: nothing is left to say', async () => {
  const cluster = await storeWith(TASK_RUN)
  const gone = new ClusterError('NotFound', 'namespaces "default" not found')
  expect(await reconcile(depsFor(refusing(cluster, 'Pod', () => gone)), ONE)).toEqual({ kind: 'settled' })
})

test('a quota that many write to is asked again a moment later', async () => {
  const cluster = await storeWith(TASK_RUN)
  const conflict = new ClusterError('Conflict', 'on resourcequotas "q"', { by: 'quota conflict' })
  expect(await reconcile(depsFor(refusing(cluster, 'Pod', () => conflict)), ONE)).toEqual({
    kind: 'again',
    afterMs: 1_000,
  })
})

test('a Pod that is too large is its author’s to make smaller', async () => {
  const cluster = await storeWith(TASK_RUN)
  await reconcile(depsFor(refusing(cluster, 'Pod', () => TOO_LARGE)), ONE)
  expect(succeededCondition(await taskRun(cluster, 'one'))).toMatchObject({
    status: 'False',
    reason: 'PodCreationFailed',
    message: `failed to create task run pod "one": the Pod is larger than the API server takes (${TOO_LARGE.message}); make scripts, args, env or params smaller. Maybe invalid TaskSpec`,
  })
})

test('a right that is missing for a read or a status fails no run', async () => {
  const cluster = await storeWith(TASK_RUN)
  const unread: Cluster = {
    ...cluster,
    list: (kind, selector) => (kind === 'LimitRange' ? Promise.reject(RIGHTS) : cluster.list(kind, selector)),
  }
  const unwritten: Cluster = { ...cluster, replaceStatus: () => Promise.reject(RIGHTS) }
  for (const lacking of [unread, unwritten]) await expect(reconcile(depsFor(lacking), ONE)).rejects.toBe(RIGHTS)
  expect((await taskRun(cluster, 'one')).status).toBeUndefined()
  await reconcile(depsFor(cluster), ONE)
  expect(await cluster.get('Pod', key('one-pod'))).toBeDefined()
})
