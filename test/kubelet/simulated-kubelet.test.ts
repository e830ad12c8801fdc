/** The simulated kubelet is held against the real one: the same runs by both, and the same is said of their Pods. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Cluster } from '../../src/cluster/cluster.js'
import { readOwnEntrypoint } from '../../src/entrypoint-files.js'
import { startKubelet } from '../../src/kubelet/kubelet.js'
import { createProcessRuntime } from '../../src/kubelet/process.js'
import { createShells } from '../../src/kubelet/shells.js'
import { SILENT } from '../../src/lib/log.js'
import { createFileLogStore } from '../../src/logs/files.js'
import { createMemoryQueue } from '../../src/queue/memory.js'
import type { Pod } from '../../src/resources/core.js'
import { DEFAULT_SETTINGS } from '../../src/run/settings.js'
import { isDone, succeededCondition } from '../../src/status/conditions.js'
import { startWorkers } from '../../workers/workers.js'
import { serveStore } from '../cluster/served-cluster.js'
import { ROOT } from '../helpers/cli.js'
import { type PodPlan, startSimulatedKubelet } from '../helpers/simulated-kubelet.js'
import { temporaryDirectory } from '../helpers/temp-directory.js'
import { applyTo, clusterWith } from '../listeners/world.js'
import { until } from './until.js'

interface Case {
  readonly name: string
  readonly spec: string
  readonly plan?: PodPlan
}

const CASES: readonly Case[] = [
  {
    name: 'results',
    spec: `
      results: [{ name: sum }]
      steps:
        - { name: a, image: sh, script: "echo -n 42 > $(results.sum.path)" }
        - { name: b, image: sh, results: [{ name: own }], script: "echo -n mine > $(step.results.own.path)" }`,
    plan: { results: { sum: '42' }, steps: { b: { stepResults: { own: 'mine' } } } },
  },
  {
    name: 'failing',
    spec: `
      steps:
        - { name: a, image: sh, onError: continue, script: "exit 3" }
        - { name: b, image: sh, script: "exit 7" }
        - { name: c, image: sh, script: "true" }`,
    plan: { steps: { a: { exitCode: 3 }, b: { exitCode: 7 } } },
  },
  {
    name: 'late',
    spec: `
      steps:
        - { name: a, image: sh, timeout: 100ms, script: "sleep 60" }`,
    plan: { steps: { a: { ms: 60_000 } } },
  },
  {
    name: 'attended',
    spec: `
      steps: [{ name: a, image: sh, script: "true" }]
      sidecars: [{ name: beside, image: sh, script: "exec sleep 60" }]`,
  },
]

test('the simulated kubelet says of Pods what the real one says', { timeout: 60_000 }, async () => {
  const real = await podsBy(async cluster => {
    const dataDir = temporaryDirectory('real-kubelet')
    const path = process.env['PATH'] ?? ''
    const shells = createShells({ dir: join(dataDir, 'shells'), path })
    const shimPath = join(ROOT, 'entrypoint/build/shim')
    const runtime = createProcessRuntime({ rootDir: join(dataDir, 'pods'), shimPath, isolation: 'auto', shells })
    const rewritesPaths = (await runtime.isolation()) === 'rewrite'
    const logs = createFileLogStore({ directory: join(dataDir, 'logs') })
    const baseEnv = { PATH: path, HOME: dataDir }
    const options = { cluster, runtime, logs, dataDir, now: Date.now, log: SILENT, baseEnv, rewritesPaths }
    const kubelet = await startKubelet(options)
    return async () => {
      await kubelet.close()
      await runtime.close()
    }
  })
  const planned = new Map(CASES.map(({ name, plan }) => [`${name}-pod`, plan]))
  const simulated = await podsBy(async cluster => {
    const kubelet = startSimulatedKubelet({ cluster, plan: pod => planned.get(pod.metadata.name) })
    return () => kubelet.close()
  })
  expect(simulated.map(comparable)).toEqual(real.map(comparable))
})

test('a simulated kubelet that is killed goes on from its ledger, and no step runs twice', async () => {
  const ledger = join(temporaryDirectory('ledger'), 'ledger')
  const cluster = await clusterWith()
  await engineOn(cluster)
  await applyTo(cluster, runOf({ name: 'one', spec: TWO_STEPS }))
  const lines = () => readFileSync(ledger, 'utf8').trim().split('\n')
  const first = startSimulatedKubelet({ cluster, ledger, stepMs: 60_000 })
  await until('the first step to start', () => existsSync(ledger) && lines().length === 1)
  await first.close()
  const second = startSimulatedKubelet({ cluster, ledger })
  onTestFinished(() => second.close())
  await until('the run', async () => (await cluster.list('TaskRun')).every(isDone))
  expect(lines().map(line => line.split(' ').slice(1, 5).join(' '))).toEqual([
    'one step-a 0 start',
    'one step-a 0 end',
    'one step-b 0 start',
    'one step-b 0 end',
  ])
  const [run] = await cluster.list('TaskRun')
  expect(succeededCondition(run!)).toMatchObject({ status: 'True', reason: 'Succeeded' })
})

test('without a ledger, what ran under a simulated kubelet that was killed is lost', async () => {
  const cluster = await clusterWith()
  await engineOn(cluster)
  await applyTo(cluster, runOf({ name: 'one', spec: TWO_STEPS }))
  const starts: string[] = []
  const first = startSimulatedKubelet({ cluster, stepMs: 60_000, ledger: line => starts.push(line) })
  await until('the first step to start', () => starts.length === 1)
  await first.close()
  const second = startSimulatedKubelet({ cluster, ledger: line => starts.push(line) })
  onTestFinished(() => second.close())
  await until('the run', async () => (await cluster.list('TaskRun')).every(isDone))
  expect(starts).toHaveLength(1)
  const [run] = await cluster.list('TaskRun')
  expect(run?.status?.steps?.map(({ terminated }) => terminated?.reason)).toEqual([
    'ContainerStatusUnknown',
    'ContainerStatusUnknown',
  ])
})

test('a Pod that is deleted ends its step and goes', async () => {
  const cluster = await clusterWith()
  await engineOn(cluster)
  await applyTo(cluster, runOf({ name: 'one', spec: TWO_STEPS }))
  const lines: string[] = []
  const kubelet = startSimulatedKubelet({ cluster, stepMs: 60_000, ledger: line => lines.push(line) })
  onTestFinished(() => kubelet.close())
  await until('the first step to start', () => lines.length === 1)
  await cluster.delete('Pod', { namespace: 'default', name: 'one-pod' })
  await until('the Pod to go', async () => (await cluster.list('Pod')).length === 0)
  expect(lines.map(line => line.split(' ').slice(2, 5).join(' '))).toEqual(['step-a 0 start', 'step-a 0 end'])
})

test.each(['every', 'few', 'one'])('as a process over HTTP, writing %s', { timeout: 60_000 }, async writes => {
  const served = await serveStore()
  onTestFinished(() => served.close())
  await engineOn(served.store)
  const folder = temporaryDirectory('simulated')
  const kubeconfig = join(folder, 'kubeconfig')
  writeFileSync(kubeconfig, served.kubeconfig)
  const ledger = join(folder, 'ledger')
  const program = join(ROOT, 'test/helpers/simulated-kubelet-process.js')
  const args = [program, '--kubeconfig', kubeconfig, '--ledger', ledger, '--writes', writes]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  await applyTo(served.store, runOf({ name: 'one', spec: TWO_STEPS }), runOf(CASES[3]!))
  await until('the runs', async () => (await served.store.list('TaskRun')).every(isDone), 30_000)
  const runs = await served.store.list('TaskRun')
  expect(runs.map(run => succeededCondition(run)?.reason)).toEqual(['Succeeded', 'Succeeded'])
  expect(readFileSync(ledger, 'utf8').trim().split('\n')).toHaveLength(6)
  child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
})

const TWO_STEPS = `
      steps:
        - { name: a, image: sh, script: "true" }
        - { name: b, image: sh, script: "true" }`

/** The Pods of all cases, once their runs are done. */
async function podsBy(startKubelet: (cluster: Cluster) => Promise<() => Promise<void>>): Promise<readonly Pod[]> {
  const cluster = await clusterWith()
  await engineOn(cluster)
  onTestFinished(await startKubelet(cluster))
  await applyTo(cluster, ...CASES.map(runOf))
  await until('all runs', async () => (await cluster.list('TaskRun')).every(isDone), 30_000)
  const pods = await until('all Pods', async () => {
    const found = await cluster.list('Pod')
    return found.every(({ status }) => /Succeeded|Failed/.test(status?.phase ?? '')) && found
  })
  expect(pods).toHaveLength(CASES.length)
  return pods
}

