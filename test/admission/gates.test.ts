/** Every feature that a ConfigMap can switch off: refused in Tekton's words when it is, taken when it is not. */
import { expect, test } from 'vitest'
import { admitManifests } from '../../src/admission/admit.js'
import { problemText } from '../../src/resources/problem.js'
import { cases } from '../helpers/cases.js'

interface Gate {
  readonly flags: Readonly<Record<string, string>>
  readonly kind: string
  readonly spec: string
  readonly refused: readonly string[]
}

const STABLE = { 'enable-api-fields': 'stable' }
const BETA = { 'enable-api-fields': 'beta' }
const alphaOnly = (feature: string, level: string) =>
  `${feature} requires "enable-api-fields" feature gate to be "alpha" but it is "${level}": `
const notStable = (feature: string) =>
  `${feature} requires "enable-api-fields" feature gate to be "alpha" or "beta" but it is "stable": `

const step = (more: string) => `{ steps: [{ image: a, ${more} }] }`
const task = (more: string) => `{ tasks: [{ name: a, ${more} }] }`

const GATES: Readonly<Record<string, Gate>> = {
  'a resolver': {
    flags: STABLE,
    kind: 'TaskRun',
    spec: '{ taskRef: { resolver: git } }',
    refused: [notStable('resolver')],
  },
  'the params of a resolver': {
    flags: STABLE,
    kind: 'PipelineRun',
    spec: '{ pipelineRef: { resolver: git, params: [{ name: url, value: x }] } }',
    refused: [notStable('resolver params'), notStable('resolver')],
  },
  'a resolver of a pipeline task': {
    flags: STABLE,
    kind: 'Pipeline',
    spec: task('taskRef: { resolver: git }'),
    refused: [notStable('resolver')],
  },
  'workspaces of a step': {
    flags: STABLE,
    kind: 'Task',
    spec: '{ workspaces: [{ name: w }], steps: [{ image: a, workspaces: [{ name: w }] }] }',
    refused: [notStable('step workspaces')],
  },
  'workspaces of a sidecar': {
    flags: STABLE,
    kind: 'Task',
    spec: '{ workspaces: [{ name: w }], steps: [{ image: a }], sidecars: [{ image: a, workspaces: [{ name: w }] }] }',
    refused: [notStable('sidecar workspaces')],
  },
  'resources of steps, sidecars and the whole': {
    flags: STABLE,
    kind: 'TaskRun',
    spec: '{ taskRef: { name: t }, stepSpecs: [{ name: s }], sidecarSpecs: [{ name: s }], computeResources: {} }',
    refused: [notStable('stepSpecs'), notStable('sidecarSpecs'), notStable('computeResources')],
  },
  'the same for one task of a pipeline': {
    flags: STABLE,
    kind: 'PipelineRun',
    spec: '{ pipelineRef: { name: p }, taskRunSpecs: [{ pipelineTaskName: a, stepSpecs: [{ name: s }] }] }',
    refused: [notStable('stepSpecs')],
  },
  'a matrix': {
    flags: STABLE,
    kind: 'Pipeline',
    spec: task('taskRef: { name: t }, matrix: { params: [{ name: p, value: [a] }] }'),
    refused: [notStable('matrix')],
  },
  'onError of a pipeline task': {
    flags: STABLE,
    kind: 'Pipeline',
    spec: task('taskRef: { name: t }, onError: continue'),
    refused: [notStable('OnError')],
  },
  debug: {
    flags: BETA,
    kind: 'TaskRun',
    spec: '{ taskRef: { name: t }, debug: { breakpoints: { onFailure: enabled } } }',
    refused: [alphaOnly('debug', 'beta')],
  },
  'output streams of a step': {
    flags: BETA,
    kind: 'Task',
    spec: step('stdoutConfig: { path: /x }, stderrConfig: { path: /y }'),
    refused: [alphaOnly('step stdout stream support', 'beta'), alphaOnly('step stderr stream support', 'beta')],
  },
  'a script for Windows': {
    flags: STABLE,
    kind: 'Task',
    spec: step('script: "#!win cmd"'),
    refused: [alphaOnly('windows script support', 'stable')],
  },
  'a script for Windows in a StepAction': {
    flags: BETA,
    kind: 'StepAction',
    spec: '{ image: a, script: "#!win cmd" }',
    refused: [alphaOnly('windows script support', 'beta')],
  },
  'a pipeline in a pipeline, by name': {
    flags: BETA,
    kind: 'Pipeline',
    spec: task('pipelineRef: { name: p }'),
    refused: [alphaOnly('pipelineRef', 'beta')],
  },
  'a pipeline in a pipeline, inline': {
    flags: BETA,
    kind: 'Pipeline',
    spec: task('pipelineSpec: { tasks: [{ name: b, taskRef: { name: t } }] }'),
    refused: [alphaOnly('pipelineSpec', 'beta')],
  },
  'an enum': {
    flags: { 'enable-param-enum': 'false' },
    kind: 'Task',
    spec: '{ params: [{ name: p, enum: [a] }], steps: [{ image: a }] }',
    refused: ['feature flag `enable-param-enum` should be set to true to use Enum: spec.params[p]'],
  },
  'CEL of a pipeline task': {
    flags: { 'enable-cel-in-whenexpression': 'false' },
    kind: 'Pipeline',
    spec: task('taskRef: { name: t }, when: [{ cel: "true" }]'),
    refused: [
      'feature flag enable-cel-in-whenexpression should be set to true to use CEL: true in WhenExpression: spec.tasks[0].when[0]',
    ],
  },
  'artifacts in a script': {
    flags: { 'enable-artifacts': 'false' },
    kind: 'Task',
    spec: '{ steps: [{ name: a, image: a }, { image: a, script: "echo $(steps.a.outputs.x)" }] }',
    refused: ['feature flag enable-artifacts should be set to true to use artifacts feature.: spec.steps[1]'],
  },
  'the path of artifacts in args': {
    flags: { 'enable-artifacts': 'false' },
    kind: 'Task',
    spec: step('args: [$(step.artifacts.path)]'),
    refused: ['feature flag enable-artifacts should be set to true to use artifacts feature.: spec.steps[0]'],
  },
  'artifacts of another task': {
    flags: { 'enable-artifacts': 'false' },
    kind: 'Pipeline',
    spec: '{ tasks: [{ name: a, taskRef: { name: t } }, { name: b, taskRef: { name: t }, params: [{ name: p, value: $(tasks.a.outputs.img) }] }] }',
    refused: ['feature flag enable-artifacts should be set to true to use artifacts feature.: spec.tasks[1].params'],
  },
  'an address as a name': {
    flags: { 'enable-concise-resolver-syntax': 'false' },
    kind: 'TaskRun',
    spec: '{ taskRef: { name: "https://x/y", resolver: http } }',
    refused: [
      'feature flag enable-concise-resolver-syntax should be set to true to use concise resolver syntax: spec.taskRef',
    ],
  },
  'an inline Task of a Pipeline': {
    flags: { 'disable-inline-spec': 'pipeline' },
    kind: 'Pipeline',
    spec: task('taskSpec: { steps: [{ image: a }] }'),
    refused: ['must not set the field(s): spec.tasks[0].taskSpec'],
  },
  'an inline Pipeline of a run': {
    flags: { 'disable-inline-spec': 'taskrun,pipelinerun' },
    kind: 'PipelineRun',
    spec: '{ pipelineSpec: { tasks: [{ name: a, taskRef: { name: t } }] } }',
    refused: ['must not set the field(s): spec.pipelineSpec'],
  },
  'an inline Task of a run': {
    flags: { 'disable-inline-spec': 'taskrun' },
    kind: 'TaskRun',
    spec: '{ taskSpec: { steps: [{ image: a }] } }',
    refused: ['must not set the field(s): spec.taskSpec'],
  },
}

