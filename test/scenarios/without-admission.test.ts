/**
 * A cluster without our webhook: objects are stored as they were written, unfilled and in whatever version's spelling.
 * Each example is run twice, as written and as our own API would have stored it, and comes to the same.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { admitWith } from '../../src/admission/admit.js'
import { createMemoryQueue } from '../../src/queue/memory.js'
import { apiVersionOf, isKind, type Kind } from '../../src/resources/kinds.js'
import { asRecord, type Json } from '../../src/resources/shape.js'
import type { PipelineRun, TaskRun } from '../../src/resources/tekton.js'
import { isDone } from '../../src/status/conditions.js'
import { startWorkers } from '../../workers/workers.js'
import { type ServedStore, serveStore } from '../cluster/served-cluster.js'
import { valuesIn } from '../crds/world.js'
import { ROOT } from '../helpers/cli.js'
import { startSimulatedKubelet } from '../helpers/simulated-kubelet.js'
import { yaml } from '../helpers/yaml.js'
import { until } from '../kubelet/until.js'
import { recordingLog } from '../listeners/world.js'
import { depsFor } from '../reconcile/real-store.js'

const EXAMPLES = join(ROOT, '../shared/tekton-examples')

/** An engine that has its cluster over HTTP, and a store into which anything can be put unseen. */
async function startEngine() {
  const served = await serveStore()
  onTestFinished(() => served.close())
  const { lines, log } = recordingLog()
  const cluster = served.adapter({ log })
  const kubelet = startSimulatedKubelet({ cluster: served.store, writes: 'few' })
  onTestFinished(() => kubelet.close())
  const queue = createMemoryQueue({ log })
  onTestFinished(() => queue.close())
  const deps = { ...depsFor(cluster, Date.now), log, queue }
  const workers = startWorkers(deps, { concurrency: 8 })
  onTestFinished(() => workers.close())
  return { ...served, lines }
}

type Way = 'admitted' | 'unseen'

