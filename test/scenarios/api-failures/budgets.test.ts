/** Budgets by class of failure, over a whole engine: who fails is tried again, with a new Pod, and the status tells all of it. */
import { expect, test } from 'vitest'
import { succeededCondition } from '../../../src/status/conditions.js'
import type { PodPlan } from '../../helpers/simulated-kubelet.js'
import { expectNoErrors, startWorld, TASK_RUN } from './world.js'

const EVICTED: PodPlan = {
  interruption: {
    at: 'bound',
    // biome-ignore lint/suspicious/noThenProperty: the word of the plan, which nobody awaits
    then: {
      is: 'over',
      status: { phase: 'Failed', reason: 'Evicted', message: 'The node had condition: [DiskPressure].' },
      containers: 'none',
    },
  },
}

test('the budget of a PipelineRun pays for each of its TaskRuns, and the pipeline sees one task', async () => {
  const manifest = `
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata:
  name: run
  annotations: { tektite.dev/retries-memory: "1", tektite.dev/retries-user: "2" }
spec:
  pipelineSpec:
    tasks:
      - { name: hungry, taskSpec: { steps: [{ name: s, image: sh, script: "true" }] } }
      - { name: shaky, taskSpec: { results: [{ name: r }], steps: [{ name: s, image: sh, script: "true" }] } }
    results: [{ name: r, value: $(tasks.shaky.results.r) }]
`
  const world = await startWorld(manifest, {
    plan(pod) {
      if (pod === 'run-hungry-pod') return { steps: { s: { exitCode: 137, reason: 'OOMKilled' } } }
      if (/^run-shaky-pod(-retry1)?$/.test(pod)) return { steps: { s: { exitCode: 1 } } }
      return { results: { r: 'at last' } }
    },
  })
  const run = await world.ended('PipelineRun', 'run')
  expect(succeededCondition(run)).toMatchObject({ status: 'True' })
  expect(run.status?.results).toEqual([{ name: 'r', value: 'at last' }])
  expect(run.status?.childReferences).toHaveLength(2)
  const attempts = async (name: string) =>
    (await world.ended('TaskRun', name)).status?.retriesStatus?.map(({ conditions }) =>
      conditions?.map(({ reason }) => reason),
    )
  expect(await attempts('run-hungry')).toEqual([['StepOOM', 'Memory']])
  expect(await attempts('run-shaky')).toEqual([
    ['StepFailed', 'User'],
    ['StepFailed', 'User'],
  ])
  expectNoErrors(world)
})

test('a Pod that is evicted before a step is begun is made again, and nobody had to ask', async () => {
  const world = await startWorld(TASK_RUN, { plan: pod => (pod === 'one-pod-retry2' ? undefined : EVICTED) })
  const run = await world.ended('TaskRun', 'one')
  expect(succeededCondition(run)).toMatchObject({ status: 'True' })
  expect(run.status?.retriesStatus?.map(({ podName }) => podName)).toEqual(['one-pod', 'one-pod-retry1'])
  expect(run.status?.retriesStatus?.[1]?.conditions?.[1]?.message).toBe(
    'infrastructure failure, tried again from tektite.dev/retries-infrastructure: 2 of 3',
  )
  expect(run.metadata.annotations?.['tektite.dev/failure-class']).toBeUndefined()
  expectNoErrors(world)
})

test('with the budget used up it has failed, and says whose fault it was', async () => {
  const manifest = TASK_RUN.replace('name: one', 'name: one, annotations: { tektite.dev/retries-infrastructure: "1" }')
  const world = await startWorld(manifest, { plan: () => EVICTED })
  const run = await world.ended('TaskRun', 'one')
  expect(succeededCondition(run)).toMatchObject({ status: 'False', reason: 'PodEvicted' })
  expect(run.metadata.annotations?.['tektite.dev/failure-class']).toBe('infrastructure')
  expect(run.status?.retriesStatus).toHaveLength(1)
  expect((await world.store.list('Pod')).map(({ metadata }) => metadata.name)).toEqual(['one-pod', 'one-pod-retry1'])
})
