/** Whatever happens to a run's Pod, in whatever order: decisions are stable, statuses move one way, attempts do not overlap. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Action } from '../../src/reconcile/decision.js'
import { reconcileTaskRun } from '../../src/reconcile/task-run/task-run.js'
import { type ContainerStatus, NOP_IMAGE, type Pod, type PodStatus } from '../../src/resources/core.js'
import type { TaskRun, TaskRunStatus } from '../../src/resources/tekton.js'
import { podName } from '../../src/run/names.js'
import { retryAnnotation } from '../../src/run/retry-budgets.js'
import { isDone, succeededCondition } from '../../src/status/conditions.js'
import { FAILURE_CLASSES, type FailureClass } from '../../src/status/failure-class.js'
import { paidBudget } from '../../src/status/paid-attempts.js'
import { frozen } from '../helpers/frozen.js'
import { containerStatus, exited, NOW, running, storedPod, taskRun, worldFor } from '../helpers/task-run-world.js'

type Event =
  | 'step runs'
  | 'step succeeds'
  | 'step fails'
  | 'step is out of memory'
  | 'Pod is evicted'
  | 'image cannot be pulled'
  | 'sidecar is ready'
  | 'sidecar ends'
  | 'deleted Pod is gone'
  | 'Pod vanishes'
  | 'time passes'
  | 'cancel'
  | 'status write is lost'

const events = fc.array(
  fc.constantFrom<Event>(
    'step runs',
    'step succeeds',
    'step fails',
    'step fails',
    'step is out of memory',
    'Pod is evicted',
    'Pod is evicted',
    'image cannot be pulled',
    'sidecar is ready',
    'sidecar ends',
    'deleted Pod is gone',
    'deleted Pod is gone',
    'Pod vanishes',
    'time passes',
    'cancel',
    'status write is lost',
  ),
  { minLength: 1, maxLength: 40 },
)

const budgets = fc.record(
  Object.fromEntries(FAILURE_CLASSES.map(one => [retryAnnotation(one), fc.nat(2).map(String)])),
  { requiredKeys: [] },
)

/** That of a Pod with the ports of its node is waited for. */
const sidecars = fc.constantFrom<Sidecar>('none', 'in a network of its Pod', 'in the network of its node')
type Sidecar = 'none' | 'in a network of its Pod' | 'in the network of its node'

interface Sim {
  readonly run: TaskRun
  readonly now: number
  readonly pods: ReadonlyMap<string, Pod>
  /** Names of Pods that the status has told of. */
  readonly told: ReadonlySet<string>
}

test('decisions are stable, statuses move one way, at most one attempt stands', () => {
  let finished = 0
  fc.assert(
    fc.property(events, fc.nat(2), sidecars, budgets, (happenings, retries, sidecar, annotations) => {
      let sim = begin(retries, sidecar, annotations as Readonly<Record<string, string>>)
      for (const event of happenings) {
        sim = pass(happen(sim, event), event === 'status write is lost')
      }
      if (isDone(sim.run)) finished += 1
    }),
    { numRuns: 500 },
  )
  // A property over runs that never end would say little.
  expect(finished).toBeGreaterThan(100)
})

function begin(retries: number, sidecar: Sidecar, annotations: Readonly<Record<string, string>>): Sim {
  const sidecars = sidecar === 'none' ? [] : [{ name: 'db', image: 'postgres' }]
  const spec = {
    retries,
    timeout: '1m',
    taskSpec: { steps: [{ name: 'a', image: 'tool', command: ['a'] }], ...(sidecars.length > 0 && { sidecars }) },
    ...(sidecar === 'in the network of its node' && { podTemplate: { hostNetwork: true } }),
  }
  const run = taskRun(spec, { annotations })
  return pass({ run, now: NOW, pods: new Map(), told: new Set() }, false)
}