async function engineOn(cluster: Cluster): Promise<void> {
  const entrypoint = await readOwnEntrypoint(join(ROOT, 'entrypoint/build'))
  const queue = createMemoryQueue({ log: SILENT })
  const deps = { cluster, queue, settings: () => DEFAULT_SETTINGS, entrypoint, now: Date.now, log: SILENT }
  const workers = startWorkers(deps, { concurrency: 8 })
  onTestFinished(async () => {
    await workers.close()
    await queue.close()
  })
}

function runOf({ name, spec }: Case): string {
  return `
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: { name: ${name} }
spec:
  taskSpec: ${spec}
`
}

const UNCOMPARED = new Set([
  ...['startTime', 'startedAt', 'finishedAt', 'lastTransitionTime', 'containerID', 'podIP', 'hostIP'],
  // A container runtime does not tell it, whoever waits for a process of its own knows it.
  'signal',
])

/** Without times, ids and addresses, and without what only kubelets of other versions say. */
function comparable({ metadata, status }: Pod): unknown {
  const text = JSON.stringify(status, (key, value: unknown) => {
    if (UNCOMPARED.has(key)) return undefined
    if (key === 'conditions') {
      return (value as { type: string }[]).filter(({ type }) => type !== 'PodReadyToStartContainers')
    }
    if (key === 'message') return `${value}`.replace(/\d{4}-[0-9T:.-]+Z/g, '<time>')
    return value
  })
  return { name: metadata.name, status: JSON.parse(text) as unknown }
}
