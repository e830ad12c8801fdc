import { expect, onTestFinished, test, vi } from 'vitest'
import { createDispatcher } from '../../listeners/dispatch.js'
import { type Cluster, ClusterError } from '../../src/cluster/cluster.js'
import { NotNow } from '../../src/inbox/inbox.js'
import { SILENT } from '../../src/lib/log.js'
import { EVENT_ID } from '../trigger/events.js'
import { applyTo, clusterWith, inboxFor, objectsIn, record, recordingLog } from './world.js'

const TEMPLATE = `
apiVersion: triggers.tekton.dev/v1beta1
kind: TriggerTemplate
metadata: { name: run, namespace: ci }
spec:
  params: [{ name: text, default: none }]
  resourcetemplates:
    - apiVersion: tekton.dev/v1
      kind: PipelineRun
      metadata: { generateName: run-, labels: { team: a, triggers.tekton.dev/trigger: mine } }
      spec: { pipelineRef: { name: build }, params: [{ name: text, value: $(tt.params.text) }] }
    - apiVersion: v1
      kind: ConfigMap
      metadata: { generateName: note- }
      data: { uid: $(uid), again: $(uid), text: $(tt.params.text) }
`
const PUSHED = `
apiVersion: triggers.tekton.dev/v1beta1
kind: TriggerBinding
metadata: { name: text, namespace: ci }
spec: { params: [{ name: text, value: $(body.text) }] }
`
const LISTENER = `
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: app, namespace: ci }
spec:
  triggers:
    - { name: push, bindings: [{ ref: text }], template: { ref: run } }
`

function listener(triggers: string): string {
  return `
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: app, namespace: ci }
spec:
${triggers.replace(/^/gm, '  ')}
`
}

function dispatcherFor(cluster: Cluster) {
  return createDispatcher({ cluster, admission: () => ({}), log: SILENT })
}

const BODY = { body: '{"text":"hello"}' }

