/** Objects that no webhook and no conversion has looked at, as the engine reads them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { admit } from '../../src/admission/admit.js'
import { specAsRead, unspeakable } from '../../src/resources/as-read.js'
import { apiVersionOf, isKind, KINDS, type Kind } from '../../src/resources/kinds.js'
import { parseManifests } from '../../src/resources/parse.js'
import { asRecord, isRecord, type Json } from '../../src/resources/shape.js'
import { ROOT } from '../helpers/cli.js'
import { parse11 } from './yaml-text.js'

const SHARED = join(ROOT, '../shared')

/** What admission makes of it, or what it says. */
function admitted(object: unknown): unknown {
  const answer = admit(object)
  return answer.is === 'ok' ? asRecord(answer.object)['spec'] : answer.problems.map(({ message }) => message)
}

/** As a store without conversion gives it: the name of the stored version, and what was written. */
function read(object: Json): Json {
  const kind = object['kind'] as Kind
  const spec = specAsRead(kind, String(asRecord(object['metadata'])['name']), object['spec'])
  return { ...object, apiVersion: apiVersionOf(kind), spec }
}

function ofKnownKinds(text: string): readonly Json[] {
  const parsed = parseManifests(text, 'test.yaml')
  if (parsed.is === 'refused') throw new Error(JSON.stringify(parsed.problems))
  return parsed.objects.flatMap(({ value }) =>
    isRecord(value) && isKind(String(value['kind'])) && KINDS[value['kind'] as Kind].group.endsWith('tekton.dev')
      ? [value]
      : [],
  )
}

test.skipIf(!existsSync(SHARED))('every example is read as what admission would have stored', () => {
  const files = ['tekton-examples', 'triggers-examples'].flatMap(folder =>
    readdirSync(join(SHARED, folder), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.yaml'))
      .map(name => join(SHARED, folder, name)),
  )
  let count = 0
  for (const file of files) {
    for (const object of ofKnownKinds(readFileSync(file, 'utf8'))) {
      count++
      expect(admitted(read(object)), file).toEqual(admitted(object))
    }
  }
  expect(count).toBeGreaterThan(150)
})

const RESOURCES = '{limits: {cpu: 1}, requests: {memory: 64Mi}}'

test.each([
  `{kind: Task, spec: {steps: [{image: i, resources: ${RESOURCES}, ports: [{containerPort: 80}]}], stepTemplate: {name: t, resources: ${RESOURCES}}, sidecars: [{image: i, resources: {}}]}}`,
  `{kind: TaskRun, spec: {taskSpec: {Steps: [{image: i, Resources: ${RESOURCES}}]}, stepOverrides: [{name: a, resources: ${RESOURCES}}], sidecarOverrides: [], timeout: 90s}}`,
  `{kind: TaskRun, spec: {taskRef: {name: a, bundle: ""}, params: [{name: a, value: 5}, {name: b, value: [1, x]}, {name: c, value: null}, {name: d, value: {e: 1.5}}]}}`,
  `{kind: Pipeline, spec: {params: [{name: a, default: true}], tasks: [{name: a, timeout: 1h, taskSpec: {steps: [{image: i, resources: ${RESOURCES}}]}}, {name: b, pipelineSpec: {tasks: [{name: c, taskSpec: {steps: [{image: i, resources: ${RESOURCES}}]}}]}}]}}`,
  `{kind: PipelineRun, spec: {pipelineRef: {name: p}, timeout: 90m, serviceAccountName: sa, podTemplate: {nodeSelector: {a: b}}, taskRunSpecs: [{pipelineTaskName: t, taskServiceAccountName: other, taskPodTemplate: {hostNetwork: true}, stepOverrides: [{name: s, resources: ${RESOURCES}}]}]}}`,
])('what v1beta1 spells differently is read as v1: %s', text => {
  const object = { apiVersion: 'tekton.dev/v1beta1', metadata: { name: 'a' }, ...asRecord(parse11(text)) }
  const stored = admitted(object)
  expect(stored).not.toBeInstanceOf(Array)
  expect(admitted(read(object))).toEqual(stored)
  expect(read(read(object))).toEqual(read(object))
})

test.each([
  '{kind: EventListener, spec: {Triggers: [{Interceptors: [{github: {eventTypes: [push]}}], bindings: [{ref: b}], template: {ref: t}}]}}',
  '{kind: EventListener, spec: {triggers: [{interceptors: [{cel: {filter: "true"}}], bindings: [{ref: b}], template: {ref: t}}]}}',
  '{kind: Trigger, spec: {interceptors: [{bitbucket: {}, ref: {name: cel}}], template: {ref: t}}}',
  '{kind: TriggerTemplate, spec: {resourceTemplates: [{apiVersion: v1, kind: ConfigMap}]}}',
])('what v1alpha1 of Triggers spells differently is read as v1beta1: %s', text => {
  const object = { apiVersion: 'triggers.tekton.dev/v1alpha1', metadata: { name: 'a' }, ...asRecord(parse11(text)) }
  const stored = admitted(object)
  expect(stored).not.toBeInstanceOf(Array)
  expect(admitted(read(object))).toEqual(stored)
})

test('the newer spelling comes first where both are', () => {
  const task = parse11('{steps: [{image: i, resources: {limits: {cpu: 1}}, computeResources: {limits: {cpu: 2}}}]}')
  expect(specAsRead('Task', 'a', task)).toEqual({ steps: [{ image: 'i', computeResources: { limits: { cpu: '2' } } }] })
  const run = parse11('{serviceAccountName: old, podTemplate: {}, taskRunTemplate: {serviceAccountName: new}}')
  expect(specAsRead('PipelineRun', 'a', run)).toEqual({
    taskRunTemplate: { podTemplate: {}, serviceAccountName: 'new' },
  })
})

test.each([
  ['TaskRun', '{taskRef: {name: a, bundle: b}}', 'spec.taskRef.bundle'],
  ['Task', '{resources: {inputs: []}, steps: []}', 'spec.resources'],
  ['PipelineRun', '{timeout: 1h0m0s, timeouts: {pipeline: 1h0m0s}}', 'spec.timeout, spec.timeouts'],
  ['Pipeline', '{tasks: [{name: a, taskRef: {bundle: b}}]}', 'spec.tasks[0].taskRef.bundle'],
])('what has no place in v1 stays, so that it can be told: %s %s', (kind, text, path) => {
  const spec = specAsRead(kind as Kind, 'a', parse11(text))
  expect(spec).toEqual(parse11(text))
  expect(unspeakable(kind as Kind, spec).map(({ paths }) => paths.join(', '))).toEqual([path])
})

test('whatever stands there is read without a fault, and read twice is read once', () => {
  const names = [
    'steps',
    'taskSpec',
    'params',
    'value',
    'resources',
    'timeout',
    'podTemplate',
    'interceptors',
    'cel',
    'x',
  ]
  const anything = fc.letrec(tie => ({
    value: fc.oneof(
      { maxDepth: 6 },
      fc.constantFrom(null, 5, 'a', '90s', true, -0.5),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 4 }),
    ),
  })).value
  const kinds = ['Task', 'TaskRun', 'Pipeline', 'PipelineRun', 'EventListener', 'Trigger', 'CustomRun'] as const
  fc.assert(
    fc.property(fc.constantFrom(...kinds), anything, (kind, spec) => {
      const once = specAsRead(kind, 'a', spec)
      expect(specAsRead(kind, 'a', once)).toEqual(once)
    }),
    { numRuns: 500 },
  )
})