function pass(sim: Sim, loseStatus: boolean): Sim {
  const { run, now, pods } = sim
  const attempt = run.status?.retriesStatus?.length ?? 0
  const world = worldFor(run, { now, pod: pods.get(podName(run.metadata.name, attempt)) })
  const decision = reconcileTaskRun(frozen(run), world)

  // Stable: on its own output, with a Pod that it made, it says nothing new – unless it has just put an attempt away.
  const after = { ...run, status: decision.status }
  const next = decision.actions.reduce(apply, sim)
  const made = world.pod ?? next.pods.get(podName(run.metadata.name, attempt))
  const again = reconcileTaskRun(frozen(after), { ...world, pod: made })
  if ((decision.status.retriesStatus?.length ?? 0) === attempt) {
    expect(again.status).toEqual(decision.status)
    for (const action of again.actions) expect(decision.actions).toContainEqual(action)
  }
  expect(reconcileTaskRun(run, world)).toEqual(decision)

  oneWay(run.status, decision.status)
  withinBudgets(run, decision.status)
  const standing = [...next.pods.values()].filter(
    pod => pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed',
  )
  expect(standing.length).toBeLessThanOrEqual(1)
  const name = loseStatus ? undefined : decision.status.podName
  return { ...next, run: loseStatus ? run : after, told: name ? new Set([...next.told, name]) : next.told }
}

/** The default budget for what never started: without an annotation of its class. */
const FREE_ATTEMPTS = 3

function withinBudgets({ metadata, spec }: TaskRun, { retriesStatus = [] }: TaskRunStatus): void {
  const paidBy = (one: FailureClass | undefined) => retriesStatus.filter(attempt => paidBudget(attempt) === one).length
  expect(paidBy(undefined)).toBeLessThanOrEqual(spec.retries ?? 0)
  for (const one of FAILURE_CLASSES) {
    const written = metadata.annotations?.[retryAnnotation(one)]
    const free = one === 'infrastructure' ? FREE_ATTEMPTS : 0
    expect(paidBy(one)).toBeLessThanOrEqual(written === undefined ? free : Number(written))
  }
}

function oneWay(before: TaskRunStatus | undefined, after: TaskRunStatus): void {
  if (before && isDone({ status: before })) expect(after).toEqual(before)
  const attempts = before?.retriesStatus ?? []
  expect(after.retriesStatus?.slice(0, attempts.length) ?? []).toEqual(attempts)
  if (before?.taskSpec) expect(after.taskSpec).toEqual(before.taskSpec)
  expect(after.conditions?.filter(({ type }) => type === 'Succeeded').length).toBe(1)
  const condition = succeededCondition({ status: after })
  expect(condition?.status === 'Unknown').toBe(after.completionTime === undefined)
  for (const step of before?.steps ?? []) {
    const same = after.steps?.find(({ name }) => name === step.name)
    const sameAttempt = attempts.length === (after.retriesStatus?.length ?? 0) && before?.podName === after.podName
    if (step.terminated && sameAttempt) expect(same?.terminated).toEqual(step.terminated)
  }
}

function apply(sim: Sim, action: Action): Sim {
  const pods = new Map(sim.pods)
  if (action.do === 'create' && action.kind === 'Pod') {
    const pod = storedPod(action.object)
    if (!pods.has(pod.metadata.name)) {
      // The promise that matters most: no step runs twice in one attempt.
      expect(sim.told).not.toContain(pod.metadata.name)
      pods.set(pod.metadata.name, pod)
    }
  }
  if (action.do === 'delete') {
    const pod = pods.get(action.key.name)
    expect(pod?.metadata.uid).toBe(action.uid)
    if (pod) pods.set(action.key.name, { ...pod, metadata: { ...pod.metadata, deletionTimestamp: 'now' } })
  }
  if (action.do === 'annotate') {
    const pod = pods.get(action.key.name)
    const annotations = { ...pod?.metadata.annotations, ...action.annotations }
    if (pod) pods.set(action.key.name, { ...pod, metadata: { ...pod.metadata, annotations } })
  }
  if (action.do === 'stopSidecars') {
    const pod = pods.get(action.key.name)
    const containers = pod?.spec.containers.map(one => (one.name === 'sidecar-db' ? { ...one, image: NOP_IMAGE } : one))
    // It ends when its turn comes, or never.
    if (pod && containers) pods.set(action.key.name, { ...pod, spec: { ...pod.spec, containers } })
  }
  return { ...sim, pods }
}

