/** `pod/<case>.in.yaml` → everything the first pass makes, `pod/<case>.out.yaml`. `npm run golden:update` rewrites. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { ClaimFacts } from '../../src/pod/coschedule.js'
import type { EntrypointOffer } from '../../src/pod/entrypoint-place.js'
import type { PodMaterial } from '../../src/reconcile/decision.js'
import { reconcileTaskRun } from '../../src/reconcile/task-run/task-run.js'
import type { StepActionSpec, TaskRun, TaskSpec } from '../../src/resources/tekton.js'
import { DEFAULT_SETTINGS, type FeatureFlags, type Settings } from '../../src/run/settings.js'
import { entrypointThere, podMaterial, taskRun, worldFor } from '../helpers/task-run-world.js'
import { toYaml, yaml } from '../helpers/yaml.js'

interface Golden {
  readonly run: {
    readonly metadata?: Partial<TaskRun['metadata']>
    readonly spec: TaskRun['spec']
    readonly status?: TaskRun['status']
  }
  readonly task?: { readonly name: string; readonly labels?: Record<string, string>; readonly spec: TaskSpec }
  readonly stepActions?: Readonly<Record<string, StepActionSpec>>
  readonly entrypointExists?: boolean
  readonly secrets?: PodMaterial['secrets']
  readonly limitRanges?: PodMaterial['limitRanges']
  readonly restricted?: boolean
  readonly nodes?: PodMaterial['nodes']
  readonly entrypoint?: Partial<EntrypointOffer>
  readonly claims?: Readonly<Record<string, ClaimFacts>>
  readonly settings?: Partial<Omit<Settings, 'flags'>> & { readonly flags?: Partial<FeatureFlags> }
}

const folder = new URL('pod/', import.meta.url)
const names = readdirSync(folder)
  .filter(file => file.endsWith('.in.yaml'))
  .map(file => file.replace('.in.yaml', ''))

test.each(names)('Pod: %s', name => {
  const golden = yaml<Golden>(read(`${name}.in.yaml`))
  const { run, task, stepActions, entrypointExists = true, secrets = [], limitRanges = [], settings } = golden
  const { restricted = false, nodes, claims = {} } = golden
  const { offer } = entrypointThere()
  const subject = taskRun(run.spec, run.metadata, run.status)
  const world = worldFor(subject, {
    ...(task && { task: { is: 'found', value: task.spec, from: task } }),
    stepActions: new Map(Object.entries(stepActions ?? {}).map(([i, value]) => [Number(i), { is: 'found', value }])),
    settings: {
      ...DEFAULT_SETTINGS,
      ...settings,
      flags: { ...DEFAULT_SETTINGS.flags, ...settings?.flags },
    },
    toMakePod: podMaterial({
      secrets,
      limitRanges,
      restricted,
      nodes,
      claims: new Map(Object.entries(claims)),
      entrypoint: entrypointThere({ exists: entrypointExists, offer: { ...offer, ...golden.entrypoint } }),
    }),
  })
  const { actions } = reconcileTaskRun(subject, world)
  const made = toYaml(actions.map(action => (action.do === 'create' ? action.object : action)))
  if (process.env['UPDATE_GOLDEN']) writeFileSync(new URL(`${name}.out.yaml`, folder), made)
  expect(made).toBe(read(`${name}.out.yaml`))
})

test('every golden Pod still has its case', () => {
  const outs = readdirSync(folder).filter(file => file.endsWith('.out.yaml'))
  expect(outs.filter(file => !existsSync(new URL(file.replace('.out.', '.in.'), folder)))).toEqual([])
  expect(outs.length).toBeGreaterThanOrEqual(30)
})

function read(file: string): string {
  return readFileSync(new URL(file, folder), 'utf8')
}
