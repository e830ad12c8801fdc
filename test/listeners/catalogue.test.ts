import fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type FollowingCatalogue, followingCatalogue, readingCatalogue } from '../../listeners/catalogue.js'
import { createDispatcher } from '../../listeners/dispatch.js'
import { startListeners } from '../../listeners/listeners.js'
import type { ListenerPlan } from '../../listeners/observe.js'
import type { Cluster } from '../../src/cluster/cluster.js'
import { SILENT } from '../../src/lib/log.js'
import type { Kind, Kinds } from '../../src/resources/kinds.js'
import { serveApi } from '../api/world.js'
import { send } from './http.js'
import { applyTo, clusterWith, inboxFor, objectsIn, record } from './world.js'

const KEY = { namespace: 'ci', name: 'app' }
const BODY = { body: '{"text":"hello"}' }

/** Makes a ConfigMap of a fixed name, so that a test sees which trigger fired. */
function note(name: string): string {
  return `{ spec: { resourcetemplates: [{ apiVersion: v1, kind: ConfigMap, metadata: { name: ${name} } }] } }`
}

const LISTENER = `
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: app, namespace: ci }
spec:
  labelSelector: { matchLabels: { on: push } }
  triggers:
    - { name: inline, template: ${note('inline')} }
    - { triggerRef: referred }
`
const OTHER_LISTENER = LISTENER.replace('name: app', 'name: other').replace('on: push', 'on: other')
const REFERRED = `
apiVersion: triggers.tekton.dev/v1beta1
kind: Trigger
metadata: { name: referred, namespace: ci }
spec:
  bindings: [{ ref: text }, { ref: everywhere, kind: ClusterTriggerBinding }]
  template: { ref: note }
`
const SELECTED = `
apiVersion: triggers.tekton.dev/v1beta1
kind: Trigger
metadata: { name: selected, namespace: ci, labels: { on: push } }
spec: { template: ${note('selected')} }
`
const PARTS = `
apiVersion: triggers.tekton.dev/v1beta1
kind: TriggerBinding
metadata: { name: text, namespace: ci }
spec: { params: [{ name: text, value: $(body.text) }] }
---
apiVersion: triggers.tekton.dev/v1beta1
kind: ClusterTriggerBinding
metadata: { name: everywhere }
spec: { params: [{ name: place, value: everywhere }] }
---
apiVersion: triggers.tekton.dev/v1beta1
kind: TriggerTemplate
metadata: { name: note, namespace: ci }
spec:
  params: [{ name: text }]
  resourcetemplates: [{ apiVersion: v1, kind: ConfigMap, metadata: { name: referred }, data: { text: $(tt.params.text) } }]
`

/** The names of what each trigger of a plan is called, in order. */
function triggersIn(plan: ListenerPlan | undefined): readonly string[] | undefined {
  return plan?.listed.map(one => (one.is === 'trigger' ? one.trigger.name : `no ${one.name}`))
}

function catalogueOf(cluster: Cluster): FollowingCatalogue {
  const catalogue = followingCatalogue(cluster)
  onTestFinished(() => catalogue.close())
  return catalogue
}

/** A plan of copies that says what the cluster says; the same one when asked again. */
async function settledPlan(catalogue: FollowingCatalogue, cluster: Cluster): Promise<ListenerPlan> {
  return vi.waitFor(async () => {
    const plan = await catalogue.find(KEY)
    expect(plan?.isCopy).toBe(true)
    expect({ ...plan, isCopy: false }).toEqual(await readingCatalogue(cluster).find(KEY))
    expect(await catalogue.find(KEY)).toBe(plan)
    return plan!
  })
}

/** Writes an object with another text in its annotations, so that nothing but its version changes. */
async function touch<K extends Kind>(cluster: Cluster, kind: K, namespace: string, name: string): Promise<void> {
  const object = (await cluster.get(kind, { namespace, name })) as Kinds[Kind]
  const metadata = { ...object.metadata, annotations: { touched: 'yes' } }
  await cluster.replace(kind, { ...object, metadata } as unknown as Kinds[K])
}

