/** The API server says no to what a run needs: each no ends the run in the server's words, or is waited for until it is a yes. */
import { expect, test } from 'vitest'
import { succeededCondition } from '../../../src/status/conditions.js'
import { cases } from '../../helpers/cases.js'
import type { RefusedStatus } from '../../helpers/fault-proxy.js'
import { applyTo } from '../../listeners/world.js'
import { countOf, expectNoErrors, first, POST_PODS, startWorld, TASK_RUN } from './world.js'

const forbidden = (message: string, details: object = { name: 'one-pod', kind: 'pods' }): RefusedStatus => ({
  code: 403,
  reason: 'Forbidden',
  message: `pods "one-pod" is forbidden: ${message}`,
  details,
})
const failedToMake = (message: string) => `failed to create task run pod "one": ${message}. Maybe invalid TaskSpec`

interface Refused {
  readonly status: RefusedStatus
  readonly reason: string
  readonly message: string
}

const LIMITS = 'maximum memory usage per Container is 1Gi, but limit is 2Gi'
const SECURITY = 'violates PodSecurity "restricted:latest": runAsNonRoot != true (pod or container "step-s")'
const TERMINATING = 'unable to create new content in namespace default because it is being terminated'
const WEBHOOK = 'admission webhook "policy.example.com" denied the request: images come from our registry only'
const POLICY = `ValidatingAdmissionPolicy 'no-latest' with binding 'all' denied request: no tag`

test.each(
  cases<Refused>({
    'a policy webhook': {
      status: { code: 403, reason: 'Forbidden', message: WEBHOOK },
      reason: 'PodCreationFailed',
      message: failedToMake(WEBHOOK),
    },
    'a policy webhook with a code of its own': {
      status: { code: 409, reason: 'Conflict', message: WEBHOOK },
      reason: 'PodCreationFailed',
      message: failedToMake(WEBHOOK),
    },
    'a policy of the API server': {
      status: { code: 422, reason: 'Invalid', message: `pods "one-pod" is forbidden: ${POLICY}` },
      reason: 'PodCreationFailed',
      message: failedToMake(`pods "one-pod" is forbidden: ${POLICY}`),
    },
    'Pod Security': {
      status: forbidden(SECURITY),
      reason: 'PodAdmissionFailed',
      message: `pods "one-pod" is forbidden: ${SECURITY}`,
    },
    'a field that is none': {
      status: {
        code: 422,
        reason: 'Invalid',
        message: 'Pod "one-pod" is invalid: spec.containers[0].image: Required value',
      },
      reason: 'PodCreationFailed',
      message: failedToMake('Pod "one-pod" is invalid: spec.containers[0].image: Required value'),
    },
    'a LimitRange': {
      status: forbidden(LIMITS),
      reason: 'PodCreationFailed',
      message: failedToMake(`pods "one-pod" is forbidden: ${LIMITS}`),
    },
    'a namespace that goes': {
      status: forbidden(TERMINATING, { causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }] }),
      reason: 'PodCreationFailed',
      message: failedToMake(`pods "one-pod" is forbidden: ${TERMINATING}`),
    },
    'a Pod that is too large': {
      status: { code: 413, reason: 'RequestEntityTooLarge', message: 'Request entity too large: limit is 3145728' },
      reason: 'PodCreationFailed',
      message: failedToMake(
        'the Pod is larger than the API server takes (Request entity too large: limit is 3145728); make scripts, args, env or params smaller',
      ),
    },
  }),
)('%s ends the run: one request, and the fault is the user’s', async (_, { status, reason, message }) => {
  const world = await startWorld(TASK_RUN, { choose: first(9, POST_PODS, { is: 'refuse', status }) })
  const run = await world.ended('TaskRun', 'one')
  expect(succeededCondition(run)).toMatchObject({ status: 'False', reason, message })
  expect(run.metadata.annotations?.['tektite.dev/failure-class']).toBe('user')
  expect(countOf(world, POST_PODS)).toBe(1)
  expectNoErrors(world)
})

interface Held {
  readonly status: RefusedStatus
  /** What the condition says meanwhile. */
  readonly says: string
  readonly haste?: number
}

const NO_ANSWER = `failed calling webhook "policy.example.com": failed to call webhook: Post "https://policy.ns.svc": context deadline exceeded`
const NO_RIGHT =
  'User "system:serviceaccount:tektite:workers" cannot create resource "pods" in API group "" in the namespace "default"'

