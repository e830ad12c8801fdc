/** What the scenarios of test/scenarios/pod-failures cannot show: whether it is known for sure that no step was begun. */
import { expect, test } from 'vitest'
import type { ContainerStatus, Pod, PodStatus } from '../../src/resources/core.js'
import { neverStarted } from '../../src/status/never-started.js'
import { cases } from '../helpers/cases.js'
import { containerStatus, exited, running, storedPod } from '../helpers/task-run-world.js'

const waits = (name: string, reason: string): ContainerStatus => containerStatus(name, { waiting: { reason } })
const disrupted = (reason: string) => ({ type: 'DisruptionTarget', status: 'True' as const, reason })

test.each(
  cases<{ readonly status: PodStatus; readonly isHeld?: true; readonly expected: boolean }>({
    'the node refused it': { status: { phase: 'Failed', reason: 'OutOfcpu' }, expected: true },
    'it was evicted before its containers began': {
      status: { phase: 'Failed', reason: 'Evicted', containerStatuses: [waits('step-a', 'ContainerCreating')] },
      expected: true,
    },
    'it was evicted while it ran': {
      status: { phase: 'Failed', reason: 'Evicted', containerStatuses: [containerStatus('step-a', exited(137))] },
      expected: false,
    },
    'its node is gone, and was last heard of before': {
      status: {
        phase: 'Failed',
        conditions: [disrupted('DeletionByPodGC')],
        containerStatuses: [waits('step-a', 'ContainerCreating')],
      },
      expected: false,
    },
    'its node does not answer': {
      status: { phase: 'Failed', reason: 'NodeLost', containerStatuses: [waits('step-a', 'ContainerCreating')] },
      expected: false,
    },
    'the image of its first step cannot be pulled': {
      status: { phase: 'Pending', containerStatuses: [waits('step-a', 'ImagePullBackOff'), waits('step-b', 'x')] },
      expected: true,
    },
    'the image of its second step cannot be pulled, and the first is about to start': {
      status: {
        phase: 'Pending',
        containerStatuses: [waits('step-a', 'ContainerCreating'), waits('step-b', 'ImagePullBackOff')],
      },
      expected: false,
    },
    'its first container could not be started': {
      status: { phase: 'Running', containerStatuses: [containerStatus('step-a', exited(128, [], 'StartError'))] },
      expected: true,
    },
    'it waits for a node, and may have one by now': { status: { phase: 'Pending' }, expected: false },
    'it runs': {
      status: { phase: 'Running', containerStatuses: [containerStatus('step-a', running())] },
      expected: false,
    },
    'it runs, and its first step waits for a sidecar': {
      status: { phase: 'Running', containerStatuses: [containerStatus('step-a', running())] },
      isHeld: true,
      expected: true,
    },
  }),
)('is it sure that no step was begun? %s', (_, { status, isHeld, expected }) => {
  expect(neverStarted(podOf(status, isHeld !== true))).toBe(expected)
})

function podOf(status: PodStatus, isReady: boolean): Pod {
  const containers = ['step-a', 'step-b', 'sidecar-db'].map(name => ({ name, image: 'tool' }))
  const annotations: Record<string, string> = isReady ? { 'tekton.dev/ready': 'READY' } : {}
  const metadata = { namespace: 'ci', name: 'build-pod', annotations }
  return storedPod({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { restartPolicy: 'Never', containers } }, status)
}