test('a plan is made once, without another read of the cluster, until something it is made of changes', async () => {
  const cluster = await clusterWith(PARTS, REFERRED, SELECTED, LISTENER, OTHER_LISTENER)
  let reads = 0
  const counting: Cluster = {
    ...cluster,
    get: (kind, key) => {
      reads += 1
      return cluster.get(kind, key)
    },
    list: (kind, selector) => {
      reads += 1
      return cluster.list(kind, selector)
    },
  }
  const catalogue = catalogueOf(counting)
  let plan = await settledPlan(catalogue, cluster)
  expect(triggersIn(plan)).toEqual(['inline', 'referred', 'selected'])
  reads = 0
  for (const [kind, namespace, name] of [
    ['EventListener', 'ci', 'app'],
    ['Trigger', 'ci', 'referred'],
    ['Trigger', 'ci', 'selected'],
    ['TriggerBinding', 'ci', 'text'],
    ['ClusterTriggerBinding', '', 'everywhere'],
    ['TriggerTemplate', 'ci', 'note'],
  ] as const) {
    await touch(cluster, kind, namespace, name)
    const before = plan
    plan = await settledPlan(catalogue, cluster)
    expect(plan, `${kind} ${name}`).not.toBe(before)
  }
  await touch(cluster, 'EventListener', 'ci', 'other')
  await applyTo(
    cluster,
    SELECTED.replace('namespace: ci', 'namespace: other'),
    PARTS.replaceAll(' ci', ' other').replace('everywhere }', 'elsewhere }'),
  )
  // Whatever the catalogue was told of these has reached it when it knows of what was written after them.
  await applyTo(cluster, LISTENER.replace('name: app', 'name: last'))
  await vi.waitFor(async () => expect((await catalogue.listeners()).map(one => one.metadata.name)).toContain('last'))
  expect(await catalogue.find(KEY)).toBe(plan)
  expect(reads).toBe(0)
})

test('whatever is written, in whatever order, the plan becomes what a reading of the cluster makes', async () => {
  const [binding = '', clusterBinding = '', TEMPLATE = ''] = PARTS.split('---\n')
  const cluster = await clusterWith(binding, clusterBinding)
  const catalogue = catalogueOf(cluster)
  const manifests = { TEMPLATE, REFERRED, SELECTED, LISTENER } as const
  const objects = {
    TEMPLATE: ['TriggerTemplate', 'note'],
    REFERRED: ['Trigger', 'referred'],
    SELECTED: ['Trigger', 'selected'],
    LISTENER: ['EventListener', 'app'],
  } as const
  const step = fc.record({
    what: fc.constantFrom('TEMPLATE', 'REFERRED', 'SELECTED', 'LISTENER'),
    remove: fc.boolean(),
    asks: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async steps => {
      for (const { what, remove, asks } of steps) {
        const [kind, name] = objects[what]
        if (remove) await cluster.delete(kind, { namespace: 'ci', name })
        else await applyTo(cluster, manifests[what]).catch(() => touch(cluster, kind, 'ci', name))
        if (asks) void catalogue.find(KEY)
      }
      await vi.waitFor(async () => {
        const plan = await catalogue.find(KEY)
        expect(plan && { ...plan, isCopy: false }).toEqual(await readingCatalogue(cluster).find(KEY))
      })
    }),
    { numRuns: 60 },
  )
})

/** A cluster whose watches tell what there is when they begin, and are late with everything after that. */
function lateWatches(cluster: Cluster): Cluster {
  return {
    ...cluster,
    async *watch(kind, selector, signal) {
      for await (const change of cluster.watch(kind, selector, signal)) {
        if (change.type === 'listed') yield change
      }
    },
  }
}

async function lateWorld(...manifests: readonly string[]) {
  const cluster = await clusterWith(...manifests)
  const late = lateWatches(cluster)
  const catalogue = catalogueOf(late)
  await settledPlan(catalogue, cluster)
  const dispatcher = createDispatcher({ cluster: late, catalogue, admission: () => ({}), log: SILENT })
  const made = async () => (await objectsIn(cluster, 'ConfigMap')).map(({ metadata }) => metadata.name)
  return { cluster, catalogue, dispatch: () => dispatcher(record('ci/app', BODY)), made }
}

async function changeListener(cluster: Cluster, spec: Partial<Kinds['EventListener']['spec']>): Promise<void> {
  const listener = await cluster.get('EventListener', KEY)
  await cluster.replace('EventListener', { ...listener!, spec: { ...listener!.spec, ...spec } })
}

test('a Trigger that was deleted makes nothing, though no watch has told of it', async () => {
  const { cluster, dispatch, made } = await lateWorld(PARTS, REFERRED, SELECTED, LISTENER)
  await cluster.delete('Trigger', { namespace: 'ci', name: 'selected' })
  expect((await dispatch()).map(({ trigger, is }) => `${trigger} ${is}`)).toEqual(['inline fired', 'referred fired'])
  expect(await made()).toEqual(['inline', 'referred'])
})

test('a trigger that was taken out of its listener makes nothing, though no watch has told of it', async () => {
  const { cluster, dispatch, made } = await lateWorld(PARTS, REFERRED, SELECTED, LISTENER)
  await changeListener(cluster, { triggers: [] })
  expect((await dispatch()).map(({ trigger, is }) => `${trigger} ${is}`)).toEqual(['selected fired'])
  expect(await made()).toEqual(['selected'])
})