test('what a trigger fires is created in order, labelled, with one uid', async () => {
  const cluster = await clusterWith(TEMPLATE, PUSHED, LISTENER)
  const [verdict] = await dispatcherFor(cluster)(record('ci/app', BODY))
  const [run, note] = await objectsIn(cluster, 'PipelineRun', 'ConfigMap')
  expect(verdict).toEqual({
    trigger: 'push',
    namespace: 'ci',
    is: 'fired',
    by: '',
    created: [`PipelineRun/ci/${run?.metadata.name}`, `ConfigMap/ci/${note?.metadata.name}`],
    message: '',
  })
  const labels = {
    'triggers.tekton.dev/eventlistener': 'app',
    'triggers.tekton.dev/trigger': 'push',
    'triggers.tekton.dev/triggers-eventid': EVENT_ID,
  }
  expect(run?.metadata.labels).toMatchObject({ team: 'a', ...labels })
  expect(note?.metadata.labels).toEqual(labels)
  expect(run).toMatchObject({ spec: { params: [{ name: 'text', value: 'hello' }] } })
  const { uid, again, text } = (note as { readonly data?: Readonly<Record<string, string>> }).data ?? {}
  expect(uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect([again, text]).toEqual([uid, 'hello'])
})

test('a dispatch that is repeated creates nothing twice, also after it stopped half-way', async () => {
  const cluster = await clusterWith(TEMPLATE, PUSHED, LISTENER)
  let creations = 0
  const dying: Cluster = {
    ...cluster,
    create: async (kind, object) => {
      creations += 1
      if (creations === 2) throw new ClusterError('Unavailable', 'connection refused')
      return cluster.create(kind, object)
    },
  }
  await expect(dispatcherFor(dying)(record('ci/app', BODY))).rejects.toThrow('1 of 1 triggers')
  expect(await objectsIn(cluster, 'PipelineRun', 'ConfigMap')).toHaveLength(1)
  const first = await dispatcherFor(cluster)(record('ci/app', BODY))
  const again = await dispatcherFor(cluster)(record('ci/app', BODY))
  expect(again).toEqual(first)
  expect(again).toMatchObject([{ is: 'fired' }])
  expect(await objectsIn(cluster, 'PipelineRun', 'ConfigMap')).toHaveLength(2)
})

test('a replay is a new event with new runs', async () => {
  const cluster = await clusterWith(TEMPLATE, PUSHED, LISTENER)
  await dispatcherFor(cluster)(record('ci/app', BODY))
  await dispatcherFor(cluster)(record('ci/app', BODY, 1))
  await dispatcherFor(cluster)(record('ci/app', BODY, 1))
  const runs = await objectsIn(cluster, 'PipelineRun')
  const ids = runs.map(run => run.metadata.labels?.['triggers.tekton.dev/triggers-eventid'])
  expect(new Set(ids).size).toBe(2)
  expect(ids).toContain(EVENT_ID)
})

test('a derived name that is taken by somebody else is passed over', async () => {
  const first = await clusterWith(TEMPLATE, PUSHED, LISTENER)
  await dispatcherFor(first)(record('ci/app', BODY))
  const [made] = await objectsIn(first, 'PipelineRun')
  const taken = `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: ${made?.metadata.name}, namespace: ci }
spec: { pipelineRef: { name: other } }
`
  const cluster = await clusterWith(TEMPLATE, PUSHED, LISTENER, taken)
  const verdicts = await dispatcherFor(cluster)(record('ci/app', BODY))
  expect(verdicts).toMatchObject([{ is: 'fired' }])
  const runs = await objectsIn(cluster, 'PipelineRun')
  expect(runs).toHaveLength(2)
  expect(await dispatcherFor(cluster)(record('ci/app', BODY))).toEqual(verdicts)
  expect(await objectsIn(cluster, 'PipelineRun')).toHaveLength(2)
})

const FIXED = `
name: fixed
template:
  spec:
    resourcetemplates:
      - { apiVersion: v1, kind: ConfigMap, metadata: { name: first } }
      - { apiVersion: v1, kind: ConfigMap, metadata: { name: latest } }
      - { apiVersion: v1, kind: ConfigMap, metadata: { name: last } }
`

test('a fixed name that is taken fails in the words of Tekton, and skips the rest', async () => {
  const latest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: latest, namespace: ci }\n'
  const cluster = await clusterWith(listener(`triggers:\n- ${FIXED.trim().replaceAll('\n', '\n  ')}`), latest)
  const verdicts = await dispatcherFor(cluster)(record('ci/app', BODY))
  expect(verdicts).toMatchObject([{ trigger: 'fixed', is: 'failed', created: ['ConfigMap/ci/first'] }])
  expect(verdicts[0]?.message).toMatch(
    /^couldn't create resource with group version kind "v1, Resource=configmaps": .*latest.* already exists$/,
  )
  expect((await objectsIn(cluster, 'ConfigMap')).map(({ metadata }) => metadata.name)).toEqual(['first', 'latest'])
})

test('a fixed name of our own firing is adopted, but not for a second trigger', async () => {
  const one = FIXED.trim().replaceAll('\n', '\n  ')
  const cluster = await clusterWith(listener(`triggers:\n- ${one}\n- ${one}`))
  const verdicts = await dispatcherFor(cluster)(record('ci/app', BODY))
  expect(verdicts.map(({ is }) => is)).toEqual(['fired', 'failed'])
  expect(await dispatcherFor(cluster)(record('ci/app', BODY))).toEqual(verdicts)
  expect(await objectsIn(cluster, 'ConfigMap')).toHaveLength(3)
})

test('an object that is refused leaves no others half made', async () => {
  const cluster = await clusterWith(
    listener(`
triggers:
- name: bad
  template:
    spec:
      resourcetemplates:
        - { apiVersion: v1, kind: ConfigMap, metadata: { name: good } }
        - { apiVersion: tekton.dev/v1, kind: PipelineRun, metadata: { generateName: run- }, spec: {} }
        - { apiVersion: batch/v1, kind: Jub, metadata: { name: job } }`),
  )
  const verdicts = await dispatcherFor(cluster)(record('ci/app', BODY))
  expect(verdicts).toMatchObject([{ trigger: 'bad', is: 'failed', created: [] }])
  expect(verdicts[0]?.message).toContain('resourcetemplates[1]: ')
  expect(verdicts[0]?.message).toContain('resourcetemplates[2]: ')
  expect(await objectsIn(cluster, 'ConfigMap')).toEqual([])
})

