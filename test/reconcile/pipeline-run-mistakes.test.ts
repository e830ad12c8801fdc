/** What shows only when a PipelineRun is put together with its Pipeline and Tasks: Tekton's reason and message, and no child. */
import { expect, test } from 'vitest'
import { reconcile } from '../../src/reconcile/reconcile.js'
import type { Kind, Kinds } from '../../src/resources/kinds.js'
import type { New } from '../../src/resources/meta.js'
import { succeededCondition } from '../../src/status/conditions.js'
import { cases } from '../helpers/cases.js'
import { yaml } from '../helpers/yaml.js'
import { applyTo } from '../listeners/world.js'
import { depsFor, pipelineRun, storeWith } from './real-store.js'

const TASKS = `
apiVersion: tekton.dev/v1
kind: Task
metadata: { name: t }
spec:
  params:
    - { name: text, enum: [a, b] }
    - { name: list, type: array, default: [] }
    - { name: map, type: object, properties: { k: {}, l: {} }, default: { k: x, l: z } }
  steps: [{ name: s, image: alpine, script: "true" }]
`

interface Case {
  readonly pipeline: string
  readonly run?: string
  readonly reason: string
  readonly message: string
  /** Tekton does not call all of them the user's. */
  readonly prefix?: ''
}

const CASES: Readonly<Record<string, Case>> = {
  'a param that the run does not give': {
    pipeline: '{ params: [{ name: x }], tasks: [{ name: a, taskSpec: { steps: [{ image: a }] } }] }',
    reason: 'ParameterMissing',
    message:
      'PipelineRun default/run is missing some parameters required by Pipeline default/p: pipelineRun missing parameters: [x]',
  },
  'a param of another type': {
    pipeline: '{ params: [{ name: x, type: array }], tasks: [{ name: a, taskSpec: { steps: [{ image: a }] } }] }',
    run: 'params: [{ name: x, value: text }]',
    reason: 'ParameterTypeMismatch',
    message:
      "PipelineRun default/run parameters have mismatching types with Pipeline default/p's parameters: parameters have inconsistent types : [x]",
  },
  'an object without all of its keys': {
    pipeline:
      '{ params: [{ name: x, properties: { k: {}, l: {} } }], tasks: [{ name: a, taskSpec: { steps: [{ image: a }] } }] }',
    run: 'params: [{ name: x, value: { l: a } }]',
    reason: 'ObjectParameterMissKeys',
    message:
      "PipelineRun default/run parameters is missing object keys required by Pipeline default/p's parameters: pipelineRun missing object keys for parameters: map[x:[k]]",
  },
  'an element that the array does not have': {
    pipeline:
      '{ params: [{ name: x, type: array }], tasks: [{ name: a, taskRef: { name: t }, params: [{ name: text, value: "$(params.x[9])" }] }] }',
    run: 'params: [{ name: x, value: [a] }]',
    reason: 'ParamArrayIndexingInvalid',
    message:
      "PipelineRun default/run failed validation: failed to validate Pipeline default/p's parameter which has an invalid index while referring to an array: non-existent param references:[$(params.x[9])]",
  },
  'a value that the enum does not have': {
    pipeline: '{ params: [{ name: x, enum: [a] }], tasks: [{ name: a, taskSpec: { steps: [{ image: a }] } }] }',
    run: 'params: [{ name: x, value: z }]',
    reason: 'InvalidParamValue',
    message: 'PipelineRun default/run parameters have invalid value: param `x` value: z is not in the enum list',
  },
  'a workspace that the run does not bind': {
    pipeline: '{ workspaces: [{ name: w }], tasks: [{ name: a, taskSpec: { steps: [{ image: a }] } }] }',
    reason: 'InvalidWorkspaceBindings',
    message:
      'PipelineRun default/run doesn\'t bind Pipeline default/p\'s Workspaces correctly: pipeline requires workspace with name "w" be provided by pipelinerun',
  },
  'taskRunSpecs of an unknown task': {
    pipeline: '{ tasks: [{ name: a, taskSpec: { steps: [{ image: a }] } }] }',
    run: 'taskRunSpecs: [{ pipelineTaskName: x }]',
    reason: 'InvalidTaskRunSpecs',
    message:
      'PipelineRun default/run doesn\'t define taskRunSpecs correctly: pipelineRun\'s taskrunSpecs defined wrong taskName: "x", does not exist in Pipeline',
  },
  'a Task that does not get a param': {
    pipeline: '{ tasks: [{ name: a, taskRef: { name: t } }] }',
    reason: 'PipelineValidationFailed',
    message:
      'Validation failed for pipelinerun run with error invalid input params for task t: missing values for these params which have no default values: [text]',
  },
  'an inline Task that does not get a param': {
    pipeline: '{ tasks: [{ name: a, taskSpec: { params: [{ name: x }, { name: z }], steps: [{ image: a }] } }] }',
    reason: 'PipelineValidationFailed',
    message:
      'Validation failed for pipelinerun run with error invalid input params for task : missing values for these params which have no default values: [x z]',
  },
  'a Task that gets a list for a text': {
    pipeline: '{ tasks: [{ name: a, taskRef: { name: t }, params: [{ name: text, value: [a] }] }] }',
    reason: 'PipelineValidationFailed',
    message:
      "Validation failed for pipelinerun run with error invalid input params for task t: param types don't match the user-specified type: [text]",
  },
  'a matrix over a param that is a list': {
    pipeline:
      '{ tasks: [{ name: a, taskRef: { name: t }, params: [{ name: text, value: a }], matrix: { params: [{ name: list, value: [a] }] } }] }',
    reason: 'PipelineValidationFailed',
    message:
      "Validation failed for pipelinerun run with error invalid input params for task t: param types don't match the user-specified type: [list]",
  },
  'a param that allows more than the Task': {
    pipeline:
      '{ params: [{ name: x, default: a, enum: [a, z] }], tasks: [{ name: a, taskRef: { name: t }, params: [{ name: text, value: $(params.x) }] }] }',
    reason: 'PipelineValidationFailed',
    message:
      'Validation failed for pipelinerun with error pipeline param "x" enum: [a z] is not a subset of the referenced in "t" task param enum: [a b]',
  },
  'a param that allows everything': {
    pipeline:
      '{ params: [{ name: x, default: a }], tasks: [{ name: a, taskRef: { name: t }, params: [{ name: text, value: $(params.x) }] }] }',
    reason: 'PipelineValidationFailed',
    message:
      'Validation failed for pipelinerun with error pipeline param "x" has no enum, but referenced in "t" task has enums: [a b]',
  },
  'a value from two params that the Task does not allow': {
    pipeline:
      '{ params: [{ name: x, default: a }], tasks: [{ name: a, taskRef: { name: t }, params: [{ name: text, value: $(params.x)-$(params.x) }] }] }',
    reason: 'InvalidParamValue',
    message: 'Invalid param value from PipelineTask "a": param `text` value: a-a is not in the enum list',
  },
  'a result that the Task does not declare': {
    pipeline:
      '{ tasks: [{ name: a, taskRef: { name: t }, params: [{ name: text, value: a }] }, { name: b, taskSpec: { steps: [{ image: a, script: "echo $(tasks.a.results.r)" }] } }] }',
    reason: 'InvalidTaskResultReference',
    prefix: '',
    message: 'invalid result reference in pipeline task "b": "r" is not a named result returned by pipeline task "a"',
  },
  'a result that the Task does not declare, in the matrix of a finally task': {
    pipeline:
      '{ tasks: [{ name: a, taskSpec: { steps: [{ image: a }] } }], finally: [{ name: f, taskSpec: { params: [{ name: p }], steps: [{ image: a }] }, matrix: { params: [{ name: p, value: ["$(tasks.a.results.r)"] }] } }] }',
    reason: 'InvalidTaskResultReference',
    prefix: '',
    message: 'invalid result reference in pipeline task "f": "r" is not a named result returned by pipeline task "a"',
  },
  'a pipeline result that no Task declares': {
    pipeline:
      '{ tasks: [{ name: a, taskRef: { name: t }, params: [{ name: text, value: a }] }], results: [{ name: out, value: $(tasks.a.results.r) }] }',
    reason: 'InvalidPipelineResultReference',
    prefix: '',
    message:
      'Failed to resolve pipeline result reference for "run" with error invalid pipeline result "out": "r" is not a named result returned by pipeline task "a"',
  },
  'an optional workspace for a Task that requires it': {
    pipeline:
      '{ workspaces: [{ name: w, optional: true }], tasks: [{ name: a, workspaces: [{ name: in, workspace: w }], taskSpec: { workspaces: [{ name: in }], steps: [{ image: a }] } }] }',
    reason: 'RequiredWorkspaceMarkedOptional',
    message:
      'Optional workspace not supported by task: pipeline workspace "w" is marked optional but pipeline task "a" requires it be provided',
  },
  'a matrix over a param of the pipeline that is a text': {
    pipeline:
      '{ params: [{ name: x, default: a }], tasks: [{ name: a, taskRef: { name: t }, matrix: { params: [{ name: text, value: $(params.x) }] } }] }',
    reason: 'InvalidMatrixParameterTypes',
    message:
      'Failed to validate matrix "run" with error parameters of type array only are allowed, but param "text" has type "string" in pipelineTask "a"',
  },
  'a matrix that includes a list': {
    pipeline:
      '{ tasks: [{ name: a, taskRef: { name: t }, matrix: { include: [{ name: i, params: [{ name: text, value: [a] }] }] } }] }',
    reason: 'InvalidMatrixParameterTypes',
    message:
      'Failed to validate matrix "run" with error parameters of type string only are allowed, but param "text" has type "array" in pipelineTask "a"',
  },
  'a matrix with a value that the Task does not allow': {
    pipeline: '{ tasks: [{ name: a, taskRef: { name: t }, matrix: { params: [{ name: text, value: [a, z] }] } }] }',
    reason: 'InvalidParamValue',
    message: 'Invalid param value from PipelineTask "a": param `text` value: z is not in the enum list',
  },
}

