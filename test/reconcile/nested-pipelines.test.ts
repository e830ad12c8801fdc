/** Pipelines in pipelines: what a child PipelineRun gets, and what its end means for the run around it. */
import { expect, test } from 'vitest'
import type { PipelineRun, PipelineRunSpec, PipelineSpec } from '../../src/resources/tekton.js'
import { succeededCondition } from '../../src/status/conditions.js'
import { cases } from '../helpers/cases.js'
import { yaml } from '../helpers/yaml.js'
import { type Ending, simulate } from './simulate.js'

const INNER = 'results: [{ name: r, value: $(tasks.x.results.r) }], tasks: [{ name: x, taskRef: { name: t } }]'
const NESTED = `{ name: nested, pipelineSpec: { ${INNER} } }`
const FAILS: Ending = { status: 'False', reason: 'Failed' }

function started(pipeline: string, rest = '{}') {
  return simulate({ ...yaml<PipelineRunSpec>(rest), pipelineSpec: yaml<PipelineSpec>(pipeline) })
}

const condition = (run: PipelineRun) => {
  const { status, reason, message } = succeededCondition(run) ?? {}
  return { is: `${status} ${reason}`, message }
}

const nestedIn = (simulation: ReturnType<typeof simulate>) =>
  simulation.children().find(child => child.kind === 'PipelineRun') as PipelineRun

test('what a nested run is given: params, workspaces, template and time, but not what is for Tasks', () => {
  const simulation = started(
    `tasks:
      - name: nested
        timeout: 5m
        retries: 2
        params: [{ name: p, value: "$(params.x)!" }]
        workspaces: [{ name: in, workspace: w, subPath: sub }, { name: absent }]
        pipelineRef: { name: other }`,
    `
    params: [{ name: x, value: hello }]
    workspaces: [{ name: w, subPath: top, persistentVolumeClaim: { claimName: c } }]
    taskRunTemplate: { serviceAccountName: ci, podTemplate: { nodeSelector: { disk: ssd } } }
    taskRunSpecs: [{ pipelineTaskName: nested, serviceAccountName: other, metadata: { labels: { who: spec } } }]`,
  )
  simulation.pass()
  const { metadata, spec } = nestedIn(simulation)
  expect(spec).toEqual(
    yaml(`
    pipelineRef: { name: other }
    params: [{ name: p, value: hello! }]
    workspaces: [{ name: in, subPath: top/sub, persistentVolumeClaim: { claimName: c } }]
    timeouts: { pipeline: 5m0s }
    taskRunTemplate: { serviceAccountName: ci, podTemplate: { nodeSelector: { disk: ssd } } }`),
  )
  expect(metadata.labels).toEqual({
    'tekton.dev/pipeline': 'other',
    'tekton.dev/pipelineRun': 'run',
    'tekton.dev/pipelineRunUID': 'run-uid',
    'tekton.dev/pipelineTask': 'nested',
    'tekton.dev/memberOf': 'tasks',
  })
  expect(metadata.ownerReferences).toMatchObject([
    { kind: 'PipelineRun', name: 'run', uid: 'run-uid', controller: true },
  ])
})

test('its results are results of its task: in params, when, and of the whole pipeline', () => {
  const simulation = started(`
    results: [{ name: out, value: "$(tasks.nested.results.r)!" }]
    tasks:
      - ${NESTED}
      - name: uses
        params: [{ name: p, value: $(tasks.nested.results.r) }]
        when: [{ input: $(tasks.nested.results.r), operator: in, values: [v] }]
        taskRef: { name: t }`)
  const status = simulation.finish(child => (child.kind === 'PipelineRun' ? { results: { r: 'v' } } : {}))
  expect(simulation.children().map(child => child.metadata.name)).toEqual(['run-nested', 'run-uses'])
  expect(simulation.children()[1]?.spec).toMatchObject({ params: [{ name: 'p', value: 'v' }] })
  expect(status.results).toEqual([{ name: 'out', value: 'v!' }])
  expect(condition(simulation.run()).is).toBe('True Succeeded')
})