function happen(sim: Sim, event: Event): Sim {
  const pods = new Map(sim.pods)
  const pod = [...pods.values()].at(-1)
  const change = (status: ContainerStatus) => {
    if (pod && mayChange(pod, status.name)) pods.set(pod.metadata.name, withContainer(pod, status))
    return { ...sim, pods }
  }
  switch (event) {
    case 'step runs':
      return change(containerStatus('step-a', running()))
    case 'step succeeds':
      return change(containerStatus('step-a', exited(0)))
    case 'step fails':
      return change(containerStatus('step-a', exited(1)))
    case 'step is out of memory':
      return change(containerStatus('step-a', exited(137, [], 'OOMKilled')))
    case 'Pod is evicted': {
      const { status } = pod ?? {}
      if (pod === undefined || status?.phase === 'Succeeded' || status?.phase === 'Failed') return sim
      pods.set(pod.metadata.name, { ...pod, status: { ...status, phase: 'Failed', reason: 'Evicted' } })
      return { ...sim, pods }
    }
    case 'image cannot be pulled':
      return stateOf(pod, 'step-a')
        ? sim
        : change(containerStatus('step-a', { waiting: { reason: 'ImagePullBackOff' } }))
    case 'sidecar is ready':
      return hasSidecar(pod) ? change(containerStatus('sidecar-db', running())) : sim
    case 'sidecar ends':
      return hasSidecar(pod) ? change(containerStatus('sidecar-db', exited(0))) : sim
    case 'deleted Pod is gone':
      for (const [name, { metadata }] of pods) if (metadata.deletionTimestamp) pods.delete(name)
      return { ...sim, pods }
    case 'Pod vanishes':
      if (pod) pods.delete(pod.metadata.name)
      return { ...sim, pods }
    case 'time passes':
      return { ...sim, now: sim.now + 25_000 }
    case 'cancel':
      return { ...sim, run: { ...sim.run, spec: { ...sim.run.spec, status: 'TaskRunCancelled' } } }
    case 'status write is lost':
      return sim
    default:
      throw new Error(`unknown event ${JSON.stringify(event satisfies never)}`)
  }
}

/** Ended containers stay ended. */
function mayChange(pod: Pod, container: string): boolean {
  return pod.status?.reason !== 'Evicted' && !stateOf(pod, container)?.terminated
}

function stateOf(pod: Pod | undefined, container: string): ContainerStatus['state'] | undefined {
  return pod?.status?.containerStatuses?.find(({ name }) => name === container)?.state
}

function hasSidecar(pod: Pod | undefined): boolean {
  return pod?.spec.containers.some(({ name }) => name === 'sidecar-db') ?? false
}

function withContainer(pod: Pod, status: ContainerStatus): Pod {
  const others = pod.status?.containerStatuses?.filter(({ name }) => name !== status.name) ?? []
  const containerStatuses = [...others, status]
  const ended = containerStatuses.filter(({ state }) => state.terminated)
  const failed = ended.some(({ state }) => state.terminated?.exitCode !== 0)
  const allEnded = ended.length === pod.spec.containers.length
  const waiting = containerStatuses.some(({ state }) => state.waiting)
  const phase: PodStatus['phase'] = allEnded ? (failed ? 'Failed' : 'Succeeded') : waiting ? 'Pending' : 'Running'
  return { ...pod, status: { phase, containerStatuses } }
}
