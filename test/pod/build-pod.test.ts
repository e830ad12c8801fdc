import { expect, test } from 'vitest'
import { reconcileTaskRun } from '../../src/reconcile/task-run/task-run.js'
import type { Step } from '../../src/resources/tekton.js'
import { createdPod, taskRun, worldFor } from '../helpers/task-run-world.js'

function podOf(steps: readonly Step[], more = {}) {
  const run = taskRun({ taskSpec: { steps } }, more)
  return createdPod(reconcileTaskRun(run, worldFor(run)))
}

test('the same run always makes the same Pod', () => {
  const steps = [{ name: 'a', image: 'x', script: 'echo' }]
  expect(JSON.stringify(podOf(steps))).toBe(JSON.stringify(podOf(steps)))
})

test('no step can write what another one says', () => {
  const { spec } = podOf(['a', 'b', 'c'].map(name => ({ name, image: 'x', command: ['x'] })))
  for (const [index, container] of spec.containers.entries()) {
    const words = container.volumeMounts?.filter(({ name }) => /^tekton-internal-(run|steps)$/.test(name)) ?? []
    expect(words).toEqual([
      { name: 'tekton-internal-run', mountPath: '/tekton/run', readOnly: true },
      { name: 'tekton-internal-run', mountPath: `/tekton/run/${index}`, subPath: String(index) },
      { name: 'tekton-internal-steps', mountPath: '/tekton/steps', readOnly: true },
      { name: 'tekton-internal-steps', mountPath: `/tekton/steps/${container.name}`, subPath: container.name },
    ])
  }
})

test('a step that asks for steps by number sees all of them so, and still writes only its own', () => {
  const asking = { name: 'b', image: 'x', script: 'cat /tekton/steps/0/exitCode' }
  const { spec } = podOf([{ name: 'a', image: 'x', script: 'cat /tekton/steps/step-a/exitCode' }, asking])
  const mounts = spec.containers.map(one => one.volumeMounts?.filter(({ name }) => name === 'tekton-internal-steps'))
  expect(mounts[0]).toHaveLength(2)
  expect(mounts[1]).toEqual([
    { name: 'tekton-internal-steps', subPath: 'step-a', readOnly: true, mountPath: '/tekton/steps/step-a' },
    { name: 'tekton-internal-steps', subPath: 'step-a', readOnly: true, mountPath: '/tekton/steps/0' },
    { name: 'tekton-internal-steps', subPath: 'step-b', mountPath: '/tekton/steps/step-b' },
    { name: 'tekton-internal-steps', subPath: 'step-b', mountPath: '/tekton/steps/1' },
  ])
})

test('the words between engine and entrypoint are not the author’s to say', () => {
  const annotations = { 'tekton.dev/ready': 'READY', 'tekton.dev/cancel': 'CANCEL', mine: 'x' }
  const run = taskRun(
    { taskSpec: { steps: [{ image: 'x', command: ['x'] }], sidecars: [{ name: 's', image: 'y' }] } },
    { annotations },
  )
  expect(createdPod(reconcileTaskRun(run, worldFor(run))).metadata.annotations).toEqual({
    mine: 'x',
    'pipeline.tekton.dev/release': 'unknown',
  })
})

test('each volume that is mounted exists, and no Pod has init containers', () => {
  const { spec } = podOf([{ image: 'x', script: 'x' }])
  const volumes = new Set(spec.volumes?.map(({ name }) => name))
  const mounts = spec.containers.flatMap(({ volumeMounts }) => volumeMounts ?? [])
  expect(mounts.length).toBeGreaterThan(5)
  expect(mounts.filter(({ name }) => !volumes.has(name))).toEqual([])
  expect(spec.initContainers).toBeUndefined()
})
