/** A template may hold any kind that Kubernetes itself serves; what no cluster of ours knows fails in Triggers' words. */
import { expect, test } from 'vitest'
import { createDispatcher } from '../../listeners/dispatch.js'
import { PLAIN_KINDS } from '../../src/resources/plain-kinds.js'
import { cases } from '../helpers/cases.js'
import { widgets } from '../helpers/custom-resources.js'
import { toYaml } from '../helpers/yaml.js'
import { applyTo, clusterWith, objectsIn, record, recordingLog } from './world.js'

function listenerOf(resources: readonly unknown[]): string {
  return JSON.stringify({
    apiVersion: 'triggers.tekton.dev/v1beta1',
    kind: 'EventListener',
    metadata: { name: 'app', namespace: 'ci' },
    spec: {
      triggers: [
        {
          name: 'push',
          bindings: [{ name: 'text', value: '$(body.text)' }],
          template: { spec: { params: [{ name: 'text' }], resourcetemplates: resources } },
        },
      ],
    },
  })
}

async function fired(...resources: readonly unknown[]) {
  const cluster = await clusterWith(listenerOf(resources))
  const { lines, log } = recordingLog()
  const dispatcher = createDispatcher({ cluster, admission: () => ({}), log })
  const [verdict] = await dispatcher(record('ci/app', { body: '{"text":"hello \\"you\\""}' }))
  return { cluster, verdict, lines }
}

test.each(Object.entries(PLAIN_KINDS))('a %s is created as the template says, with a note', async (kind, info) => {
  const apiVersion = info.group === '' ? info.version : `${info.group}/${info.version}`
  const resource = { apiVersion, kind, metadata: { generateName: 'made-' }, spec: { any: [1, '$(tt.params.text)'] } }
  const { cluster, verdict, lines } = await fired(resource)
  expect(verdict).toMatchObject({ is: 'fired', message: '' })
  expect(await objectsIn(cluster, kind as keyof typeof PLAIN_KINDS)).toMatchObject([
    {
      apiVersion,
      kind,
      metadata: {
        generateName: 'made-',
        namespace: info.namespaced ? 'ci' : '',
        labels: { 'triggers.tekton.dev/eventlistener': 'app', 'triggers.tekton.dev/trigger': 'push' },
      },
      spec: { any: [1, 'hello "you"'] },
    },
  ])
  expect(lines).toContainEqual(
    expect.objectContaining({
      message: `nothing here acts on kind ${kind}: the object is kept as it is`,
      delivery: 'ci/app/sha256/1',
      created: verdict?.created[0],
    }),
  )
})

const refused = cases<{ readonly apiVersion: string; readonly kind: string; readonly message: string }>({
  'a kind that its version does not have': {
    apiVersion: 'tekton.dev/v1',
    kind: 'Tsk',
    message:
      "resourcetemplates[1]: couldn't find API resource for json: error could not find resource with apiVersion tekton.dev/v1 and kind Tsk",
  },
  'an apiVersion that nobody serves': {
    apiVersion: 'acme.example/v1',
    kind: 'Widget',
    message:
      "couldn't find API resource for json: error getting kubernetes server resources for apiVersion acme.example/v1: the server could not find the requested resource → Tektite keeps the kinds of Tekton and of Kubernetes itself",
  },
  'a version that is not served': {
    apiVersion: 'tekton.dev/v1alpha1',
    kind: 'PipelineRun',
    message:
      'error could not find resource with apiVersion tekton.dev/v1alpha1 and kind PipelineRun → PipelineRun is served as tekton.dev/v1 and tekton.dev/v1beta1',
  },
  "Knative's Service is not Kubernetes'": {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    message:
      'apiVersion serving.knative.dev/v1: the server could not find the requested resource → Service is of apiVersion v1',
  },
  'Kubernetes has no Task': {
    apiVersion: 'v1',
    kind: 'Task',
    message: 'error could not find resource with apiVersion v1 and kind Task → Task is of apiVersion tekton.dev/v1',
  },
})

test.each(refused)('%s: nothing is created', async (_, { apiVersion, kind, message }) => {
  const good = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'a-' } }
  const { cluster, verdict } = await fired(good, { apiVersion, kind, metadata: { generateName: 'b-' } })
  expect(verdict).toMatchObject({ is: 'failed', created: [], message: expect.stringContaining(message) })
  expect(await objectsIn(cluster, 'ConfigMap')).toEqual([])
})

test("a user's own kind is created once its definition is there, filled in and checked by it", async () => {
  const widget = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { generateName: 'made-' } }
  const large = { ...widget, spec: { size: '$(tt.params.text)' } }
  const cluster = await clusterWith(toYaml(widgets({})), listenerOf([{ ...widget, spec: { size: 3 } }, large]))
  const admission = () => ({ kinds: cluster.kinds() })
  const { log } = recordingLog()
  const [refused] = await createDispatcher({ cluster, admission, log })(record('ci/app', { body: '{"text":"x"}' }))
  expect(refused).toMatchObject({
    is: 'failed',
    message: expect.stringContaining(
      'resourcetemplates[1]: spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
    ),
  })
  await applyTo(cluster, listenerOf([{ ...widget, spec: { size: 3 } }]).replace('"app"', '"other"'))
  const [verdict] = await createDispatcher({ cluster, admission, log })(record('ci/other', { body: '{"text":"x"}' }))
  expect(verdict).toMatchObject({ is: 'fired', created: [expect.stringContaining('Widget.example.com/ci/made-')] })
  expect(await cluster.list('Widget.example.com')).toMatchObject([{ kind: 'Widget', spec: { size: 3, color: 'red' } }])
})
