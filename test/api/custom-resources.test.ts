/** CustomResourceDefinitions and their objects over the wire. */
import { expect, test } from 'vitest'
import { widget, widgets } from '../helpers/custom-resources.js'
import { openWatch } from './watch-client.js'
import { serveApi } from './world.js'

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const WIDGETS = '/apis/example.com/v1/namespaces/default/widgets'

test('what comes right behind a definition finds its kind there', async () => {
  const { call } = await serveApi()
  const made = await call('POST', DEFINITIONS, { body: widgets({}) })
  expect(made).toMatchObject({
    status: 201,
    body: {
      status: {
        acceptedNames: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
        conditions: [
          { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts' },
          { type: 'Established', status: 'True', reason: 'InitialNamesAccepted' },
        ],
        storedVersions: ['v1'],
      },
    },
  })
  expect(await call('GET', WIDGETS)).toMatchObject({ status: 200, body: { kind: 'WidgetList', items: [] } })
})

test('a definition that is wrong is refused as the API server refuses it', async () => {
  const { call } = await serveApi()
  const refused = await call('POST', DEFINITIONS, { body: widgets({ spec: { scope: '', group: 'a.b' } }) })
  expect(refused).toMatchObject({
    status: 422,
    body: {
      reason: 'Invalid',
      message:
        'CustomResourceDefinition.apiextensions.k8s.io "widgets.example.com" is invalid: [metadata.name: Invalid value: "widgets.example.com": must be spec.names.plural+"."+spec.group, spec.scope: Required value]',
      details: {
        causes: [
          { reason: 'FieldValueInvalid', field: 'metadata.name' },
          { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.scope' },
        ],
      },
    },
  })
})

test('of two definitions that want a name the first has it, until it goes', async () => {
  const { call, cluster } = await serveApi()
  await call('POST', DEFINITIONS, { body: widgets({}) })
  const second = { ...widgets({ names: { plural: 'wadgets' } }), metadata: { name: 'wadgets.example.com' } }
  expect(await call('POST', DEFINITIONS, { body: second })).toMatchObject({
    status: 201,
    body: {
      status: {
        acceptedNames: { plural: 'wadgets', kind: '' },
        conditions: [
          { type: 'NamesAccepted', status: 'False', reason: 'ListKindConflict' },
          { type: 'Established', status: 'False', reason: 'NotAccepted' },
        ],
      },
    },
  })
  expect(await call('GET', '/apis/example.com/v1/wadgets')).toMatchObject({ status: 404 })
  await call('DELETE', `${DEFINITIONS}/widgets.example.com`)
  await cluster.collected()
  expect(await call('GET', '/apis/example.com/v1/wadgets')).toMatchObject({ status: 200, body: { items: [] } })
})

test("Tekton's own definitions are taken, and change nothing", async () => {
  const { call } = await serveApi()
  const spec = { group: 'tekton.dev', names: { plural: 'tasks', kind: 'Task', categories: ['tekton'] } }
  const made = await call('POST', DEFINITIONS, {
    body: { ...widgets({ spec }), metadata: { name: 'tasks.tekton.dev' } },
  })
  expect(made).toMatchObject({
    status: 201,
    body: { status: { conditions: [{ status: 'True' }, { status: 'True' }] } },
  })
  expect(made.warnings).toEqual([expect.stringContaining('Tektite has Task of tekton.dev built in')])
  const task = { apiVersion: 'tekton.dev/v1', kind: 'Task', metadata: { name: 'a' }, spec: { steps: [{ image: 'i' }] } }
  expect(await call('POST', '/apis/tekton.dev/v1/namespaces/default/tasks', { body: task })).toMatchObject({
    status: 201,
  })
  await call('DELETE', `${DEFINITIONS}/tasks.tekton.dev`)
  expect(await call('GET', '/apis/tekton.dev/v1/namespaces/default/tasks/a')).toMatchObject({ status: 200 })
})

test('definitions of v1beta1 are not known', async () => {
  const { call } = await serveApi()
  const body = { ...widgets({}), apiVersion: 'apiextensions.k8s.io/v1beta1' }
  expect(await call('POST', DEFINITIONS, { body })).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining('does not match the expected API version (apiextensions.k8s.io/v1)') },
  })
})