test('a Trigger that lost its label, or got a filter, makes nothing, though no watch has told of it', async () => {
  const { cluster, dispatch, made } = await lateWorld(PARTS, REFERRED, SELECTED, LISTENER)
  const trigger = (name: string) => cluster.get('Trigger', { namespace: 'ci', name })
  const [selected, referred] = [await trigger('selected'), await trigger('referred')]
  await cluster.replace('Trigger', { ...selected!, metadata: { ...selected!.metadata, labels: {} } })
  const never = [{ ref: { name: 'cel' }, params: [{ name: 'filter', value: 'false' }] }]
  await cluster.replace('Trigger', { ...referred!, spec: { ...referred!.spec, interceptors: never } })
  expect((await dispatch()).map(({ trigger: name, is }) => `${name} ${is}`)).toEqual([
    'inline fired',
    'referred filtered',
  ])
  expect(await made()).toEqual(['inline'])
})

test('a listener that was deleted makes nothing, though no watch has told of it', async () => {
  const { cluster, dispatch, made } = await lateWorld(LISTENER)
  await cluster.delete('EventListener', KEY)
  expect(await dispatch()).toMatchObject([{ trigger: '', is: 'failed' }])
  expect(await made()).toEqual([])
})

test('a listener that no watch has told of is read', async () => {
  const { cluster, catalogue } = await lateWorld(PARTS, REFERRED, SELECTED, LISTENER)
  await applyTo(cluster, OTHER_LISTENER)
  const plan = await catalogue.find({ namespace: 'ci', name: 'other' })
  expect(plan).toMatchObject({ isCopy: false })
  expect(triggersIn(plan)).toEqual(['inline', 'referred'])
  expect(await catalogue.find({ namespace: 'ci', name: 'gone' })).toBeUndefined()
})

test('when its watches end, a catalogue asks the cluster', async () => {
  const cluster = await clusterWith(LISTENER)
  const catalogue = followingCatalogue(cluster)
  await settledPlan(catalogue, cluster)
  await catalogue.close()
  await applyTo(cluster, SELECTED)
  const plan = await catalogue.find(KEY)
  expect(plan).toMatchObject({ isCopy: false })
  expect(triggersIn(plan)).toEqual(['inline', 'no referred', 'selected'])
  expect(await catalogue.listeners()).toHaveLength(1)
})

test('what a client of the API was told is written is in force for the event it posts next', async () => {
  const { cluster, call } = await serveApi()
  await call('POST', '/api/v1/namespaces', { body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ci' } } })
  let ids = 0
  const newEventId = () => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`
  const deps = { cluster, inbox: inboxFor(), admission: () => ({}), log: SILENT, now: Date.now, newEventId }
  const listeners = await startListeners(deps, { port: 0, host: '127.0.0.1' })
  onTestFinished(() => listeners.close())
  const path = '/apis/triggers.tekton.dev/v1beta1/namespaces/ci'
  const apply = async (method: string, below: string, body?: object) => {
    const answer = await call(method, `${path}/${below}`, body && { body })
    expect(answer.status, answer.text).toBeLessThan(300)
    return answer.body
  }
  const triggers = 'triggers.tekton.dev/v1beta1'
  const makes = (name: string) => ({
    spec: { resourcetemplates: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } }] },
  })
  const spec = { labelSelector: { matchLabels: { on: 'push' } } }
  await apply('POST', 'eventlisteners', {
    apiVersion: triggers,
    kind: 'EventListener',
    metadata: { name: 'app' },
    spec,
  })
  let posts = 0
  /** Posts an event; what its triggers made of it. */
  const post = async () => {
    posts += 1
    const headers = { 'x-github-delivery': `${posts}` }
    expect(await send(listeners.port, '/hooks/ci/app', { headers, body: '{}' })).toMatchObject({ status: 202 })
    return vi.waitFor(
      async () => {
        const state = (await deps.inbox.get(`ci/app/x-github-delivery/${posts}`))?.state
        if (state?.is !== 'done') throw new Error(`delivery ${posts} is ${state?.is}`)
        return state.verdicts.flatMap(({ created }) => created)
      },
      { timeout: 10_000, interval: 1 },
    )
  }
  for (let round = 0; round < 20; round += 1) {
    const metadata = { name: 'note', labels: { on: 'push' } }
    const trigger = { apiVersion: triggers, kind: 'Trigger', metadata, spec: { template: makes(`first-${round}`) } }
    const created = await apply('POST', 'triggers', trigger)
    expect(await post()).toEqual([`ConfigMap/ci/first-${round}`])
    await apply('PUT', 'triggers/note', { ...created, spec: { template: makes(`second-${round}`) } })
    expect(await post()).toEqual([`ConfigMap/ci/second-${round}`])
    await apply('DELETE', 'triggers/note')
    expect(await post()).toEqual([])
  }
})