test.each(
  cases<Held>({
    'a webhook that is away': {
      status: { code: 500, reason: 'InternalError', message: `Internal error occurred: ${NO_ANSWER}` },
      says: `Pending: the Pod of this TaskRun is not made yet: a webhook of the cluster does not answer: Internal error occurred: ${NO_ANSWER}`,
    },
    'a webhook that fails in itself': {
      status: { code: 500, message: 'admission webhook "policy.example.com" denied the request: no connection' },
      says: 'Pending: the Pod of this TaskRun is not made yet: a webhook of the cluster does not answer: admission webhook "policy.example.com" denied the request: no connection',
    },
    'a right of ours that is missing': {
      status: { code: 403, reason: 'Forbidden', message: `pods is forbidden: ${NO_RIGHT}` },
      says: `Pending: the Pod of this TaskRun is not made yet: Tektite lacks a right, which an administrator has to give it: pods is forbidden: ${NO_RIGHT}`,
    },
    'a quota that nobody has counted yet': {
      status: forbidden('status unknown for quota: small, resources: pods'),
      says: 'ExceededResourceQuota: TaskRun Pod exceeded available resources: pods "one-pod" is forbidden: status unknown for quota: small, resources: pods',
    },
    'the account of a namespace that is new': {
      status: forbidden('error looking up service account default/default: serviceaccount "default" not found'),
      says: 'Pending: the Pod of this TaskRun is not made yet: its service account is not there yet: pods "one-pod" is forbidden: error looking up service account default/default: serviceaccount "default" not found',
      // It is waited for half a minute only.
      haste: 2,
    },
  }),
)('%s is waited for, and told; then the run goes on', async (_, { status, says, haste = 50 }) => {
  const world = await startWorld(TASK_RUN, { haste, choose: first(3, POST_PODS, { is: 'refuse', status }) })
  const run = await world.ended('TaskRun', 'one')
  expect(succeededCondition(run)).toMatchObject({ status: 'True' })
  expect(run.status?.retriesStatus).toBeUndefined()
  expect(world.seen('one')).toContain(says)
  // Three times no, each asked for once, and the yes: no call of one look is tried again.
  expect(countOf(world, POST_PODS)).toBe(4)
  expectNoErrors(world)
})

test('a quota that many write to is asked again until it can be counted', async () => {
  const status = {
    code: 409,
    reason: 'Conflict',
    message: 'Operation cannot be fulfilled on resourcequotas "small": the object has been modified',
    details: { name: 'small', kind: 'resourcequotas' },
  }
  const world = await startWorld(TASK_RUN, { choose: first(2, POST_PODS, { is: 'refuse', status }) })
  expect(succeededCondition(await world.ended('TaskRun', 'one'))).toMatchObject({ status: 'True' })
  expect(countOf(world, POST_PODS)).toBe(3)
})

test('a quota with room for one Pod: eight runs, one after the other, and all are done', async () => {
  const names = Array.from({ length: 8 }, (_, index) => `run-${index}`)
  const manifests = names.map(name => TASK_RUN.replace('name: one', `name: ${name}`)).join('---')
  let admitted = 0
  let most = 0
  let counting = Promise.resolve()
  const world = await startWorld(manifests, {
    async choose({ method, path }, { store }) {
      if (!POST_PODS.test(`${method} ${path}`)) return { is: 'none' }
      let used = 0
      // One after the other, as the quota is one object.
      counting = counting.then(async () => {
        const ended = (await store.list('Pod')).filter(({ status }) => /Succeeded|Failed/.test(status?.phase ?? ''))
        used = admitted - ended.length
        if (used === 0) admitted += 1
        most = Math.max(most, admitted - ended.length)
      })
      await counting
      if (used === 0) return { is: 'none' }
      const message = `exceeded quota: small, requested: pods=1, used: pods=${used}, limited: pods=1`
      return { is: 'refuse', status: forbidden(message) }
    },
    plan: () => ({ steps: { s: { ms: 20 } } }),
  })
  for (const name of names) {
    expect(succeededCondition(await world.ended('TaskRun', name))).toMatchObject({ status: 'True' })
  }
  expect(most).toBe(1)
  expect(
    names.filter(name => world.seen(name).some(said => said.startsWith('ExceededResourceQuota:'))).length,
  ).toBeGreaterThan(0)
  expectNoErrors(world)
})

const PIPELINE_RUN = `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: run }
spec:
  pipelineSpec:
    tasks:
      - { name: a, taskSpec: { steps: [{ name: s, image: sh, script: "true" }] } }
      - { name: b, taskSpec: { steps: [{ name: s, image: sh, script: "true" }] } }
`
const POST_TASK_RUNS = /^POST \/apis\/tekton.dev\/v1\/namespaces\/default\/taskruns$/