async function serveWidgets(changes: Parameters<typeof widgets>[0] = {}) {
  const world = await serveApi()
  await world.call('POST', DEFINITIONS, { body: widgets(changes) })
  return world
}

test('objects are filled in, checked and kept', async () => {
  const { call } = await serveWidgets()
  const made = await call('POST', WIDGETS, { body: { ...widget('a', { size: 3, colour: 1 }), status: { phase: 'x' } } })
  expect(made).toMatchObject({ status: 201, body: { spec: { size: 3, color: 'red' }, metadata: { generation: 1 } } })
  expect(made.body).not.toHaveProperty('status')
  expect(made.warnings).toEqual(['299 - "unknown field \\"spec.colour\\""'])
  expect(await call('GET', `${WIDGETS}/a`)).toMatchObject({ body: { apiVersion: 'example.com/v1', spec: { size: 3 } } })
  const refused = await call('POST', WIDGETS, { body: widget('b', { size: 'large', color: 'blue' }) })
  expect(refused).toMatchObject({
    status: 422,
    body: {
      message:
        'Widget.example.com "b" is invalid: [spec.size: Invalid value: "string": spec.size in body must be of type integer: "string", spec.color: Unsupported value: "blue": supported values: "red", "green"]',
      details: {
        name: 'b',
        group: 'example.com',
        kind: 'Widget',
        causes: [
          { reason: 'FieldValueTypeInvalid', field: 'spec.size' },
          { reason: 'FieldValueNotSupported', field: 'spec.color' },
        ],
      },
    },
  })
})

test('fields that nobody knows are refused, warned of or dropped, as the client asks', async () => {
  const { call } = await serveWidgets()
  const body = widget('a', { size: 1, colour: 'x' })
  expect(await call('POST', `${WIDGETS}?fieldValidation=Strict`, { body })).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining('strict decoding error: unknown field "spec.colour"') },
  })
  expect(await call('POST', `${WIDGETS}?fieldValidation=Ignore`, { body })).toMatchObject({ status: 201, warnings: [] })
})

test('spec and status are written apart, and only a spec makes a new generation', async () => {
  const { call } = await serveWidgets()
  const { body } = await call('POST', WIDGETS, { body: widget('a') })
  const told = await call('PUT', `${WIDGETS}/a/status`, {
    body: { ...body, spec: { size: 9 }, status: { phase: 'Up', x: 1 } },
  })
  expect(told).toMatchObject({
    status: 200,
    body: { spec: { size: 3 }, status: { phase: 'Up' }, metadata: { generation: 1 } },
  })
  const changed = await call('PUT', `${WIDGETS}/a`, {
    body: { ...told.body, spec: { size: 4 }, status: { phase: 'No' } },
  })
  expect(changed).toMatchObject({ body: { spec: { size: 4 }, status: { phase: 'Up' }, metadata: { generation: 2 } } })
  expect(await call('PUT', `${WIDGETS}/a/status`, { body: { ...changed.body, status: { phase: 1 } } })).toMatchObject({
    status: 422,
    body: { message: expect.stringContaining('status.phase in body must be of type string') },
  })
})

test('an update may leave what would be refused today, and not make it', async () => {
  const { call } = await serveWidgets()
  const { body } = await call('POST', WIDGETS, { body: widget('a', { size: 9 }) })
  const stricter = widgets({
    schema: {
      type: 'object',
      properties: {
        spec: { type: 'object', properties: { size: { type: 'integer', maximum: 5 }, color: { type: 'string' } } },
      },
    },
  })
  const stored = await call('GET', `${DEFINITIONS}/widgets.example.com`)
  const replaced = { ...stricter, metadata: stored.body?.['metadata'] }
  expect(await call('PUT', `${DEFINITIONS}/widgets.example.com`, { body: replaced })).toMatchObject({ status: 200 })
  const recoloured = await call('PUT', `${WIDGETS}/a`, { body: { ...body, spec: { size: 9, color: 'blue' } } })
  expect(recoloured).toMatchObject({ status: 200, body: { spec: { color: 'blue' } } })
  const resized = await call('PUT', `${WIDGETS}/a`, { body: { ...recoloured.body, spec: { size: 8 } } })
  expect(resized).toMatchObject({ status: 422 })
})

