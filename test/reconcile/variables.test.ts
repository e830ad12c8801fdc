/** Which variable stands for what, where: variables.cases.yaml is the users' side of it. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { reconcileTaskRun } from '../../src/reconcile/task-run/task-run.js'
import type {
  Artifacts,
  ParamType,
  ParamValue,
  PipelineSpec,
  Step,
  TaskRun,
  TaskSpec,
} from '../../src/resources/tekton.js'
import { typeOfValue } from '../../src/run/params.js'
import { frozen } from '../helpers/frozen.js'
import { createdPod, taskRun, worldFor } from '../helpers/task-run-world.js'
import { yaml } from '../helpers/yaml.js'
import { type Child, type Ending, simulate } from './simulate.js'

type Table = Readonly<Record<string, ParamValue | null>>

const tables = yaml<Readonly<Record<'task' | 'pipeline task' | 'finally task' | 'inline task', Table>>>(
  readFileSync(new URL('variables.cases.yaml', import.meta.url), 'utf8'),
)

const rows = (table: Table) => Object.entries(table).map(([text, value]) => [text, value ?? text] as const)

const TASK = yaml<TaskSpec>`
params:
  - { name: text }
  - { name: dotted.name }
  - { name: list, type: array }
  - { name: map, type: object, properties: { key: {}, other: {} }, default: { key: unused, other: from the default } }
  - { name: with-default, default: text is $(params.plain) }
  - { name: plain, default: T }
workspaces: [{ name: source }, { name: elsewhere, mountPath: /mnt/$(params.where) }, { name: moved }, { name: optional, optional: true }]
results: [{ name: digest }]
steps: []
`

const SHOWING = yaml<Step>`
name: show
image: i
results: [{ name: own }]
workspaces: [{ name: moved, mountPath: /own/place }]
`

describe('in a step', () => {
  test.each(rows(tables.task))('%s is %s', (text, expected) => {
    const steps = [
      { ...SHOWING, command: ['x'], args: [text] },
      { image: 'i', script: 'true' },
    ]
    const value: TaskSpec = { ...TASK, steps }
    const run = taskRun(
      {
        taskRef: { name: 'the-task' },
        params: yaml`
- { name: text, value: T }
- { name: dotted.name, value: D }
- { name: list, value: [a, b] }
- { name: map, value: { key: from the run } }
- { name: where, value: here }
- { name: undeclared, value: propagated }
- { name: spells-a-param, value: $(params.text) }
- { name: spells-the-context, value: $(context.taskRun.name) }
- { name: spells-a-path, value: $(workspaces.source.path)/x }
`,
        workspaces: yaml`
- { name: source, persistentVolumeClaim: { claimName: the-claim } }
- { name: elsewhere, emptyDir: {} }
- { name: moved, emptyDir: {} }
`,
        retries: 1,
      },
      { name: 'build-7' },
      { retriesStatus: [{}] },
    )
    const decision = reconcileTaskRun(run, worldFor(run, { task: { is: 'found', value, from: { name: 'the-task' } } }))
    const [container] = createdPod(decision).spec.containers
    expect(container?.args?.at(-1)).toBe(expected)
  })
})

const MADE: Ending = { results: { text: 'made', list: ['x', 'y'], map: { k: 'v' } } }
const ARTIFACTS: Artifacts = {
  inputs: [{ name: 'source', values: [{ uri: 'git:x' }] }],
  outputs: [{ name: 'image', values: [{ uri: 'docker:x', digest: { sha256: 'f' } }] }],
}

/** Runs the producers, lets `use` and `last` start, and gives back the child of the one asked for. */
function child(name: 'use' | 'last', text: string, isInline: boolean, type: ParamType = 'string'): TaskRun {
  const step = 'steps: [{ image: i, script: "true" }]'
  const body = isInline
    ? {
        taskSpec: {
          params: [
            { name: 'map', type: 'object', default: { key: 'own' } },
            { name: 'own' },
            { name: 'with-own-value' },
          ],
          steps: [{ image: 'i', script: text }],
        },
      }
    : { taskRef: { name: 'shows' } }
  const params = isInline
    ? [
        { name: 'own', value: 'given' },
        { name: 'with-own-value', value: 'own' },
      ]
    : [{ name: 'shown', value: text }]
  const using = { name, params, retries: 2, ...body }
  const spec = yaml<PipelineSpec>(`
params:
  - { name: text }
  - { name: list, type: array, default: [a, b] }
  - { name: map, type: object, properties: { key: {} }, default: { key: K } }
  - { name: from-others, default: $(params.half) again }
  - { name: half, default: $(params.text) and $(params.text) }
  - { name: with-own-value, default: the pipeline's }
  - { name: spells-a-param, default: unused }
  - { name: spells-the-context, default: unused }
workspaces: [{ name: source }, { name: optional, optional: true }]
tasks:
  - { name: make, taskSpec: { results: [{ name: text }, { name: list, type: array }, { name: map, type: object, properties: { k: {} } }], ${step} } }
  - { name: broken, onError: continue, taskSpec: { results: [{ name: text }], ${step} } }
  - { name: never, when: [{ input: a, operator: in, values: [b] }], taskSpec: { ${step} } }
  - { name: many, matrix: { params: [{ name: n, value: ["0", "1", "2"] }] }, taskSpec: { params: [{ name: n }], results: [{ name: id }], ${step} } }
`)
  const isFinal = name === 'last'
  const simulation = simulate(
    {
      params: [
        { name: 'text', value: 'T' },
        { name: 'spells-a-param', value: '$(params.text)' },
        { name: 'spells-the-context', value: '$(context.pipelineRun.name)' },
      ],
      workspaces: [{ name: 'source', emptyDir: {} }],
      pipelineSpec: frozen({
        ...spec,
        tasks: [
          ...(spec.tasks ?? []),
          ...(isFinal ? [] : [{ ...using, runAfter: ['make', 'broken', 'never', 'many'] }]),
        ],
        ...(isFinal && { finally: [using] }),
      } as PipelineSpec),
    },
    {
      tasks: { [name]: { is: 'found', value: yaml<TaskSpec>(`params: [{ name: shown, type: ${type} }]\n${step}`) } },
      artifactsOf,
    },
  )
  simulation.pass()
  simulation.end('run-make', MADE)
  simulation.end('run-broken', { status: 'False', results: { text: 'before it broke' } })
  for (const n of [0, 1, 2]) simulation.end(`run-many-${n}`, { results: n === 1 ? {} : { id: `id-${n}` } })
  simulation.pass()
  const found = simulation.children().find(one => one.metadata.name === `run-${name}`)
  if (found === undefined) throw new Error(`${name} did not start: ${JSON.stringify(simulation.run().status)}`)
  return found as TaskRun
}

function artifactsOf({ metadata }: Child): Artifacts {
  if (metadata.name === 'run-make') return ARTIFACTS
  const [, n] = /^run-many-(\d)$/.exec(metadata.name) ?? []
  return n === undefined ? {} : { outputs: [{ name: 'part', values: [{ uri: n }] }] }
}

describe('in a param of a pipeline task', () => {
  test.each(rows(tables['pipeline task']))('%s is %s', (text, value) => {
    expect(child('use', text, false, typeOfValue(value)).spec.params).toEqual([{ name: 'shown', value }])
  })
})

describe('in a param of a finally task', () => {
  test.each(rows(tables['finally task']))('%s is %s', (text, value) => {
    expect(child('last', text, false, typeOfValue(value)).spec.params).toEqual([{ name: 'shown', value }])
  })
})

describe('in the script of an inline task', () => {
  test.each(rows(tables['inline task']))('%s is %s', (text, value) => {
    expect(child('use', text, true).spec.taskSpec?.steps[0]?.script).toBe(value)
  })
})
