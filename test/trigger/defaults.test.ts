/** What is stored of Triggers' kinds besides what their author wrote, as Tekton's mutating webhook does it. */
import { expect, test } from 'vitest'
import { admit } from '../../src/admission/admit.js'
import { yaml } from '../helpers/yaml.js'

function stored(manifest: string): unknown {
  const admission = admit(yaml<unknown>(manifest))
  if (admission.is === 'refused') throw new Error(JSON.stringify(admission.problems))
  return admission.object
}

test('an EventListener', () => {
  const spec = `
    triggers:
      - bindings: [{ ref: a }, { ref: b, kind: ClusterTriggerBinding }, { name: c, value: d }]
        interceptors: [{ ref: { name: cel } }, { ref: { name: own, kind: NamespacedInterceptor } }]
        template: { ref: t }
    triggerGroups: [{ interceptors: [{ ref: { name: cel } }], triggerSelector: { namespaceSelector: { matchNames: [a] } } }]
    resources: { kubernetesResource: { replicas: 0 } }
`
  const manifest = `apiVersion: triggers.tekton.dev/v1beta1\nkind: EventListener\nmetadata: { name: a }\nspec:${spec}`
  expect(stored(manifest)).toMatchObject({
    spec: {
      serviceAccountName: 'default',
      triggers: [
        {
          bindings: [
            { ref: 'a', kind: 'TriggerBinding' },
            { ref: 'b', kind: 'ClusterTriggerBinding' },
            { name: 'c', value: 'd', kind: 'TriggerBinding' },
          ],
          interceptors: [
            { ref: { name: 'cel', kind: 'ClusterInterceptor' } },
            { ref: { name: 'own', kind: 'NamespacedInterceptor' } },
          ],
        },
      ],
      triggerGroups: [{ interceptors: [{ ref: { name: 'cel', kind: 'ClusterInterceptor' } }] }],
      resources: { kubernetesResource: { replicas: 1 } },
    },
  })
})

test('a Trigger', () => {
  const spec = '{ bindings: [{ ref: a }], interceptors: [{ ref: { name: cel } }], template: { ref: t } }'
  expect(
    stored(`{ apiVersion: triggers.tekton.dev/v1alpha1, kind: Trigger, metadata: { name: a }, spec: ${spec} }`),
  ).toMatchObject({
    apiVersion: 'triggers.tekton.dev/v1beta1',
    spec: {
      bindings: [{ ref: 'a', kind: 'TriggerBinding' }],
      interceptors: [{ ref: { name: 'cel', kind: 'ClusterInterceptor' } }],
    },
  })
})

test.each(['ClusterInterceptor', 'Interceptor'])('a %s', kind => {
  const manifest = (labels: string) =>
    `{ apiVersion: triggers.tekton.dev/v1alpha1, kind: ${kind}, metadata: { name: a, labels: ${labels} }, spec: { clientConfig: { url: "http://a.example" } } }`
  expect(stored(manifest('{ team: b }'))).toMatchObject({ metadata: { labels: { team: 'b', 'server/type': 'http' } } })
  expect(stored(manifest('{ server/type: https }'))).toMatchObject({ metadata: { labels: { 'server/type': 'https' } } })
})