test('objects go before their definition, and nothing comes in meanwhile', async () => {
  const { call, cluster } = await serveWidgets()
  const { body } = await call('POST', WIDGETS, {
    body: { ...widget('a'), metadata: { name: 'a', finalizers: ['example.com/hold'] } },
  })
  await call('POST', WIDGETS, { body: widget('b') })
  await call('DELETE', `${DEFINITIONS}/widgets.example.com`)
  await cluster.collected()
  expect(await call('GET', `${WIDGETS}/b`)).toMatchObject({ status: 404 })
  const waiting = await call('GET', `${DEFINITIONS}/widgets.example.com`)
  expect(waiting.body).toMatchObject({
    metadata: { finalizers: ['customresourcecleanup.apiextensions.k8s.io'] },
    status: { conditions: [{}, {}, { type: 'Terminating', status: 'True', reason: 'InstanceDeletionInProgress' }] },
  })
  expect(await call('POST', WIDGETS, { body: widget('c') })).toMatchObject({
    status: 405,
    body: { message: 'create not allowed while custom resource definition is terminating' },
  })
  const held = await call('GET', `${WIDGETS}/a`)
  const released = { ...body, metadata: { ...(held.body?.['metadata'] as object), finalizers: [] } }
  expect(await call('PUT', `${WIDGETS}/a`, { body: released })).toMatchObject({ status: 200 })
  await cluster.collected()
  expect(await call('GET', `${DEFINITIONS}/widgets.example.com`)).toMatchObject({ status: 404 })
  expect(await call('GET', WIDGETS)).toMatchObject({ status: 404 })
})

test('of several versions one is stored, and all are served', async () => {
  const version = (name: string, storage: boolean) => ({
    name,
    served: true,
    storage,
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: { spec: { type: 'object', properties: { [name]: { type: 'string' }, both: { type: 'string' } } } },
      },
    },
  })
  const { call, cluster } = await serveWidgets({ spec: { versions: [version('v1', true), version('v2', false)] } })
  const body = { ...widget('a', { v2: 'x', both: 'y' }), apiVersion: 'example.com/v2' }
  const made = await call('POST', '/apis/example.com/v2/namespaces/default/widgets', { body })
  expect(made).toMatchObject({ status: 201, body: { apiVersion: 'example.com/v2', spec: { v2: 'x', both: 'y' } } })
  const [stored] = await cluster.list('Widget.example.com')
  expect(stored).toMatchObject({ apiVersion: 'example.com/v1', spec: { v2: 'x', both: 'y' } })
  expect(await call('GET', `${WIDGETS}/a`)).toMatchObject({ body: { apiVersion: 'example.com/v1' } })
})

test('who watches a kind sees its objects go, and then the end', async () => {
  const { call, port } = await serveWidgets()
  await call('POST', WIDGETS, { body: widget('a') })
  const watching = await openWatch(port, `${WIDGETS}?watch=true`)
  await watching.seen('ADDED a')
  await call('DELETE', `${DEFINITIONS}/widgets.example.com`)
  expect(await watching.ended).toBe('whole')
  await watching.seen('ADDED a', 'DELETED a')
})

test('what the store refuses is told as a cause, which is all that kubectl shows', async () => {
  const { call } = await serveWidgets()
  const metadata = { name: 'a', annotations: { a: 'x'.repeat(300_000) } }
  expect(await call('POST', WIDGETS, { body: { ...widget('a'), metadata } })).toMatchObject({
    status: 422,
    body: {
      details: {
        name: 'a',
        kind: 'Widget',
        causes: [
          { reason: 'FieldValueTooLong', field: 'metadata.annotations', message: expect.stringMatching(/^Too long/) },
        ],
      },
    },
  })
})
