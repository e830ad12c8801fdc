/** Older versions come out in the stored one. Pairs of YAML: what goes in, what is stored. */
import { expect, test } from 'vitest'
import { admit } from '../../src/admission/admit.js'
import { parse11 } from '../resources/yaml-text.js'

function specOf(text: string): unknown {
  const answer = admit(parse11(text))
  if (answer.is === 'refused') throw new Error(JSON.stringify(answer.problems))
  return (answer.object as { readonly spec?: unknown }).spec
}

const STEP = '{image: i, resources: {limits: {cpu: 1}}}'
const NEW_STEP = '{image: i, computeResources: {limits: {cpu: "1"}}}'

test.each([
  [
    'Task: resources of steps, template and sidecars',
    `{apiVersion: tekton.dev/v1beta1, kind: Task, metadata: {name: a}, spec: {steps: [${STEP}], stepTemplate: {resources: {requests: {cpu: 100m}}}, sidecars: [{name: s, image: i, resources: {}}]}}`,
    `{steps: [${NEW_STEP}], stepTemplate: {computeResources: {requests: {cpu: 100m}}}, sidecars: [{name: s, image: i, computeResources: {}}]}`,
  ],
  [
    'TaskRun: overrides, inline Task, empty bundle',
    `{apiVersion: tekton.dev/v1beta1, kind: TaskRun, metadata: {name: a}, spec: {taskSpec: {steps: [${STEP}]}, stepOverrides: [{name: a, resources: {}}], sidecarOverrides: [{name: b, resources: {}}]}}`,
    `{taskSpec: {steps: [${NEW_STEP}]}, stepSpecs: [{name: a, computeResources: {}}], sidecarSpecs: [{name: b, computeResources: {}}], timeout: 1h0m0s, serviceAccountName: default}`,
  ],
  [
    'Pipeline: inline Tasks, nested pipelines',
    `{apiVersion: tekton.dev/v1beta1, kind: Pipeline, metadata: {name: a}, spec: {tasks: [{name: t, taskSpec: {steps: [${STEP}]}}], finally: [{name: f, pipelineSpec: {tasks: [{name: g, taskSpec: {steps: [${STEP}]}}]}}]}}`,
    `{tasks: [{name: t, taskSpec: {steps: [${NEW_STEP}]}}], finally: [{name: f, pipelineSpec: {tasks: [{name: g, taskSpec: {steps: [${NEW_STEP}]}}]}}]}`,
  ],
  [
    'PipelineRun: timeout, service account, pod template, taskRunSpecs',
    `{apiVersion: tekton.dev/v1beta1, kind: PipelineRun, metadata: {name: a}, spec: {pipelineRef: {name: p}, timeout: 90m, serviceAccountName: sa, podTemplate: {nodeSelector: {a: b}}, taskRunSpecs: [{pipelineTaskName: t, taskServiceAccountName: other, taskPodTemplate: {hostNetwork: true}, stepOverrides: [{name: s, resources: {}}]}]}}`,
    `{pipelineRef: {name: p}, timeouts: {pipeline: 1h30m0s}, taskRunTemplate: {serviceAccountName: sa, podTemplate: {nodeSelector: {a: b}}}, taskRunSpecs: [{pipelineTaskName: t, serviceAccountName: other, podTemplate: {hostNetwork: true}, stepSpecs: [{name: s, computeResources: {}}]}]}`,
  ],
  [
    'EventListener: inline interceptors',
    '{apiVersion: triggers.tekton.dev/v1alpha1, kind: EventListener, metadata: {name: a}, spec: {triggers: [{interceptors: [{github: {eventTypes: [push]}}, {cel: {filter: "true"}}], bindings: [{ref: b}], template: {ref: t}}]}}',
    '{serviceAccountName: default, triggers: [{interceptors: [{ref: {name: github, kind: ClusterInterceptor}, params: [{name: eventTypes, value: [push]}]}, {ref: {name: cel, kind: ClusterInterceptor}, params: [{name: filter, value: "true"}]}], bindings: [{ref: b, kind: TriggerBinding}], template: {ref: t}}]}',
  ],
  [
    'Trigger: inline interceptors, one beside a reference',
    '{apiVersion: triggers.tekton.dev/v1alpha1, kind: Trigger, metadata: {name: a}, spec: {interceptors: [{gitlab: {secretRef: {secretName: s, secretKey: k}}}, {bitbucket: {}, ref: {name: cel}}, {webhook: {objectRef: {kind: Service, apiVersion: v1, name: a}}}], template: {ref: t}}}',
    '{interceptors: [{ref: {name: gitlab, kind: ClusterInterceptor}, params: [{name: secretRef, value: {secretName: s, secretKey: k}}]}, {ref: {name: cel, kind: ClusterInterceptor}}, {webhook: {objectRef: {kind: Service, apiVersion: v1, name: a}}}], template: {ref: t}}',
  ],
  [
    'TriggerTemplate: resourceTemplates',
    '{apiVersion: triggers.tekton.dev/v1alpha1, kind: TriggerTemplate, metadata: {name: a}, spec: {resourceTemplates: [{apiVersion: v1, kind: ConfigMap}]}}',
    '{resourcetemplates: [{apiVersion: v1, kind: ConfigMap}]}',
  ],
])('%s', (_, given, stored) => {
  expect(specOf(given)).toEqual(parse11(stored))
})

test('what v1 steps no longer have is kept in the annotation Tekton uses', () => {
  const answer = admit(
    parse11(
      '{apiVersion: tekton.dev/v1beta1, kind: Task, metadata: {name: a}, spec: {steps: [{image: i, tty: true}]}}',
    ),
  )
  expect(answer).toMatchObject({
    object: {
      apiVersion: 'tekton.dev/v1',
      metadata: { annotations: { 'tekton.dev/v1beta1.task-deprecations': '{"a":{"deprecatedSteps":[{"tty":true}]}}' } },
      spec: { steps: [{ image: 'i' }] },
    },
  })
})

test.each(['ClusterInterceptor', 'Interceptor'])(
  'a %s is marked as served by http unless its author says else',
  kind => {
    const spec = '{clientConfig: {service: {name: a, namespace: b, path: c, port: 8443}, caBundle: eA==}}'
    const admitted = (labels: string) => {
      const metadata = `{name: mine, namespace: ci, labels: ${labels}}`
      const answer = admit(
        parse11(`{apiVersion: triggers.tekton.dev/v1alpha1, kind: ${kind}, metadata: ${metadata}, spec: ${spec}}`),
      )
      if (answer.is === 'refused') throw new Error(JSON.stringify(answer.problems))
      expect(answer.object).toMatchObject({ spec: parse11(spec) })
      return answer.object.metadata.labels
    }
    expect(admitted('{team: a}')).toEqual({ 'server/type': 'http', team: 'a' })
    expect(admitted('{server/type: https}')).toEqual({ 'server/type': 'https' })
  },
)
