/**
 * What runs ask of the API server. A task of one step costs at most six writes: its TaskRun, its Pod, three statuses of the
 * TaskRun (it waits, it runs, it has ended) and one of the PipelineRun; a PipelineRun costs two or three of its own.
 */
import { expect, test } from 'vitest'
import type { SimulatedKubeletOptions } from '../../helpers/simulated-kubelet.js'
import { startCountedEngine } from './counted-engine.js'

const PER_TASK = 6
/** The label of its pipeline, its first status, its last. */
const PER_RUN = 3

interface Shape {
  readonly shape: string
  readonly tasks: number
  readonly spec: readonly string[]
  /** What a task may ask at most, on average, and what is to be read for it. */
  readonly reads: number
  readonly writes?: number
  readonly plan?: SimulatedKubeletOptions['plan']
  readonly kubelet?: SimulatedKubeletOptions['writes']
}

const inline = 'taskSpec: { steps: [{ name: s, image: alpine, script: "true" }] }'
const each = (count: number, task: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => task(index))
const after = (index: number) => (index > 0 ? `, runAfter: [t${index - 1}]` : '')
const inRow = each(10, index => `{ name: t${index}${after(index)}, ${inline} }`)

const SHAPES: readonly Shape[] = [
  { shape: 'one task', tasks: 1, spec: [`{ name: t, ${inline} }`], reads: 10 },
  { shape: '10 tasks in a row', tasks: 10, spec: inRow, reads: 9 },
  { shape: '10 tasks in a row, and Pods that say all they do', tasks: 10, spec: inRow, kubelet: 'every', reads: 10 },
  { shape: '50 tasks at once', tasks: 50, spec: each(50, index => `{ name: t${index}, ${inline} }`), reads: 14 },
  {
    shape: '10 tasks in a row that refer to a Task',
    tasks: 10,
    spec: each(10, index => `{ name: t${index}${after(index)}, taskRef: { name: noop } }`),
    reads: 11,
  },
  {
    shape: 'a matrix of 12, then a task',
    tasks: 13,
    spec: [
      `{ name: many, matrix: { params: [{ name: number, value: [${each(12, String).map(n => `"${n}"`)}] }] }, ${inline} }`,
      `{ name: last, runAfter: [many], ${inline} }`,
    ],
    reads: 12,
  },
  {
    // Each try has a Pod and three statuses of its own; one more tells that it failed.
    shape: 'a task that ends well at its third try',
    tasks: 1,
    spec: [`{ name: t, retries: 2, ${inline} }`],
    plan: ({ metadata }) => (metadata.name.includes('retry2') ? undefined : { steps: { s: { exitCode: 1 } } }),
    writes: 16,
    reads: 24,
  },
  {
    // Besides: the Pod is told that its sidecars are ready, and that they are to stop.
    shape: 'a task with a sidecar',
    tasks: 1,
    spec: [
      '{ name: t, taskSpec: { steps: [{ name: s, image: alpine, script: "true" }], sidecars: [{ name: db, image: db }] } }',
    ],
    writes: 9,
    reads: 18,
  },
  {
    // Steps that end while others go on are told together.
    shape: 'a task of ten short steps',
    tasks: 1,
    spec: [
      `{ name: t, taskSpec: { steps: [${each(10, index => `{ name: s${index}, image: alpine, script: "true" }`)}] } }`,
    ],
    kubelet: 'every',
    reads: 12,
  },
]

test.each(SHAPES)('$shape', async ({ spec, tasks, reads, plan, writes = PER_TASK, kubelet = 'few' }) => {
  const engine = await startCountedEngine({ writes: kubelet, ...(plan && { plan }) })
  await engine.apply(`
apiVersion: tekton.dev/v1
kind: Task
metadata: { name: noop, labels: { team: a } }
spec: { steps: [{ name: s, image: alpine, script: "true" }] }
`)
  const run = (name: string) =>
    engine.apply(`
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: ${name} }
spec:
  pipelineSpec:
    tasks:
${spec.map(task => `      - ${task}`).join('\n')}
`)
  const asked = await engine.asked(async () => {
    await run('run')
    expect((await engine.ended('run')).status?.conditions?.[0]).toMatchObject({ status: 'True' })
  })
  const told = JSON.stringify([...asked.calls])
  expect(asked.writes, told).toBeLessThanOrEqual(tasks * writes + PER_RUN)
  expect(asked.reads, told).toBeLessThanOrEqual(tasks * reads)
  // Woken for nothing, runs that have ended cost a read each; those that go on are read, and nothing is written.
  const idle = await engine.asked(() => engine.wake('PipelineRun', 'run'))
  expect(idle).toMatchObject({ writes: 0, reads: 1, passes: 1 })
})

test('passes over what goes on and has not changed write nothing, and read by name', async () => {
  const engine = await startCountedEngine({ stepMs: 3_600_000 })
  await engine.apply(`
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: { name: run }
spec:
  pipelineSpec:
    tasks:
${inRow.map(task => `      - ${task}`).join('\n')}
`)
  await engine.rest()
  const pipelineRun = await engine.asked(() => engine.wake('PipelineRun', 'run'))
  expect([...pipelineRun.calls]).toEqual([
    ['get pipelineruns', 1],
    ['get taskruns', 1],
  ])
  const taskRun = await engine.asked(() => engine.wake('TaskRun', 'run-t0'))
  expect([...taskRun.calls]).toEqual([
    ['get taskruns', 1],
    ['get pods', 1],
  ])
})
