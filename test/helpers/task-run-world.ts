/** A small world for TaskRun decisions: what observe would read, without a cluster. */
import type { Decision, EntrypointThere, PodMaterial, TaskRunWorld } from '../../src/reconcile/decision.js'
import type { ContainerStatus, Pod, PodStatus } from '../../src/resources/core.js'
import type { New } from '../../src/resources/meta.js'
import type { TaskRun, TaskRunSpec, TaskRunStatus } from '../../src/resources/tekton.js'
import { DEFAULT_SETTINGS } from '../../src/run/settings.js'
import { frozen } from './frozen.js'

export const NOW = Date.parse('2026-01-02T03:04:05Z')

export function taskRun(spec: TaskRunSpec, more: Partial<TaskRun['metadata']> = {}, status?: TaskRunStatus): TaskRun {
  return frozen({
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: {
      name: 'build',
      namespace: 'ci',
      uid: 'run-uid',
      resourceVersion: '1',
      creationTimestamp: '2026-01-02T03:04:05Z',
      ...more,
    },
    spec,
    ...(status && { status }),
  })
}

export function podMaterial(more: Partial<PodMaterial> = {}): PodMaterial {
  return {
    claims: new Map(),
    serviceAccountExists: true,
    secrets: [],
    limitRanges: [],
    restricted: false,
    nodes: undefined,
    entrypoint: entrypointThere(),
    ...more,
  }
}

export function entrypointThere(more: Partial<EntrypointThere> = {}): EntrypointThere {
  return {
    name: 'tektite-entrypoint-0123456789',
    offer: { architectures: ['amd64'], defaultArchitecture: 'amd64', hasNodes: false },
    exists: false,
    binaryData: () => ({ 'entrypoint-amd64': 'AAAA' }),
    ...more,
  }
}

export function worldFor(run: TaskRun, more: Partial<TaskRunWorld> = {}): TaskRunWorld {
  return {
    now: NOW,
    settings: DEFAULT_SETTINGS,
    task: run.spec.taskSpec
      ? { is: 'found', value: run.status?.taskSpec ?? run.spec.taskSpec }
      : { is: 'failed', reason: 'TaskRunResolutionFailed', message: 'the test gives no Task' },
    stepActions: new Map(),
    pod: undefined,
    stranger: false,
    toMakePod: podMaterial(),
    awaitedEntrypoint: undefined,
    ...more,
  }
}

/** The Pod that a decision makes, as the cluster would store it. */
export function createdPod(decision: Decision<TaskRunStatus>): New<Pod> {
  const pods = decision.actions.flatMap(action =>
    action.do === 'create' && action.kind === 'Pod' ? [action.object] : [],
  )
  const [pod] = pods
  if (pod === undefined || pods.length > 1) throw new Error(`wanted one new Pod, got ${JSON.stringify(decision)}`)
  return pod
}

export function storedPod(pod: New<Pod>, status?: PodStatus): Pod {
  const metadata = {
    ...pod.metadata,
    name: pod.metadata.name ?? '',
    uid: `uid-of-${pod.metadata.name}`,
    resourceVersion: '7',
    creationTimestamp: '2026-01-02T03:04:05Z',
  }
  return frozen({ ...pod, metadata, ...(status && { status }) })
}

export function containerStatus(name: string, state: ContainerStatus['state'], more: Partial<ContainerStatus> = {}) {
  const status: ContainerStatus = {
    name,
    state,
    ready: state.running !== undefined,
    restartCount: 0,
    image: 'an-image',
    imageID: '',
    ...more,
  }
  return status
}

export const STARTED_AT = '2026-01-02T03:04:06Z'
export const FINISHED_AT = '2026-01-02T03:04:08Z'

export function running(): ContainerStatus['state'] {
  return { running: { startedAt: STARTED_AT } }
}

/** As the entrypoint leaves it. */
export function exited(
  exitCode: number,
  entries: readonly { readonly key: string; readonly value: string; readonly type: number }[] = [],
  reason = exitCode === 0 ? 'Completed' : 'Error',
): ContainerStatus['state'] {
  const message = JSON.stringify([{ key: 'StartedAt', value: '2026-01-02T03:04:07.123Z', type: 3 }, ...entries])
  return { terminated: { exitCode, reason, message, startedAt: STARTED_AT, finishedAt: FINISHED_AT } }
}
