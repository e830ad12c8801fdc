/** `pod/<case>.in.yaml` → everything the first pass makes, `pod/<case>.out.yaml`. `npm run golden:update` rewrites. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { reconcileTaskRun } from '../../src/reconcile/task-run.js'
import type { ConfigMap } from '../../src/resources/core.js'
import type { StepActionSpec, TaskRun, TaskSpec } from '../../src/resources/tekton.js'
import { taskRun, worldFor } from '../helpers/task-run-world.js'
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
}

const folder = new URL('pod/', import.meta.url)
const names = readdirSync(folder)
  .filter(file => file.endsWith('.in.yaml'))
  .map(file => file.replace('.in.yaml', ''))

test.each(names)('Pod: %s', name => {
  const { run, task, stepActions, entrypointExists = true } = yaml<Golden>(read(`${name}.in.yaml`))
  const subject = taskRun(run.spec, run.metadata, run.status)
  const world = worldFor(subject, {
    ...(task && { task: { is: 'found', value: task.spec, from: task } }),
    stepActions: new Map(Object.entries(stepActions ?? {}).map(([i, value]) => [Number(i), { is: 'found', value }])),
  })
  const existing = entrypointExists ? ({} as ConfigMap) : undefined
  const { actions } = reconcileTaskRun(subject, { ...world, entrypoint: { ...world.entrypoint, existing } })
  const made = toYaml(actions.map(action => (action.do === 'create' ? action.object : action)))
  if (process.env['UPDATE_GOLDEN']) writeFileSync(new URL(`${name}.out.yaml`, folder), made)
  expect(made).toBe(read(`${name}.out.yaml`))
})

test('every golden Pod still has its case', () => {
  const outs = readdirSync(folder).filter(file => file.endsWith('.out.yaml'))
  expect(outs.filter(file => !existsSync(new URL(file.replace('.out.', '.in.'), folder)))).toEqual([])
  expect(outs.length).toBeGreaterThanOrEqual(12)
})

function read(file: string): string {
  return readFileSync(new URL(file, folder), 'utf8')
}