function admitted(flags: Readonly<Record<string, string>>, { kind, spec }: Gate) {
  const config = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'feature-flags', namespace: 'tekton-pipelines' },
    data: flags,
  }
  const apiVersion = `tekton.dev/${kind === 'StepAction' ? 'v1beta1' : 'v1'}`
  const manifest = `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: x }\nspec: ${spec}\n`
  // The settings come last: the order of a file does not count.
  return admitManifests([{ file: 'gates.yaml', text: `${manifest}---\n${JSON.stringify(config)}\n` }])
}

test.each(cases(GATES))('%s', (_, gate) => {
  expect(admitted({}, gate)).toMatchObject({ is: 'ok' })
  const answer = admitted(gate.flags, gate)
  if (answer.is === 'ok') throw new Error('it was taken')
  expect(answer.problems.map(problemText).sort()).toEqual([...gate.refused].sort())
  expect(answer.problems.every(({ line = 0, hint }) => line === 4 && hint !== undefined)).toBe(true)
})

test('which bodies a pipeline task may have depends on the level', () => {
  const nothing = { flags: BETA, kind: 'Pipeline', spec: task('retries: 1'), refused: [] }
  const answer = admitted(BETA, nothing)
  expect(answer.is === 'refused' && answer.problems.map(problemText)).toEqual([
    'expected exactly one, got neither: spec.tasks[0].taskRef, spec.tasks[0].taskSpec',
  ])
})