test('verdicts come in order, and one failure stops no other trigger', async () => {
  const cluster = await clusterWith(
    TEMPLATE,
    PUSHED,
    listener(`
triggers:
- { name: no-template, template: { ref: gone } }
- { name: no-binding, bindings: [{ ref: gone }], template: { ref: run } }
- { name: no-value, bindings: [{ name: x, value: $(body.x) }], template: { ref: run } }
- { triggerRef: gone }
- { name: later, interceptors: [{ ref: { name: cel }, params: [{ name: filter, value: "body.text == 'x'" }] }], template: { ref: run } }
- { name: unknown, interceptors: [{ ref: { name: pagerduty } }], template: { ref: run } }
- { name: push, bindings: [{ ref: text }], template: { ref: run } }`),
  )
  const verdicts = await dispatcherFor(cluster)(record('ci/app', BODY))
  expect(verdicts.map(({ trigger, is, message }) => [trigger, is, message])).toEqual([
    [
      'no-template',
      'failed',
      'error getting TriggerTemplate gone: triggertemplates.triggers.tekton.dev "gone" not found',
    ],
    [
      'no-binding',
      'failed',
      'failed to resolve bindings: error getting TriggerBinding gone: triggerbindings.triggers.tekton.dev "gone" not found',
    ],
    [
      'no-value',
      'failed',
      'failed to ApplyEventValuesToParams: failed to replace JSONPath value for param x: $(body.x): x is not found',
    ],
    ['gone', 'failed', 'error getting Trigger gone of namespace ci: triggers.triggers.tekton.dev "gone" not found'],
    ['later', 'filtered', `expression body.text == 'x' did not return true: body.text is "hello"`],
    [
      'unknown',
      'failed',
      'interceptors[0] pagerduty: url resolution failed for interceptor pagerduty with: clusterinterceptor.triggers.tekton.dev "pagerduty" not found: create it, or use one of github, gitlab, bitbucket, gitea, slack, cel, which need no object',
    ],
    ['push', 'fired', ''],
  ])
  expect(await objectsIn(cluster, 'PipelineRun')).toHaveLength(1)
})

test('what is away for one trigger is thrown after the others had their turn', async () => {
  const cluster = await clusterWith(
    TEMPLATE,
    PUSHED,
    listener(`
triggers:
- { name: note, template: { spec: { resourcetemplates: [{ apiVersion: v1, kind: ConfigMap, metadata: { name: note } }] } } }
- { name: push, bindings: [{ ref: text }], template: { ref: run } }`),
  )
  const halfAway: Cluster = {
    ...cluster,
    create: async (kind, object) => {
      if (object.metadata.name === 'note') throw new Error('ECONNRESET')
      return cluster.create(kind, object)
    },
  }
  const failing = dispatcherFor(halfAway)(record('ci/app', BODY))
  await expect(failing).rejects.toThrow('dispatching delivery ci/app/sha256/1: 1 of 2 triggers')
  await expect(failing).rejects.toBeInstanceOf(NotNow)
  expect(await objectsIn(cluster, 'PipelineRun')).toHaveLength(1)
})

/** What the dispatcher throws when this method of its cluster throws that. */
async function thrownBy(method: 'get' | 'list' | 'create', error: Error): Promise<unknown> {
  const cluster = await clusterWith(
    TEMPLATE,
    PUSHED,
    listener(`
triggerGroups:
- name: g
  interceptors: [{ ref: { name: cel }, params: [{ name: filter, value: 'true' }] }]
  triggerSelector: { namespaceSelector: { matchNames: [ci] } }
triggers:
- { name: push, bindings: [{ ref: text }], template: { ref: run } }`),
  )
  const failing: Cluster = { ...cluster, [method]: () => Promise.reject(error) }
  return dispatcherFor(failing)(record('ci/app', BODY)).catch((thrown: unknown) => thrown)
}

