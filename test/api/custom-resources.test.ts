/** CustomResourceDefinitions and their objects over the wire. */
import { expect, test } from 'vitest'
import { widgets } from '../helpers/custom-resources.js'
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
    body: { message: expect.stringContaining('no matches for kind "CustomResourceDefinition" in version') },
  })
})