/** Into a namespace of its own; hands back how many runs it has, and 0 when our API would not take it. */
async function put({ store }: ServedStore, namespace: string, values: readonly unknown[], way: Way): Promise<number> {
  const objects = values.map(value => {
    const { generateName, ...metadata } = asRecord(asRecord(value)['metadata'])
    return { ...asRecord(value), metadata: { name: `${String(generateName)}x`, ...metadata, namespace } }
  })
  await store.create('Namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, namespace: '' } })
  let runs = 0
  for (const object of objects) {
    const kind = String(asRecord(object)['kind'])
    if (!isKind(kind)) throw new Error(`${kind} is none of ours`)
    await store.create(kind, (way === 'admitted' ? admitted(object) : asStored(kind, object)) as never)
    if (kind === 'PipelineRun' || kind === 'TaskRun') runs++
  }
  return runs
}

function admitted(object: unknown): unknown {
  const admission = admitWith({}, object)
  if (admission.is === 'refused') throw new Error(JSON.stringify(admission.problems))
  return admission.object
}

/** As a definition without conversion has it: only the version is another one. */
function asStored(kind: Kind, object: Json): unknown {
  const { status: _status, ...written } = object
  return { ...written, apiVersion: apiVersionOf(kind) }
}

/** What became of a namespace, without what is never the same twice. */
async function outcome({ store }: ServedStore, namespace: string) {
  const [pipelineRuns, taskRuns, pods] = await Promise.all([
    store.list('PipelineRun', { namespace }),
    store.list('TaskRun', { namespace }),
    store.list('Pod', { namespace }),
  ])
  const runOf = ({ metadata, status = {} }: PipelineRun | TaskRun) => ({
    name: metadata.name,
    labels: metadata.labels ?? {},
    status,
  })
  const found = {
    pipelineRuns: pipelineRuns.map(runOf),
    taskRuns: taskRuns.map(runOf),
    pods: pods.map(({ metadata, spec }) => ({
      name: metadata.name,
      labels: metadata.labels,
      annotations: metadata.annotations,
      spec,
    })),
  }
  const uids = [...pipelineRuns, ...taskRuns, ...pods].map(({ metadata }) => metadata.uid)
  const text = uids.reduce((rest, uid, index) => rest.replaceAll(uid, `uid-${index}`), JSON.stringify(found))
  return JSON.parse(
    text
      .replaceAll(namespace, 'NAMESPACE')
      .replaceAll(/\bpvc-[0-9a-f]{10}\b/g, 'pvc-OF-RUN')
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME'),
  ) as typeof found
}

function haveEnded({ store }: ServedStore, namespace: string, count: number): Promise<boolean> {
  return Promise.all([store.list('PipelineRun', { namespace }), store.list('TaskRun', { namespace })]).then(
    lists => lists.flat().length >= count && lists.flat().every(isDone),
  )
}

const files = existsSync(EXAMPLES)
  ? readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.yaml'))
  : []

/** Without what waits for others: resolvers, other controllers. */
function manifestsIn(file: string): readonly unknown[] | undefined {
  const text = readFileSync(file, 'utf8')
  const values = valuesIn(text)
  const areOurs = values.every(value => isKind(String(asRecord(value)['kind'])))
  return areOurs && !/resolver:|customRef/.test(text) ? values : undefined
}

test.skipIf(files.length === 0)('examples of Tekton come to the same', { timeout: 120_000 }, async () => {
  const engine = await startEngine()
  const running: { readonly file: string; readonly namespace: string; readonly runs: number }[] = []
  for (const [index, file] of files.entries()) {
    // All 74 were compared when this was written; a third of them keeps the test short.
    const values = index % 3 === 0 ? manifestsIn(join(EXAMPLES, file)) : undefined
    if (values === undefined) continue
    const runs = await put(engine, `admitted-${index}`, values, 'admitted')
    await put(engine, `unseen-${index}`, values, 'unseen')
    if (runs > 0) running.push({ file, namespace: String(index), runs })
  }
  expect(running.length).toBeGreaterThan(20)
  for (const { file, namespace, runs } of running) {
    for (const way of ['admitted', 'unseen']) {
      await until(`${file} to end, ${way}`, () => haveEnded(engine, `${way}-${namespace}`, runs))
    }
    expect(await outcome(engine, `unseen-${namespace}`), file).toEqual(await outcome(engine, `admitted-${namespace}`))
  }
})

const OLD = yaml<readonly Json[]>`
- apiVersion: tekton.dev/v1beta1
  kind: Task
  metadata: { name: t }
  spec:
    params: [{ name: count, type: string, default: 3 }]
    results: [{ name: sum }]
    stepTemplate: { name: ignored, env: [{ name: A, value: b }] }
    steps:
      - { name: s, image: i, resources: { limits: { cpu: 1 } }, script: "echo $(params.count)" }
- apiVersion: tekton.dev/v1beta1
  kind: PipelineRun
  metadata: { name: run }
  spec:
    serviceAccountName: builder
    timeout: 90s
    podTemplate: { nodeSelector: { disk: fast } }
    taskRunSpecs:
      - { pipelineTaskName: a, taskServiceAccountName: other, stepOverrides: [{ name: s, resources: { requests: { cpu: 0.5 } } }] }
    params: [{ name: count, value: 5 }]
    pipelineSpec:
      params: [{ name: count }]
      tasks:
        - { name: a, taskRef: { name: t }, params: [{ name: count, value: $(params.count) }] }
        - { name: b, taskSpec: { Steps: [{ image: i, script: "true", resources: { limits: { memory: 1Gi } } }] } }
`

test('what is written in v1beta1, and stored under the name of v1, comes to the same', async () => {
  const engine = await startEngine()
  for (const namespace of ['admitted', 'unseen'] as const) {
    await put(engine, namespace, OLD, namespace)
    for (const name of ['builder', 'other']) {
      const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } }
      await engine.store.create('ServiceAccount', account as never)
    }
    await until('the run to end', () => haveEnded(engine, namespace, 3))
  }
  const [admitted, unseen] = [await outcome(engine, 'admitted'), await outcome(engine, 'unseen')]
  // This API server, unlike one without a webhook, takes no label for a run in another spelling than its own.
  const withoutLabels = ({ labels: _, ...run }: (typeof admitted.pipelineRuns)[number]) => run
  expect({ ...unseen, pipelineRuns: unseen.pipelineRuns.map(withoutLabels) }).toEqual({
    ...admitted,
    pipelineRuns: admitted.pipelineRuns.map(withoutLabels),
  })
  expect(admitted.pipelineRuns[0]?.status.conditions).toMatchObject([{ status: 'True', reason: 'Succeeded' }])
  expect(admitted.pods).toHaveLength(2)
})

