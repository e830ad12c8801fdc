import { expect, test } from 'vitest'
import { admit } from '../../src/admission/admit.js'
import { inVersion } from '../../src/resources/in-version.js'
import type { Resource } from '../../src/resources/meta.js'
import { runToV1beta1, toV1beta1 } from '../../src/resources/to-v1beta1.js'
import { cases } from '../helpers/cases.js'
import { yaml } from '../helpers/yaml.js'

interface Case {
  /** In v1beta1: what goes in must come out. */
  readonly given: string
}

test.each(
  cases<Case>({
    'a TaskRun with overrides': {
      given: `
        apiVersion: tekton.dev/v1beta1
        kind: TaskRun
        metadata: { name: t }
        spec:
          timeout: 1m0s
          serviceAccountName: builder
          stepOverrides: [{ name: s, resources: { requests: { cpu: "1" } } }]
          sidecarOverrides: [{ name: db, resources: { limits: { memory: 1Gi } } }]
          taskSpec:
            stepTemplate: { image: alpine, resources: { requests: { cpu: 100m } } }
            sidecars: [{ name: db, image: postgres, resources: { requests: { cpu: "2" } } }]
            steps: [{ name: s, script: "true", resources: { limits: { cpu: "3" } } }]`,
    },
    'a Task with fields that v1 has no more': {
      given: `
        apiVersion: tekton.dev/v1beta1
        kind: Task
        metadata: { name: t }
        spec:
          stepTemplate: { image: alpine, tty: true }
          steps:
            - { name: s, script: "true", resources: { limits: { cpu: "3" } } }
            - { name: t, script: "true", stdin: true }`,
    },
    'a Pipeline': {
      given: `
        apiVersion: tekton.dev/v1beta1
        kind: Pipeline
        metadata: { name: p }
        spec:
          tasks: [{ name: a, taskSpec: { steps: [{ name: s, image: i, resources: { limits: { cpu: "3" } } }] } }]
          finally: [{ name: b, taskSpec: { steps: [{ name: s, image: i, resources: { limits: { cpu: "3" } } }] } }]`,
    },
    'a PipelineRun with everything that has another name': {
      given: `
        apiVersion: tekton.dev/v1beta1
        kind: PipelineRun
        metadata: { name: p }
        spec:
          serviceAccountName: builder
          podTemplate: { nodeSelector: { disk: ssd } }
          timeouts: { pipeline: 1h0m0s }
          taskRunSpecs:
            - pipelineTaskName: a
              taskServiceAccountName: other
              taskPodTemplate: { schedulerName: mine }
              stepOverrides: [{ name: s, resources: { requests: { cpu: "1" } } }]
          pipelineSpec:
            tasks:
              - name: a
                taskSpec: { steps: [{ name: s, image: alpine, script: "true", resources: { limits: { cpu: "3" } } }] }`,
    },
  }),
)('%s comes out as it went in', (_, { given }) => {
  const written = yaml<Resource & { readonly spec: object }>(given)
  const admission = admit(written)
  if (admission.is !== 'ok') throw new Error(JSON.stringify(admission.problems))
  const out = runToV1beta1(admission.object as Resource)
  expect(out['spec']).toMatchObject(written.spec)
  expect(Object.keys(out)).toEqual(['metadata', 'spec'])
})

test('the status has the names of v1beta1, and nothing that v1beta1 lacks', () => {
  const run = {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { name: 't' },
    spec: { managedBy: 'tekton.dev/pipeline' },
    status: {
      results: [{ name: 'r', type: 'string', value: 'v' }],
      artifacts: {},
      steps: [{ name: 's', container: 'step-s', terminationReason: 'Completed', terminated: { exitCode: 0 } }],
      taskSpec: { steps: [{ name: 's', computeResources: { limits: { cpu: '1' } } }] },
      retriesStatus: [{ results: [{ name: 'r', type: 'string', value: 'old' }] }],
    },
  } as unknown as Resource
  expect(runToV1beta1(run)).toEqual({
    metadata: { name: 't' },
    spec: {},
    status: {
      taskResults: [{ name: 'r', type: 'string', value: 'v' }],
      steps: [{ name: 's', container: 'step-s', terminated: { exitCode: 0 } }],
      taskSpec: { steps: [{ name: 's', resources: { limits: { cpu: '1' } } }] },
      retriesStatus: [{ taskResults: [{ name: 'r', type: 'string', value: 'old' }] }],
    },
  })
})

test('a PipelineRun: results, and no nested pipelines', () => {
  const run = {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: { name: 'p' },
    spec: { pipelineSpec: { tasks: [{ name: 'n', pipelineSpec: { tasks: [] } }] } },
    status: { results: [{ name: 'r', value: 'v' }], spanContext: { traceparent: 'x' } },
  } as unknown as Resource
  expect(runToV1beta1(run)).toEqual({
    metadata: { name: 'p' },
    spec: { pipelineSpec: { tasks: [{ name: 'n' }] } },
    status: { pipelineResults: [{ name: 'r', value: 'v' }] },
  })
})

test('what only v1 and v1beta1 call alike is shown under the other name, and nothing else is touched', () => {
  const binding = {
    apiVersion: 'triggers.tekton.dev/v1beta1',
    kind: 'TriggerBinding',
    metadata: { name: 'b' },
    spec: {},
  }
  const group = { group: 'triggers.tekton.dev' }
  const shown = inVersion(group, 'v1alpha1', binding as unknown as Resource)
  expect(shown).toEqual({ ...binding, apiVersion: 'triggers.tekton.dev/v1alpha1' })
  expect(inVersion(group, 'v1beta1', binding as unknown as Resource)).toBe(binding)
})

test('an annotation that anybody wrote breaks no conversion', () => {
  for (const text of ['{', '[]', '{"t":{"deprecatedSteps":5,"deprecatedStepTemplate":[]}}', '{"t":null}']) {
    const metadata = { name: 't', annotations: { 'tekton.dev/v1beta1.task-deprecations': text } }
    const task = { apiVersion: 'tekton.dev/v1', kind: 'Task', metadata, spec: { steps: [{ name: 's' }] } }
    expect(toV1beta1(task as unknown as Resource)).toMatchObject({ spec: { steps: [{ name: 's' }] } })
  }
})