test.each(
  cases<{ pipeline: string; ends?: Ending; is: string; children: readonly string[]; skipped?: readonly string[] }>({
    'a result that it did not give': {
      pipeline: `tasks: [${NESTED}, { name: b, params: [{ name: p, value: $(tasks.nested.results.r) }], taskRef: { name: t } }]`,
      is: 'False PipelineValidationFailed',
      children: ['run-nested'],
    },
    'a failure stops the rest, finally is told': {
      pipeline: `
        tasks: [${NESTED}, { name: b, runAfter: [nested], taskRef: { name: t } }]
        finally: [{ name: f, taskRef: { name: t }, when: [{ input: $(tasks.nested.status), operator: in, values: [Failed] }] }]`,
      ends: FAILS,
      is: 'False Failed',
      children: ['run-nested', 'run-f'],
      skipped: ['b'],
    },
    'an allowed failure': {
      pipeline: `tasks: [{ name: nested, onError: continue, pipelineSpec: { ${INNER} } }, { name: b, runAfter: [nested], taskRef: { name: t } }]`,
      ends: FAILS,
      is: 'True Succeeded',
      children: ['run-nested', 'run-b'],
    },
    'skipped by when': {
      pipeline: `tasks: [{ name: nested, when: [{ input: a, operator: in, values: [b] }], pipelineSpec: { ${INNER} } }]`,
      is: 'True Completed',
      children: [],
      skipped: ['nested'],
    },
    'in finally': {
      pipeline: `tasks: [{ name: a, taskRef: { name: t } }]\nfinally: [${NESTED}]`,
      ends: FAILS,
      is: 'False Failed',
      children: ['run-a', 'run-nested'],
    },
    'a matrix of them': {
      pipeline: `tasks: [{ name: nested, matrix: { params: [{ name: p, value: [x, y] }] }, pipelineSpec: { ${INNER} } }]`,
      ends: FAILS,
      is: 'False Failed',
      children: ['run-nested-0', 'run-nested-1'],
    },
  }),
)('around a nested pipeline: %s', (_, { pipeline, ends = {}, is, children, skipped = [] }) => {
  const simulation = started(pipeline)
  const status = simulation.finish(child => (child.kind === 'PipelineRun' ? ends : {}))
  expect(condition(simulation.run()).is).toBe(is)
  expect(simulation.children().map(child => child.metadata.name)).toEqual(children)
  expect((status.skippedTasks ?? []).map(one => one.name)).toEqual(skipped)
})

test('Pipelines that do not exist, and results they do not have, are told before anything begins', () => {
  const pipelineSpec = yaml<PipelineSpec>(`
    tasks:
      - { name: a, taskRef: { name: t } }
      - { name: nested, pipelineRef: { name: p } }
      - { name: b, params: [{ name: p, value: $(tasks.nested.results.r) }], taskRef: { name: t } }`)
  const message = `Couldn't retrieve Pipeline "p": pipelines.tekton.dev "p" not found`
  const missing = simulate(
    { pipelineSpec },
    { pipelines: { nested: { is: 'failed', reason: 'CouldntGetPipeline', message } } },
  )
  missing.pass()
  expect(missing.children()).toEqual([])
  expect(condition(missing.run())).toEqual({
    is: 'False CouldntGetPipeline',
    message: `Pipeline ci/run can't be Run; it contains child Pipelines that don't exist: ${message}`,
  })
  const without = simulate({ pipelineSpec }, { pipelines: { nested: { is: 'found', value: { tasks: [] } } } })
  without.pass()
  expect(without.children()).toEqual([])
  expect(condition(without.run())).toEqual({
    is: 'False InvalidTaskResultReference',
    message:
      'invalid result reference in pipeline task "b": "r" is not a named result returned by pipeline task "nested"',
  })
})

test('Cancelled cancels the nested run, once', () => {
  const simulation = started(`tasks: [${NESTED}]`)
  simulation.pass()
  simulation.request({ status: 'Cancelled' })
  expect(simulation.pass().actions).toMatchObject([{ do: 'cancel', kind: 'PipelineRun', status: 'Cancelled' }])
  expect(condition(simulation.run()).is).toBe('False Cancelled')
})

test('CancelledRunFinally lets the nested run clean up behind itself too, until a hard cancel', () => {
  const simulation = started(`tasks: [${NESTED}]\nfinally: [{ name: f, taskRef: { name: t } }]`)
  simulation.pass()
  simulation.request({ status: 'CancelledRunFinally' })
  simulation.pass()
  expect(nestedIn(simulation).spec.status).toBe('CancelledRunFinally')
  simulation.request({ status: 'Cancelled' })
  simulation.pass()
  expect(nestedIn(simulation).spec.status).toBe('Cancelled')
})

test('after a graceful cancel the run is cancelled, not failed', () => {
  const simulation = started(`tasks: [${NESTED}]\nfinally: [{ name: f, taskRef: { name: t } }]`)
  simulation.pass()
  simulation.request({ status: 'CancelledRunFinally' })
  simulation.finish()
  expect(condition(simulation.run())).toEqual({ is: 'False Cancelled', message: 'PipelineRun "run" was cancelled' })
  expect(simulation.children().map(child => child.metadata.name)).toEqual(['run-nested', 'run-f'])
})

test('a timeout of its section cancels the nested run, and counts as a timeout afterwards too', () => {
  const simulation = started(
    `tasks: [${NESTED}]\nfinally: [{ name: f, taskRef: { name: t } }]`,
    'timeouts: { tasks: 10s }',
  )
  simulation.pass()
  simulation.elapse(10_000)
  simulation.pass()
  expect(nestedIn(simulation)).toMatchObject({
    metadata: {
      annotations: {
        'tektite.dev/status-message': 'PipelineRun cancelled as the PipelineRun it belongs to has timed out.',
      },
    },
    spec: { status: 'Cancelled' },
  })
  simulation.finish()
  expect(condition(simulation.run())).toEqual({
    is: 'False PipelineRunTimeout',
    message: 'PipelineRun "run" failed due to tasks failed to finish within "10s"',
  })
})