const INVALID = join(ROOT, 'test/invalid')

test('a run that our API would refuse ends, in the same words', { timeout: 60_000 }, async () => {
  const engine = await startEngine()
  const running: { readonly file: string; readonly namespace: string; readonly texts: readonly string[] }[] = []
  for (const [index, file] of readdirSync(INVALID).entries()) {
    const [object, ...others] = safely(() => valuesIn(readFileSync(join(INVALID, file), 'utf8'))) ?? []
    const { kind, apiVersion } = asRecord(object)
    const isRun = kind === 'PipelineRun' || kind === 'TaskRun'
    if (!isRun || others.length > 0 || !String(apiVersion).startsWith('tekton.dev/')) continue
    const admission = admitWith({}, object)
    if (admission.is === 'ok') throw new Error(`${file} is not refused`)
    const namespace = `invalid-${index}`
    await put(engine, namespace, [{ ...asRecord(object), metadata: { name: 'run' } }], 'unseen')
    // A schema says that of a cluster; and names that are not taken there.
    const texts = admission.problems
      .filter(
        ({ unknownField, message, paths }) =>
          !unknownField && !/unknown field/.test(message) && !/^metadata/.test(paths[0] ?? ''),
      )
      .map(({ message }) => message)
    running.push({ file, namespace, texts })
  }
  expect(running.length).toBeGreaterThan(40)
  for (const { file, namespace, texts } of running) {
    await until(`${file} to end`, () => haveEnded(engine, namespace, 1))
    const { pipelineRuns, taskRuns } = await outcome(engine, namespace)
    const [condition] = [...pipelineRuns, ...taskRuns][0]?.status.conditions ?? []
    expect(condition, file).toMatchObject({ type: 'Succeeded', status: 'False' })
    for (const text of texts) expect(condition?.message, file).toContain(text)
  }
})

test('a Task that our API would refuse fails its runs', async () => {
  const engine = await startEngine()
  const objects = yaml<readonly Json[]>`
- { apiVersion: tekton.dev/v1, kind: Task, metadata: { name: t }, spec: { steps: [{ image: i, script: "echo $(params.nobody)" }] } }
- { apiVersion: tekton.dev/v1, kind: TaskRun, metadata: { name: run }, spec: { taskRef: { name: t } } }
- { apiVersion: tekton.dev/v1beta1, kind: Task, metadata: { name: old }, spec: { resources: { inputs: [] }, steps: [{ image: i }] } }
- { apiVersion: tekton.dev/v1, kind: TaskRun, metadata: { name: of-old }, spec: { taskRef: { name: old } } }
`
  await put(engine, 'of-nobody', objects, 'unseen')
  await until('both to end', () => haveEnded(engine, 'of-nobody', 2))
  const { taskRuns, pods } = await outcome(engine, 'of-nobody')
  expect(
    taskRuns.map(({ name, status }) => [name, status.conditions?.[0]?.reason, status.conditions?.[0]?.message]),
  ).toEqual([
    ['of-old', 'TaskRunResolutionFailed', expect.stringContaining('must not set the field(s): spec.resources')],
    ['run', 'TaskValidationFailed', expect.stringContaining('non-existent variable in "echo $(params.nobody)"')],
  ])
  expect(pods).toEqual([])
})

function safely<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