const PIPELINE_AND_RUN = (run = '') => `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: run }
spec: { pipelineRef: { name: p }, ${run} }
`

test.each(cases(CASES))('%s', async (_, { pipeline, run, reason, message, prefix = '[User error] ' }) => {
  const cluster = await storeWith(TASKS)
  await applyTo(cluster, `apiVersion: tekton.dev/v1\nkind: Pipeline\nmetadata: { name: p }\nspec: ${pipeline}\n`)
  await applyTo(cluster, PIPELINE_AND_RUN(run))
  await reconcile(depsFor(cluster), 'PipelineRun/default/run')
  expect(succeededCondition(await pipelineRun(cluster))).toMatchObject({
    status: 'False',
    reason,
    message: `${prefix}${message}`,
  })
  expect(await cluster.list('TaskRun')).toEqual([])
})

test('a value that refers to an object may bring all of its keys', async () => {
  const cluster = await storeWith(TASKS)
  const spec =
    '{ params: [{ name: o, properties: { k: {}, l: {} }, default: { k: a, l: b } }], tasks: [{ name: a, taskRef: { name: t }, params: [{ name: text, value: a }, { name: map, value: "$(params.o[*])" }] }] }'
  await applyTo(cluster, `apiVersion: tekton.dev/v1\nkind: Pipeline\nmetadata: { name: p }\nspec: ${spec}\n`)
  await applyTo(cluster, PIPELINE_AND_RUN())
  await reconcile(depsFor(cluster), 'PipelineRun/default/run')
  expect(await cluster.list('TaskRun')).toHaveLength(1)
})

test('a Pipeline that nobody admitted is checked when it is run', async () => {
  const cluster = await storeWith(TASKS)
  const unseen = yaml<New<Kinds[Kind]>>(
    '{ apiVersion: tekton.dev/v1, kind: Pipeline, metadata: { namespace: default, name: p }, spec: { tasks: [{ name: A_b, taskSpec: { steps: [] } }] } }',
  )
  await cluster.create('Pipeline', unseen as never)
  await applyTo(cluster, PIPELINE_AND_RUN())
  await reconcile(depsFor(cluster), 'PipelineRun/default/run')
  const condition = succeededCondition(await pipelineRun(cluster))
  expect(condition).toMatchObject({ status: 'False', reason: 'PipelineValidationFailed' })
  expect(condition?.message).toBe(
    `[User error] Pipeline default/p can't be Run; it has an invalid spec: invalid value "A_b": tasks[0].name
Pipeline Task name must be a valid DNS Label.For more info refer to https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#names
missing field(s): tasks[0].taskSpec.steps`,
  )
})