test('a TaskRun that a policy refuses ends its PipelineRun, and with it what was made before', async () => {
  let made = 0
  const world = await startWorld(PIPELINE_RUN, {
    choose: ({ method, path }) =>
      POST_TASK_RUNS.test(`${method} ${path}`) && made++ > 0
        ? { is: 'refuse', status: { code: 403, reason: 'Forbidden', message: WEBHOOK } }
        : { is: 'none' },
    plan: () => ({ steps: { s: { ms: 60_000 } } }),
  })
  expect(succeededCondition(await world.ended('PipelineRun', 'run'))).toMatchObject({
    status: 'False',
    reason: 'CreateRunFailed',
    message: WEBHOOK,
  })
  const [child] = await world.store.list('TaskRun')
  expect(succeededCondition(await world.ended('TaskRun', child?.metadata.name ?? ''))).toMatchObject({
    reason: 'TaskRunCancelled',
  })
})

test('a webhook that is away for TaskRuns holds the PipelineRun up, and makes no child twice', async () => {
  const status = { code: 500, reason: 'InternalError', message: `Internal error occurred: ${NO_ANSWER}` }
  const world = await startWorld(PIPELINE_RUN, { choose: first(3, POST_TASK_RUNS, { is: 'refuse', status }) })
  expect(succeededCondition(await world.ended('PipelineRun', 'run'))).toMatchObject({ status: 'True' })
  expect(await world.store.list('TaskRun')).toHaveLength(2)
  expect(world.seen('run')).toContainEqual(
    expect.stringMatching(/^Started: the TaskRun "run-a" is not made yet: a webhook of the cluster does not answer: /),
  )
})

test('a right that is missing for a read is told in the log by verb and resource, and fails no run', async () => {
  const message =
    'serviceaccounts "default" is forbidden: User "system:serviceaccount:tektite:workers" cannot get resource "serviceaccounts" in API group "" in the namespace "default"'
  const fault = { is: 'refuse', status: { code: 403, reason: 'Forbidden', message } } as const
  const world = await startWorld(TASK_RUN, { choose: first(3, /^GET .*\/serviceaccounts\/default$/, fault) })
  expect(succeededCondition(await world.ended('TaskRun', 'one'))).toMatchObject({ status: 'True' })
  expect(world.lines).toContainEqual(
    expect.objectContaining({
      message: 'a call failed and will be repeated',
      cause: expect.stringContaining('cannot get resource "serviceaccounts"'),
    }),
  )
})

test('a kind that is not served is told in the log, and the run goes on once it is', async () => {
  const message = 'the server could not find the requested resource'
  const fault = { is: 'refuse', status: { code: 404, reason: 'NotFound', message, details: {} } } as const
  const world = await startWorld(PIPELINE_RUN, { choose: first(4, POST_TASK_RUNS, fault) })
  expect(succeededCondition(await world.ended('PipelineRun', 'run'))).toMatchObject({ status: 'True' })
  expect(world.lines).toContainEqual(
    expect.objectContaining({
      message: 'a call failed and will be repeated',
      cause: expect.stringContaining('is its CustomResourceDefinition applied?'),
    }),
  )
})

test('a namespace that is deleted takes its runs along, and nobody keeps asking', async () => {
  const manifests = TASK_RUN.replace('name: one', 'name: one, namespace: ns')
  const world = await startWorld(manifests, {
    plan: name => (name === 'one-pod' ? { steps: { s: { ms: 60_000 } } } : undefined),
  })
  const { store } = world
  await expect.poll(async () => (await store.list('Pod', { namespace: 'ns' })).length, { timeout: 10_000 }).toBe(1)
  await store.delete('Namespace', { namespace: '', name: 'ns' })
  await expect
    .poll(async () => [...(await store.list('TaskRun')), ...(await store.list('Pod'))].length, { timeout: 10_000 })
    .toBe(0)
  const asked = world.requests.length
  // What comes later is looked at, so what came before has been.
  await applyTo(store, TASK_RUN.replace('name: one', 'name: two'))
  await world.ended('TaskRun', 'two')
  // The last of its Pods wakes a run that is not there any more: that is seen, and no more is done.
  const later = world.requests.slice(asked).filter(request => request.includes('/namespaces/ns/'))
  expect(later.filter(request => request !== 'GET /apis/tekton.dev/v1/namespaces/ns/taskruns/one')).toEqual([])
  expect(later.length).toBeLessThanOrEqual(2)
  expectNoErrors(world)
})