const DEFAULTS: Readonly<Record<string, { data: Readonly<Record<string, string>>; spec: string; refused: string }>> = {
  'the limit of a matrix': {
    data: { 'default-max-matrix-combinations-count': '1' },
    spec: '{ pipelineSpec: { tasks: [{ name: a, taskRef: { name: t }, matrix: { params: [{ name: p, value: [a, b] }] } }] } }',
    refused: 'expected 0 <= 2 <= 1: spec.pipelineSpec.tasks[0].matrix',
  },
  'forbidden environment': {
    data: { 'default-forbidden-env': 'NO, NEVER' },
    spec: '{ pipelineRef: { name: p }, taskRunTemplate: { podTemplate: { env: [{ name: NEVER, value: a }] } } }',
    refused: 'invalid value: PodTemplate cannot update a forbidden env: NEVER: spec.taskRunTemplate.PodTemplate.Env',
  },
  'forbidden environment of one task': {
    data: { 'default-forbidden-env': 'HOME' },
    spec: '{ pipelineRef: { name: p }, taskRunSpecs: [{ pipelineTaskName: a, podTemplate: { env: [{ name: HOME, value: a }] } }] }',
    refused: 'invalid value: PodTemplate cannot update a forbidden env: HOME: spec.taskRunSpecs[0].PodTemplate.Env',
  },
  'a shorter default timeout': {
    data: { 'default-timeout-minutes': '5' },
    spec: '{ pipelineRef: { name: p }, timeouts: { tasks: 10m } }',
    refused: 'invalid value: 10m0s should be <= pipeline duration: spec.timeouts.tasks',
  },
}

test.each(cases(DEFAULTS))('config-defaults set %s', (_, { data, spec, refused }) => {
  const run = `apiVersion: tekton.dev/v1\nkind: PipelineRun\nmetadata: { name: x }\nspec: ${spec}\n`
  const config = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'config-defaults', namespace: 'tekton-pipelines' },
    data,
  }
  expect(admitManifests([{ file: 'a.yaml', text: run }])).toMatchObject({ is: 'ok' })
  const answer = admitManifests([
    { file: 'a.yaml', text: run },
    { file: 'config.yaml', text: JSON.stringify(config) },
  ])
  expect(answer.is === 'refused' && answer.problems.map(problemText)).toEqual([refused])
})