test('a cluster that is away, in whatever a dispatch asks of it, is not the fault of the delivery', async () => {
  const faults = [
    new ClusterError('Unavailable', 'the store could not write'),
    new ClusterError('Conflict', 'someone wrote first'),
    Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
  ]
  for (const method of ['get', 'list', 'create'] as const) {
    for (const fault of faults) {
      const thrown = await thrownBy(method, fault)
      expect(thrown, `${method} ${fault.message}`).toBeInstanceOf(NotNow)
      expect((thrown as NotNow).cause, `${method} ${fault.message}`).toBe(fault)
    }
  }
})

test('a cluster that refuses to read, and a mistake of our own, count against the delivery', async () => {
  const faults = [new ClusterError('Forbidden', 'may not list'), new TypeError('x is undefined')]
  for (const method of ['get', 'list'] as const) {
    for (const fault of faults) {
      const thrown = await thrownBy(method, fault)
      expect(thrown, `${method} ${fault.message}`).toMatchObject({ name: 'Error', cause: fault })
    }
  }
  expect(await thrownBy('create', faults[1]!)).toMatchObject({ name: 'Error', cause: faults[1] })
})

test('a cluster that is away for longer than a delivery has tries makes one run in the end', async () => {
  const cluster = await clusterWith(TEMPLATE, PUSHED, LISTENER)
  const { delivery } = record('ci/app', BODY)
  let refused = 0
  /** Away for its first calls. */
  const awayFor = <A extends readonly unknown[], R>(times: number, call: (...given: A) => Promise<R>) => {
    let left = times
    return async (...given: A): Promise<R> => {
      if (left === 0) return call(...given)
      left -= 1
      refused += 1
      throw new ClusterError('Unavailable', 'connection refused')
    }
  }
  const flaky = { ...cluster, get: awayFor(7, cluster.get), create: awayFor(7, cluster.create) } as Cluster
  const inbox = inboxFor({ maxAttempts: 2, maxDeaths: 2, pauses: { firstMs: 1, maxMs: 5 } })
  const worker = inbox.dispatch(dispatcherFor(flaky), { concurrency: 1 })
  onTestFinished(() => worker.close())
  await inbox.accept(delivery)
  await vi.waitFor(async () => expect((await inbox.get(delivery.id))?.state.is).not.toBe('pending'), 15_000)
  expect((await inbox.get(delivery.id))?.state).toMatchObject({ is: 'done', verdicts: [{ is: 'fired' }] })
  expect(refused).toBe(14)
  expect(await objectsIn(cluster, 'PipelineRun')).toHaveLength(1)
  expect(await objectsIn(cluster, 'ConfigMap')).toHaveLength(1)
})

test('references, selectors, groups and cluster bindings are looked up where Triggers looks', async () => {
  const cluster = await clusterWith(
    `
apiVersion: triggers.tekton.dev/v1beta1
kind: ClusterTriggerBinding
metadata: { name: everywhere }
spec: { params: [{ name: text, value: $(extensions.from) }] }
---
apiVersion: triggers.tekton.dev/v1beta1
kind: Trigger
metadata: { name: away, namespace: other, labels: { group: a } }
spec:
  bindings: [{ ref: everywhere, kind: ClusterTriggerBinding }]
  template: { ref: note }
---
apiVersion: triggers.tekton.dev/v1beta1
kind: TriggerTemplate
metadata: { name: note, namespace: other }
spec:
  params: [{ name: text }]
  resourcetemplates: [{ apiVersion: v1, kind: ConfigMap, metadata: { generateName: note- }, data: { text: $(tt.params.text) } }]
---
apiVersion: triggers.tekton.dev/v1beta1
kind: Trigger
metadata: { name: here, namespace: ci, labels: { group: b } }
spec: { template: { spec: { resourcetemplates: [{ apiVersion: v1, kind: ConfigMap, metadata: { name: here } }] } } }
`,
    listener(`
triggers: [{ triggerRef: here }]
triggerGroups:
- name: g
  interceptors: [{ ref: { name: cel }, params: [{ name: overlays, value: [{ key: from, expression: body.text }] }] }]
  triggerSelector: { namespaceSelector: { matchNames: ['*'] }, labelSelector: { matchLabels: { group: a } } }`),
  )
  const verdicts = await dispatcherFor(cluster)(record('ci/app', BODY))
  expect(verdicts.map(({ trigger, is }) => `${trigger} ${is}`)).toEqual(['here fired', 'away fired'])
  expect(await objectsIn(cluster, 'ConfigMap')).toMatchObject([
    { metadata: { namespace: 'ci', name: 'here' } },
    { metadata: { namespace: 'other' }, data: { text: 'hello' } },
  ])
})

