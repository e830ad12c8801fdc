/** When the claims that a PipelineRun made go with its end. */
import { expect, test } from 'vitest'
import type { PipelineRunSpec } from '../../src/resources/tekton.js'
import type { FeatureFlags } from '../../src/run/settings.js'
import { succeededCondition } from '../../src/status/conditions.js'
import { cases } from '../helpers/cases.js'
import { yaml } from '../helpers/yaml.js'
import { type Simulation, simulate } from './simulate.js'

const SPEC = yaml<PipelineRunSpec>`
  workspaces:
    - { name: made, volumeClaimTemplate: { spec: { accessModes: [ReadWriteOnce] } } }
    - { name: given, persistentVolumeClaim: { claimName: cache } }
  pipelineSpec:
    workspaces: [{ name: made }, { name: given }]
    tasks: [{ name: a, workspaces: [{ name: made }, { name: given }], taskSpec: { steps: [{ image: i }] } }]`

interface Case {
  readonly coschedule: FeatureFlags['coschedule']
  readonly annotation?: string
  readonly end?: (simulation: Simulation) => unknown
  readonly goes: boolean
}

const finish = (simulation: Simulation) => simulation.finish()

test.each(
  cases<Case>({
    'asked for': { coschedule: 'workspaces', annotation: 'true', goes: true },
    'asked for, without coscheduling': { coschedule: 'disabled', annotation: 'true', goes: true },
    'not in these very words': { coschedule: 'workspaces', annotation: 'True', goes: false },
    'not asked for': { coschedule: 'workspaces', goes: false },
    'always with runs on one node': { coschedule: 'pipelineruns', goes: true },
    'always with isolated runs': { coschedule: 'isolate-pipelinerun', goes: true },
    'of a run that failed': {
      coschedule: 'workspaces',
      annotation: 'true',
      end: simulation => simulation.finish(() => ({ status: 'False' })),
      goes: true,
    },
    'of a run that was cancelled': {
      coschedule: 'workspaces',
      annotation: 'true',
      end(simulation) {
        simulation.pass()
        simulation.request({ status: 'Cancelled' })
        simulation.pass()
      },
      goes: true,
    },
  }),
)('%s', (_, { coschedule, annotation, end = finish, goes }) => {
  const annotations = annotation === undefined ? {} : { 'tekton.dev/auto-cleanup-pvc': annotation }
  const simulation = simulate(SPEC, { flags: { coschedule }, metadata: { annotations } })
  end(simulation)
  expect(succeededCondition(simulation.run())?.status).not.toBe('Unknown')
  const made = simulation
    .actions()
    .flatMap(one => (one.do === 'create' && one.kind === 'PersistentVolumeClaim' ? [one.object.metadata.name] : []))
  const discarded = simulation.actions().filter(one => one.do === 'discard')
  expect(made).toHaveLength(1)
  const [name] = made
  expect(discarded).toEqual(
    goes ? [{ do: 'discard', kind: 'PersistentVolumeClaim', key: { namespace: 'ci', name }, owner: 'run-uid' }] : [],
  )
})
