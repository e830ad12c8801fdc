/** Nodes that stop answering: no attempt begins while one before it may go on somewhere. */
import { expect, test } from 'vitest'
import type { Cluster } from '../../../src/cluster/cluster.js'
import type { Pod } from '../../../src/resources/core.js'
import { succeededCondition } from '../../../src/status/conditions.js'
import type { PodPlan } from '../../helpers/simulated-kubelet.js'
import { until } from '../../kubelet/until.js'
import { applyTo, clusterWith } from '../../listeners/world.js'
import { type PodEngine, startPodEngine } from './engine.js'

const POD = { namespace: 'default', name: 'build-pod' }
// biome-ignore lint/suspicious/noThenProperty: the word of the plan, which nobody awaits
const SILENCE: PodPlan = { interruption: { at: 'a', then: { is: 'silence' } } }

interface Lost {
  readonly cluster: Cluster
  readonly engine: PodEngine
  /** Lets the engine's clock pass, and has it look. */
  readonly elapse: (ms: number) => Promise<void>
}

/** A run whose node went silent while step `a` ran, and whose Pod the cluster has been deleting since. */
async function lostRun(annotations: Readonly<Record<string, string>>): Promise<Lost> {
  let offsetMs = 0
  const cluster = await clusterWith()
  const plan = (pod: Pod) => (pod.metadata.name === POD.name ? SILENCE : undefined)
  const engine = startPodEngine(cluster, { plan, now: () => Date.now() + offsetMs })
  await applyTo(
    cluster,
    `
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: { name: build, namespace: default, annotations: ${JSON.stringify(annotations)} }
spec: { timeout: 1h, taskSpec: { steps: [{ name: a, image: tool, command: [x] }] } }
`,
  )
  await until('the step to start', () => engine.ran().includes('build step-a 0 start'))
  const words = { reason: 'DeletionByTaintManager', message: 'Taint manager: deleting due to NoExecute taint' }
  await disrupt(cluster, words)
  await cluster.delete('Pod', POD)
  const elapse = async (ms: number): Promise<void> => {
    offsetMs += ms
    const run = await cluster.get('TaskRun', { namespace: 'default', name: 'build' })
    // Any change of the spec is a reason to look.
    await cluster.replace('TaskRun', { ...run!, spec: { ...run!.spec, timeout: `10h${offsetMs}ms` } })
  }
  return { cluster, engine, elapse }
}

async function disrupt(cluster: Cluster, words: { readonly reason: string; readonly message: string }): Promise<void> {
  const pod = await cluster.get('Pod', POD)
  const condition = { type: 'DisruptionTarget', status: 'True' as const, ...words }
  await cluster.replaceStatus('Pod', { ...pod!, status: { ...pod!.status!, conditions: [condition] } })
}

const saying = ({ engine }: Lost, words: RegExp) =>
  until(`the run to say ${words}`, () => words.test(engine.said('build').at(-1) ?? ''))

test('a Pod whose node does not answer ends its run in a while, and not at its timeout', async () => {
  const lost = await lostRun({})
  await saying(
    lost,
    /^Running: The Pod is going: Taint manager: deleting due to NoExecute taint \(DeletionByTaintManager\)$/,
  )
  await lost.elapse(120_000)
  const run = await lost.engine.done('build')
  expect(succeededCondition(run)).toMatchObject({
    reason: 'Failed',
    message: expect.stringMatching(
      /^pod "build-pod" should have ended by .+Z, and its node does not say that it has: Taint manager: .+ \(DeletionByTaintManager\)$/,
    ) as unknown,
  })
  expect(run.metadata.annotations?.['tektite.dev/failure-class']).toBe('infrastructure')
})

test('the next attempt waits until the Pod of the one before is gone', async () => {
  const lost = await lostRun({ 'tektite.dev/retries-infrastructure': '1' })
  await lost.elapse(120_000)
  await saying(lost, /^ToBeRetried: pod "build-pod" should have ended by/)
  await lost.elapse(3_600_000)
  expect((await lost.cluster.list('Pod')).map(({ metadata }) => metadata.name)).toEqual(['build-pod'])
  // As `kubectl delete --force`, or the cluster itself once the node is gone for good.
  await lost.cluster.delete('Pod', POD, { graceSeconds: 0 })
  const run = await lost.engine.done('build')
  expect(succeededCondition(run)?.reason).toBe('Succeeded')
  expect(lost.engine.ran()).toEqual(['build step-a 0 start', 'build step-a 1 start', 'build step-a 1 end'])
})

test('a Pod that is gone says what took it, as far as anybody had heard', async () => {
  const lost = await lostRun({})
  await saying(lost, /The Pod is going/)
  await lost.cluster.delete('Pod', POD, { graceSeconds: 0 })
  const run = await lost.engine.done('build')
  expect(succeededCondition(run)?.message).toMatch(
    /^pod "build-pod" of TaskRun "build" vanished before its steps were done \(Taint manager: .+ \(DeletionByTaintManager\)\)/,
  )
})

test('a Pod that its node refuses is tried again unasked, and one that ran is not', async () => {
  const cluster = await clusterWith()
  const status = { phase: 'Failed' as const, reason: 'OutOfcpu', message: "Pod was rejected: Node didn't have enough" }
  const plans: Readonly<Record<string, PodPlan>> = {
    // biome-ignore lint/suspicious/noThenProperty: the word of the plan, which nobody awaits
    'refused-pod': { interruption: { at: 'bound', then: { is: 'over', status, containers: 'none' } } },
    // biome-ignore lint/suspicious/noThenProperty: the word of the plan, which nobody awaits
    'ran-pod': { interruption: { at: 'a', then: { is: 'over', status, containers: 'killed' } } },
  }
  const engine = startPodEngine(cluster, { plan: pod => plans[pod.metadata.name] })
  for (const name of ['refused', 'ran']) {
    await applyTo(
      cluster,
      `
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: { name: ${name}, namespace: default }
spec: { taskSpec: { steps: [{ name: a, image: tool, command: [x] }] } }
`,
    )
  }
  const refused = await engine.done('refused')
  expect(succeededCondition(refused)?.reason).toBe('Succeeded')
  expect(refused.status?.retriesStatus).toHaveLength(1)
  const ran = await engine.done('ran')
  expect(succeededCondition(ran)?.reason).toBe('StepFailed')
  expect(ran.status?.retriesStatus).toBeUndefined()
})