test('a body that cannot be read fails every trigger by name', async () => {
  const cluster = await clusterWith(TEMPLATE, PUSHED, LISTENER)
  const verdicts = await dispatcherFor(cluster)(record('ci/app', { body: 'no json' }))
  expect(verdicts).toMatchObject([{ trigger: 'push', is: 'failed', created: [] }])
  expect(verdicts[0]?.message).toMatch(/^failed to marshal event: failed to unmarshal request body: invalid character/)
})

test('a listener that is gone is a verdict, and works again once it is back', async () => {
  const cluster = await clusterWith(TEMPLATE, PUSHED)
  expect(await dispatcherFor(cluster)(record('ci/app', BODY))).toMatchObject([{ trigger: '', is: 'failed' }])
  await applyTo(cluster, LISTENER)
  expect(await dispatcherFor(cluster)(record('ci/app', BODY))).toMatchObject([{ trigger: 'push', is: 'fired' }])
})

test('neither payload nor secret is logged', async () => {
  const { lines, log } = recordingLog()
  const cluster = await clusterWith(TEMPLATE, PUSHED, LISTENER)
  await createDispatcher({ cluster, admission: () => ({}), log })(record('ci/app', { body: '{"text":"payload-text"}' }))
  expect(lines).toMatchObject([
    { message: 'delivery dispatched', fired: 1, filtered: 0, failed: 0 },
    { message: 'trigger fired', trigger: 'push' },
  ])
  expect(JSON.stringify(lines)).not.toContain('payload-text')
})

test('a verdict quotes no value of a Secret that the listener uses, and no credential of the request', async () => {
  const cluster = await clusterWith(
    `{ apiVersion: v1, kind: Secret, metadata: { name: hook, namespace: ci }, stringData: { token: Hunter2_of_ci } }`,
    listener(`
triggers:
- name: quoting
  interceptors:
  - { ref: { name: gitlab }, params: [{ name: secretRef, value: { secretName: hook, secretKey: token } }] }
  bindings: [{ name: a, value: $(header.X-Gitlab-Token) }, { name: b, value: $(header.Authorization) }]
  template:
    spec:
      params: [{ name: a }, { name: b }]
      resourcetemplates: [{ apiVersion: v1, kind: ConfigMap, metadata: { name: $(tt.params.a) _ $(tt.params.b) } }]`),
  )
  const headers = { 'X-Gitlab-Token': 'Hunter2_of_ci', Authorization: 'Bearer Sesame_of_me' }
  const { lines, log } = recordingLog()
  const dispatcher = createDispatcher({ cluster, admission: () => ({}), log })
  const verdicts = await dispatcher(record('ci/app', { ...BODY, headers }))
  expect(verdicts).toMatchObject([{ trigger: 'quoting', is: 'failed', message: expect.stringContaining('*** _ ***') }])
  expect(JSON.stringify([verdicts, lines])).not.toMatch(/Hunter2|Sesame/)
})

test.each([
  [200, 'expression body.text == "x" did not return true: body.text is "hello"'],
  [201, 'expression body.text == "x" did not return true'],
])('of %d triggers each filter says so much of why', async (count, message) => {
  const filter = `[{ ref: { name: cel }, params: [{ name: filter, value: 'body.text == "x"' }] }]`
  const triggers = Array.from({ length: count }, (_, index) => {
    return `  - { name: t${index}, interceptors: ${filter}, template: { ref: run } }`
  })
  const cluster = await clusterWith(TEMPLATE, listener(`triggers:\n${triggers.join('\n')}`))
  const verdicts = await dispatcherFor(cluster)(record('ci/app', BODY))
  expect(new Set(verdicts.map(verdict => verdict.message))).toEqual(new Set([message]))
  expect(verdicts.map(({ trigger }) => trigger)).toEqual(triggers.map((_, index) => `t${index}`))
})
