// The whole status of a Pod as a kubelet of Kubernetes 1.32 reports it, from what is known of its containers.

const NOP_IMAGE = 'tektite.dev/nop'
export const NODE = 'simulated-node'

/**
 * `seen`: `containers` by name as `{ waiting | running | terminated }`, `ready` names, `unschedulable` (why no node takes
 * it), `over` (fields of a status that something else than the containers decided), `isEmpty` (no container was ever
 * looked at), `startTime`.
 */
export function podStatus(pod, seen, now) {
  const phase = seen.over?.phase ?? phaseOf(pod, seen)
  const conditions = conditionsOf(pod, phase, seen, now)
  if (seen.unschedulable !== undefined) return { phase, conditions }
  const { conditions: more = [], ...over } = seen.over ?? {}
  const types = new Set(more.map(({ type }) => type))
  const inits = pod.spec.initContainers ?? []
  return {
    phase,
    ...over,
    conditions: [...more, ...conditions.filter(({ type }) => !types.has(type))],
    hostIP: '10.0.0.1',
    podIP: '10.1.0.1',
    startTime: seen.startTime,
    ...(inits.length > 0 &&
      !seen.isEmpty && { initContainerStatuses: inits.map(one => containerStatus(pod, one, seen, true)) }),
    ...(!seen.isEmpty && { containerStatuses: pod.spec.containers.map(one => containerStatus(pod, one, seen, false)) }),
  }
}

function phaseOf(pod, { containers }) {
  const ends = pod.spec.containers.map(({ name, image }) => {
    const { terminated } = containers.get(name) ?? {}
    if (terminated === undefined) return undefined
    return terminated.exitCode === 0 || image === NOP_IMAGE
  })
  const inits = pod.spec.initContainers ?? []
  const failed = ({ name, restartPolicy }) => restartPolicy !== 'Always' && (codeOf(containers.get(name)) ?? 0) !== 0
  if (inits.some(failed)) return 'Failed'
  const attended = inits.some(({ name }) => containers.get(name)?.running)
  if (ends.every(end => end !== undefined) && !attended) return ends.every(Boolean) ? 'Succeeded' : 'Failed'
  const begun = pod.spec.containers.some(({ name }) => containers.get(name) && !containers.get(name).waiting)
  return begun ? 'Running' : 'Pending'
}

function conditionsOf(pod, phase, seen, now) {
  const { containers, ready, unschedulable } = seen
  const verdicts =
    unschedulable === undefined
      ? {
          PodReadyToStartContainers: { status: phase === 'Succeeded' || phase === 'Failed' ? 'False' : 'True' },
          Initialized: initialized(pod, phase, containers),
          Ready: readiness(pod, phase, ready),
          ContainersReady: readiness(pod, phase, ready),
          PodScheduled: { status: 'True' },
        }
      : { PodScheduled: { status: 'False', reason: 'Unschedulable', message: unschedulable } }
  return Object.entries(verdicts).map(([type, verdict]) => {
    const last = pod.status?.conditions?.find(condition => condition.type === type)
    const since = last?.status === verdict.status ? last.lastTransitionTime : undefined
    return { type, ...verdict, lastTransitionTime: since ?? now }
  })
}

function initialized(pod, phase, containers) {
  const missing = (pod.spec.initContainers ?? []).filter(({ name, restartPolicy }) => {
    const state = containers.get(name)
    return restartPolicy === 'Always' ? !state?.running && !state?.terminated : codeOf(state) !== 0
  })
  if (missing.length > 0) {
    const message = `containers with incomplete status: [${missing.map(({ name }) => name).join(' ')}]`
    return { status: 'False', reason: 'ContainersNotInitialized', message }
  }
  return phase === 'Succeeded' ? { status: 'True', reason: 'PodCompleted' } : { status: 'True' }
}

function readiness(pod, phase, ready) {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' }
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' }
  const native = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  const unready = [...native, ...pod.spec.containers].filter(({ name }) => !ready.has(name))
  if (unready.length === 0) return { status: 'True' }
  const message = `containers with unready status: [${unready.map(({ name }) => name).join(' ')}]`
  return { status: 'False', reason: 'ContainersNotReady', message }
}

function containerStatus(pod, { name, image, restartPolicy }, { containers, ready }, isInit) {
  const creating = (pod.spec.initContainers ?? []).length > 0 ? 'PodInitializing' : 'ContainerCreating'
  const state = containers.get(name) ?? { waiting: { reason: creating } }
  const base = { name, restartCount: 0, image, imageID: '', started: state.running !== undefined }
  if (state.waiting) return { ...base, state, ready: false }
  const containerID = `simulated://${pod.metadata.uid}/${name}`
  if (state.running) return { ...base, containerID, state, ready: ready.has(name) }
  const terminated = { ...state.terminated, containerID }
  const isReady = isInit && restartPolicy !== 'Always' && terminated.exitCode === 0
  if (image !== NOP_IMAGE) return { ...base, containerID, state: { terminated }, ready: isReady }
  // A container whose image was changed is started anew with it, whatever the restart policy; this image ends at once.
  const { finishedAt } = terminated
  const nop = { exitCode: 0, reason: 'Completed', startedAt: finishedAt, finishedAt, containerID }
  return { ...base, containerID, restartCount: 1, state: { terminated: nop }, lastState: { terminated }, ready: false }
}

function codeOf(state) {
  return state?.terminated?.exitCode
}
