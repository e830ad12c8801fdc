/** What happens to Pods and CustomRuns in virtual time: a kubelet, the entrypoint and a custom controller, by the plan. */
import type { Change, Cluster } from '../../../src/cluster/cluster.js'
import { isClusterError } from '../../../src/cluster/cluster.js'
import { toTimestamp } from '../../../src/lib/time.js'
import { READY_ANNOTATION } from '../../../src/resources/annotations.js'
import { type ContainerStatus, NOP_IMAGE, type Pod, type PodStatus } from '../../../src/resources/core.js'
import type { CustomRun } from '../../../src/resources/tekton.js'
import { isDone } from '../../../src/status/conditions.js'
import type { Clock } from './clock.js'
import { luckOf, type Plan } from './plan.js'

const START_MS = 2_000
const LONGEST_MS = 40_000
const STOP_MS = 3_000

export interface Outside {
  /** Resolves when its watches have ended. */
  readonly ended: Promise<unknown>
}

export function startOutside(cluster: Cluster, plan: Plan, clock: Clock, signal: AbortSignal): Outside {
  const begun = new Set<string>()
  const once = (what: string, delayMs: number, act: () => Promise<void>) => {
    if (begun.has(what)) return
    begun.add(what)
    clock.after(delayMs, act)
  }

  function lookAtPod(pod: Pod): void {
    const { name, uid, deletionTimestamp } = pod.metadata
    const key = { namespace: pod.metadata.namespace, name }
    const luck = (what: string) => luckOf(plan, name, what)
    const change = (edit: (pod: Pod) => PodStatus) => async () => {
      const now = await cluster.get('Pod', key)
      if (now?.metadata.uid !== uid || isOver(now)) return
      await cluster.replaceStatus('Pod', { ...now, status: edit(now) })
    }
    const sidecars = pod.spec.containers.filter(container => !isStep(container))
    if (isOver(pod)) return
    if (deletionTimestamp !== undefined) {
      once(`${uid} stop`, luck('stop') * STOP_MS, () => cluster.delete('Pod', key, { uid, graceSeconds: 0 }))
      return
    }
    once(
      `${uid} start`,
      1 + luck('start') * START_MS,
      change(now => running(now, clock.now())),
    )
    if (pod.status?.phase !== 'Running') return
    if (pod.metadata.annotations?.[READY_ANNOTATION] !== undefined) {
      once(
        `${uid} end`,
        1 + luck('duration') * LONGEST_MS,
        change(now => stepsEnded(now, plan, clock.now())),
      )
    }
    const stepsAreOver = statusesOf(pod).every(status => !isStep(status) || status.state.terminated)
    if (stepsAreOver && sidecars.every(({ image }) => image === NOP_IMAGE)) {
      once(
        `${uid} sidecars`,
        1 + luck('sidecars') * STOP_MS,
        change(now => allEnded(now, clock.now())),
      )
    }
  }

  function lookAtCustomRun(run: CustomRun): void {
    const { name, namespace, uid } = run.metadata
    const luck = (what: string) => luckOf(plan, name, what)
    if (isDone(run)) return
    const finish = (cancelled: boolean) => async () => {
      const now = await cluster.get('CustomRun', { namespace, name })
      if (now?.metadata.uid !== uid || isDone(now)) return
      const fails = cancelled || luck('exit') * 10 < (plan.failing.get(taskOf(run)) ?? 0)
      const reason = cancelled ? 'CustomRunCancelled' : fails ? 'Failed' : 'Succeeded'
      const condition = { type: 'Succeeded', status: fails ? 'False' : 'True', reason, message: '' } as const
      const results = Object.entries(fails ? {} : resultsOf(plan, run)).map(([key, value]) => ({ name: key, value }))
      await cluster.replaceStatus('CustomRun', { ...now, status: { conditions: [condition], results } })
    }
    if (run.spec['status'] === 'RunCancelled') once(`${uid} stop`, luck('stop') * STOP_MS, finish(true))
    else once(`${uid} end`, 1 + luck('duration') * LONGEST_MS, finish(false))
  }

  async function follow<T>(changes: AsyncIterable<Change<T>>, look: (item: T) => void): Promise<void> {
    for await (const change of changes) {
      if (change.type === 'listed') change.items.forEach(look)
      else if (change.type === 'put') look(change.item)
    }
  }

  return {
    ended: Promise.all([
      follow(cluster.watch('Pod', {}, signal), lookAtPod),
      follow(cluster.watch('CustomRun', {}, signal), lookAtCustomRun),
    ]),
  }
}

/** Reads, changes and writes until nobody wrote in between. */
export async function insisting(act: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await act()
      return
    } catch (error) {
      if (isClusterError(error, 'NotFound')) return
      if (!isClusterError(error, 'Conflict')) throw error
    }
  }
}

function isStep({ name }: { readonly name: string }): boolean {
  return name.startsWith('step-')
}

export function isOver(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}

function taskOf({ metadata }: Pod | CustomRun): string {
  return metadata.labels?.['tekton.dev/pipelineTask'] ?? ''
}

/** The results of one Pod or CustomRun, should it succeed. */
function resultsOf(plan: Plan, object: Pod | CustomRun): Readonly<Record<string, string>> {
  const { name } = object.metadata
  if (plan.mute.has(taskOf(object))) return {}
  return { word: `word of ${name}`, mood: luckOf(plan, name, 'mood') < 0.8 ? 'good' : 'bad' }
}

function statusesOf(pod: Pod): readonly ContainerStatus[] {
  return pod.status?.containerStatuses ?? []
}

function status(name: string, state: ContainerStatus['state']): ContainerStatus {
  return { name, state, ready: state.running !== undefined, restartCount: 0, image: '', imageID: '' }
}

function running(pod: Pod, now: number): PodStatus {
  const startedAt = toTimestamp(now)
  const statuses = pod.spec.containers.map(({ name }) => status(name, { running: { startedAt } }))
  return { phase: 'Running', containerStatuses: statuses }
}

/** As the entrypoint leaves its step and the kubelet reports it. */
function stepsEnded(pod: Pod, plan: Plan, now: number): PodStatus {
  const fails = luckOf(plan, pod.metadata.name, 'exit') * 10 < (plan.failing.get(taskOf(pod)) ?? 0)
  const exitCode = fails ? 1 + Math.floor(luckOf(plan, pod.metadata.name, 'code') * 255) : 0
  const emits = !fails || luckOf(plan, pod.metadata.name, 'emits') < 0.3
  const results = Object.entries(emits ? resultsOf(plan, pod) : {}).map(([key, value]) => ({ key, value, type: 1 }))
  const at = toTimestamp(now)
  const message = JSON.stringify([{ key: 'StartedAt', value: at, type: 3 }, ...results])
  const reason = fails ? 'Error' : 'Completed'
  const statuses = statusesOf(pod).map(one =>
    isStep(one) ? status(one.name, { terminated: { exitCode, reason, message, startedAt: at, finishedAt: at } }) : one,
  )
  const phase = statuses.every(isStep) ? (fails ? 'Failed' : 'Succeeded') : 'Running'
  return { phase, containerStatuses: statuses }
}

function allEnded(pod: Pod, now: number): PodStatus {
  const finishedAt = toTimestamp(now)
  const ended = { terminated: { exitCode: 1, reason: 'Error', startedAt: finishedAt, finishedAt } }
  const statuses = statusesOf(pod).map(one => (isStep(one) ? one : status(one.name, ended)))
  return { phase: 'Failed', containerStatuses: statuses }
}
