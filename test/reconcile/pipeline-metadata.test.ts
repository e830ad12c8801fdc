/** What a PipelineRun takes over and hands on that is not work: labels, traces, the settings it ran with. */
import { expect, test } from 'vitest'
import type { Lookup } from '../../src/reconcile/decision.js'
import type { PipelineRun, PipelineRunSpec, PipelineSpec } from '../../src/resources/tekton.js'
import { succeededCondition } from '../../src/status/conditions.js'
import { cases } from '../helpers/cases.js'
import { yaml } from '../helpers/yaml.js'
import { simulate } from './simulate.js'

const TASKS = 'tasks: [{ name: a, taskRef: { name: t } }]'
const INLINE = `pipelineSpec: { ${TASKS} }`
const REFERENCE = 'pipelineRef: { name: p }'

function found(name: string, labels = {}): Lookup<PipelineSpec> {
  return { is: 'found', value: yaml<PipelineSpec>(TASKS), from: { name, labels } }
}

test.each(
  cases<{
    spec: string
    metadata?: Partial<PipelineRun['metadata']>
    pipeline?: Lookup<PipelineSpec>
    label: string
  }>({
    'the name of its Pipeline': { spec: REFERENCE, pipeline: found('p'), label: 'p' },
    'the name of its Pipeline, whatever was set by hand': {
      spec: REFERENCE,
      metadata: { labels: { 'tekton.dev/pipeline': 'mine' } },
      pipeline: found('p', { 'tekton.dev/pipeline': 'theirs' }),
      label: 'p',
    },
    'the name of what a resolver found': {
      spec: 'pipelineRef: { resolver: git, params: [{ name: url, value: u }] }',
      pipeline: found('fetched'),
      label: 'fetched',
    },
    'while it is fetched, the run': {
      spec: 'pipelineRef: { resolver: git }',
      pipeline: { is: 'pending' },
      label: 'run',
    },
    'while the cluster resolver looks for it, what it looks for': {
      spec: 'pipelineRef: { resolver: cluster, params: [{ name: kind, value: pipeline }, { name: name, value: p }] }',
      pipeline: { is: 'pending' },
      label: 'p',
    },
    'inline, the run': { spec: INLINE, label: 'run' },
    'inline, the run, whatever it inherited': {
      spec: INLINE,
      metadata: { labels: { 'tekton.dev/pipeline': 'outer' } },
      label: 'run',
    },
    'inline with a generated name, what all of them share': {
      spec: INLINE,
      metadata: { generateName: 'nightly-' },
      label: 'nightly',
    },
    'inline with a generated name, what was set by hand': {
      spec: INLINE,
      metadata: { generateName: 'nightly-', labels: { 'tekton.dev/pipeline': 'mine' } },
      label: 'mine',
    },
    'already when it is pending': { spec: `{ ${REFERENCE}, status: PipelineRunPending }`, label: 'p' },
    'also when it was cancelled before it began': { spec: `{ ${REFERENCE}, status: Cancelled }`, label: 'p' },
  }),
)('label tekton.dev/pipeline: %s', (_, { spec, metadata = {}, pipeline, label }) => {
  const simulation = simulate(yaml<PipelineRunSpec>(spec), { metadata, ...(pipeline && { pipeline }) })
  simulation.pass()
  expect(simulation.run().metadata.labels?.['tekton.dev/pipeline']).toBe(label)
  for (const child of simulation.children()) expect(child.metadata.labels?.['tekton.dev/pipeline']).toBe(label)
})

test('a trace that was handed in is shown and handed on to TaskRuns', () => {
  const span = '{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}'
  const spec = `pipelineSpec:
    tasks: [{ name: a, taskRef: { name: t } }, { name: c, taskRef: { apiVersion: example.com/v1, kind: Wait } }]`
  const annotations = { 'tekton.dev/pipelinerunSpanContext': span }
  const simulation = simulate(yaml<PipelineRunSpec>(spec), { metadata: { annotations } })
  simulation.pass()
  expect(simulation.run().status?.spanContext).toEqual(JSON.parse(span))
  const [task, custom] = simulation.children()
  expect(task?.metadata.annotations).toEqual({
    ...annotations,
    'tekton.dev/taskrunSpanContext': span,
    'pipeline.tekton.dev/release': 'unknown',
  })
  expect(custom?.metadata.annotations).toEqual(annotations)
})

test.each(['no JSON', '[]', '{}', '{"traceparent":1}', `{"x":"${'y'.repeat(1024)}"}`])(
  'a trace that is none is nobody’s: %.20s',
  text => {
    const annotations = { 'tekton.dev/pipelinerunSpanContext': text }
    const simulation = simulate(yaml<PipelineRunSpec>(INLINE), { metadata: { annotations } })
    simulation.pass()
    expect(succeededCondition(simulation.run())?.reason).toBe('Running')
    expect(simulation.run().status?.spanContext).toBeUndefined()
  },
)

test('the settings it ran with, in the spelling of Tekton, without what is off', () => {
  const simulation = simulate(yaml<PipelineRunSpec>(INLINE))
  simulation.finish()
  expect(simulation.run().status?.provenance).toEqual({
    featureFlags: {
      awaitSidecarReadiness: true,
      coschedule: 'disabled',
      enableAPIFields: 'alpha',
      enableArtifacts: true,
      enableCELInWhenExpression: true,
      enableConciseResolverSyntax: true,
      enableParamEnum: true,
      enableProvenanceInStatus: true,
      enableStepActions: true,
      enforceNonfalsifiability: 'none',
      maxResultSize: 4096,
      resultExtractionMethod: 'termination-message',
      sendCloudEventsForRuns: true,
      verificationNoMatchPolicy: 'ignore',
    },
  })
})
