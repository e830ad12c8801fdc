import { expect, test } from 'vitest'
import { type KubeletStep, nextKubeletSteps, type SeenPod } from '../../src/kubelet/pod-lifecycle.js'
import type { ContainerState } from '../../src/kubelet/runtime.js'
import { type Container, NOP_IMAGE, type Pod, type PodStatus } from '../../src/resources/core.js'
import type { ObjectMeta } from '../../src/resources/meta.js'

const T0 = Date.parse('2026-01-01T00:00:00Z')
const at = (seconds: number): string => `2026-01-01T00:00:${String(seconds).padStart(2, '0')}Z`

const runs: ContainerState = { kind: 'running', startedAt: at(0) }
const waits: ContainerState = { kind: 'waiting', reason: 'CreateContainerConfigError', message: 'secret "x" not found' }
const ends = (exitCode: number, signal = 0): ContainerState => ({
  kind: 'exited',
  startedAt: at(0),
  finishedAt: at(1),
  exitCode,
  signal,
  reason: exitCode === 0 ? 'Completed' : 'Error',
  message: '',
})

interface Case {
  readonly inits?: readonly (string | Container)[]
  readonly mains: readonly (string | Container)[]
  readonly seen?: Readonly<Record<string, ContainerState>>
  readonly meta?: Partial<ObjectMeta>
  readonly deadline?: number
  readonly grace?: number
  readonly last?: PodStatus
  readonly now?: number
  /** Running containers that have not started yet; all others have. */
  readonly starting?: readonly string[]
  readonly unhealthy?: Readonly<Record<string, number | undefined>>
}

function plan(given: Case) {
  const container = (of: string | Container): Container => (typeof of === 'string' ? { name: of, image: 'any' } : of)
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'ci', name: 'p', uid: 'u', resourceVersion: '1', creationTimestamp: at(0), ...given.meta },
    spec: {
      restartPolicy: 'Never',
      containers: given.mains.map(container),
      ...(given.inits ? { initContainers: given.inits.map(container) } : {}),
      ...(given.deadline ? { activeDeadlineSeconds: given.deadline } : {}),
      ...(given.grace === undefined ? {} : { terminationGracePeriodSeconds: given.grace }),
    },
    ...(given.last ? { status: given.last } : {}),
  }
  const containers = new Map(Object.entries(given.seen ?? {}))
  const running = [...containers].flatMap(([name, state]) => (state.kind === 'running' ? [name] : []))
  const started = new Set(running.filter(name => !given.starting?.includes(name)))
  const seen: SeenPod = {
    containers,
    started,
    ready: started,
    unhealthy: new Map(Object.entries(given.unhealthy ?? {})),
  }
  return nextKubeletSteps(pod, seen, T0 + (given.now ?? 0))
}

const start = (...names: string[]): readonly KubeletStep[] => names.map(container => ({ do: 'start', container }))
const stop = (graceMs: number, ...names: string[]): readonly KubeletStep[] =>
  names.map(container => ({ do: 'stop', container, graceMs }))
const RELEASE: readonly KubeletStep[] = [{ do: 'release' }]
const AWAY: readonly KubeletStep[] = [{ do: 'release' }, { do: 'delete' }]
const gone = { deletionTimestamp: at(5), deletionGracePeriodSeconds: 7 }
const SINCE_T0: PodStatus = { phase: 'Running', startTime: at(0) }
const beside = (name: string): Container => ({ name, image: 'any', restartPolicy: 'Always' })
const nop: Container = { name: 'side', image: NOP_IMAGE }

const CASES: Readonly<Record<string, readonly [Case, string, readonly KubeletStep[]]>> = {
  'a new pod starts all its containers together': [{ mains: ['a', 'b'] }, 'Pending', start('a', 'b')],
  'the first init container goes first': [{ inits: ['i', 'j'], mains: ['a'] }, 'Pending', start('i')],
  'a running init container is waited for': [{ inits: ['i', 'j'], mains: ['a'], seen: { i: runs } }, 'Pending', []],
  'the second init container follows the first': [
    { inits: ['i', 'j'], mains: ['a'], seen: { i: ends(0) } },
    'Pending',
    start('j'),
  ],
  'after the init containers come the others': [
    { inits: ['i'], mains: ['a', 'b'], seen: { i: ends(0) } },
    'Pending',
    start('a', 'b'),
  ],
  'a failed init container ends the pod': [
    { inits: ['i', 'j'], mains: ['a'], seen: { i: ends(3) } },
    'Failed',
    RELEASE,
  ],
  'one that waits for a secret is not started': [{ mains: ['a', 'b'], seen: { a: waits, b: runs } }, 'Running', []],
  'nothing is to do while all run': [{ mains: ['a', 'b'], seen: { a: runs, b: runs } }, 'Running', []],
  'one that ended waits for the other': [{ mains: ['a', 'b'], seen: { a: ends(1), b: runs } }, 'Running', []],
  'all ended well': [{ mains: ['a', 'b'], seen: { a: ends(0), b: ends(0) } }, 'Succeeded', RELEASE],
  'one ended badly': [{ mains: ['a', 'b'], seen: { a: ends(0), b: ends(137, 9) } }, 'Failed', RELEASE],
  'a deadline that has passed stops what runs': [
    { mains: ['a', 'b'], seen: { a: ends(0), b: runs }, deadline: 10, grace: 2, now: 10_000, last: SINCE_T0 },
    'Failed',
    stop(2000, 'b'),
  ],
  'a deadline also ends what never started': [
    { mains: ['a'], seen: { a: waits }, deadline: 10, now: 10_000, last: SINCE_T0 },
    'Failed',
    RELEASE,
  ],
  'a failed pod stays failed, whatever its containers did last': [
    { mains: ['a'], seen: { a: ends(0) }, last: { phase: 'Failed', reason: 'DeadlineExceeded' } },
    'Failed',
    RELEASE,
  ],
  'a deleted pod is stopped with the grace of its deletion': [
    { mains: ['a', 'b'], seen: { a: runs, b: ends(0) }, meta: gone },
    'Running',
    stop(7000, 'a'),
  ],
  'a deleted pod starts nothing and goes': [{ mains: ['a'], meta: gone }, 'Failed', AWAY],
  'a deleted pod that had ended goes': [{ mains: ['a'], seen: { a: ends(0) }, meta: gone }, 'Succeeded', AWAY],
  'a running sidecar with the nop image is stopped': [
    { mains: ['a', nop], seen: { a: ends(0), side: runs } },
    'Running',
    stop(30_000, 'side'),
  ],
  'a sidecar stopped for the nop image does not fail its pod': [
    { mains: ['a', nop], seen: { a: ends(0), side: ends(143, 15) } },
    'Succeeded',
    RELEASE,
  ],
  'a sidecar before the others starts first': [{ inits: [beside('s'), 'i'], mains: ['a'] }, 'Pending', start('s')],
  'the next waits for a sidecar to start': [
    { inits: [beside('s'), 'i'], mains: ['a'], seen: { s: runs }, starting: ['s'] },
    'Pending',
    [],
  ],
  'and not for its end': [{ inits: [beside('s'), 'i'], mains: ['a'], seen: { s: runs } }, 'Pending', start('i')],
  'one that ended holds nobody up': [
    { inits: [beside('s')], mains: ['a'], seen: { s: ends(3) } },
    'Pending',
    start('a'),
  ],
  'sidecars are stopped when the others have ended, the last one first': [
    { inits: [beside('s'), beside('t')], mains: ['a'], seen: { s: runs, t: runs, a: ends(0) }, grace: 2 },
    'Running',
    stop(2000, 't'),
  ],
  'then the one before': [
    { inits: [beside('s'), beside('t')], mains: ['a'], seen: { s: runs, t: ends(143, 15), a: ends(0) }, grace: 2 },
    'Running',
    stop(2000, 's'),
  ],
  'how a sidecar ended does not count': [
    { inits: [beside('s')], mains: ['a'], seen: { s: ends(143, 15), a: ends(0) } },
    'Succeeded',
    RELEASE,
  ],
  'a failed pod is so when its sidecars have ended': [
    { inits: [beside('s')], mains: ['a'], seen: { s: ends(0), a: ends(1) } },
    'Failed',
    RELEASE,
  ],
  'a deleted pod keeps its sidecars until the others have ended': [
    { inits: [beside('s')], mains: ['a'], seen: { s: runs, a: runs }, meta: gone },
    'Running',
    stop(7000, 'a'),
  ],
  'what a probe condemns is stopped': [
    { mains: ['a', 'b'], seen: { a: runs, b: runs }, unhealthy: { a: undefined }, grace: 3 },
    'Running',
    stop(3000, 'a'),
  ],
  'with the grace of the probe': [
    { mains: ['a'], seen: { a: runs }, unhealthy: { a: 1 }, grace: 3 },
    'Running',
    stop(1000, 'a'),
  ],
  'a container that was running and is known to nobody is lost': [
    {
      mains: ['a'],
      last: {
        phase: 'Running',
        containerStatuses: [
          {
            name: 'a',
            state: { running: { startedAt: at(0) } },
            ready: true,
            restartCount: 0,
            image: 'any',
            imageID: '',
          },
        ],
      },
    },
    'Failed',
    RELEASE,
  ],
}

test.each(Object.entries(CASES))('%s', (_, [given, phase, steps]) => {
  const next = plan(given)
  expect(next.status.phase).toBe(phase)
  expect(next.steps).toEqual(steps)
})

test('a status is written as a kubelet writes it', () => {
  const { status } = plan({
    inits: ['i'],
    mains: ['a', 'b', 'c'],
    seen: { i: ends(0), a: runs, b: ends(137, 9), c: waits },
  })
  const common = { restartCount: 0, image: 'any', imageID: '' }
  expect(status).toEqual({
    phase: 'Running',
    podIP: '127.0.0.1',
    startTime: at(0),
    conditions: [
      { type: 'Initialized', status: 'True', lastTransitionTime: at(0) },
      {
        type: 'Ready',
        status: 'False',
        reason: 'ContainersNotReady',
        message: 'containers with unready status: [b c]',
        lastTransitionTime: at(0),
      },
      {
        type: 'ContainersReady',
        status: 'False',
        reason: 'ContainersNotReady',
        message: 'containers with unready status: [b c]',
        lastTransitionTime: at(0),
      },
      { type: 'PodScheduled', status: 'True', lastTransitionTime: at(0) },
    ],
    initContainerStatuses: [
      {
        ...common,
        name: 'i',
        containerID: 'tektite://u/i',
        ready: true,
        started: false,
        state: {
          terminated: {
            exitCode: 0,
            reason: 'Completed',
            startedAt: at(0),
            finishedAt: at(1),
            containerID: 'tektite://u/i',
          },
        },
      },
    ],
    containerStatuses: [
      {
        ...common,
        name: 'a',
        containerID: 'tektite://u/a',
        ready: true,
        started: true,
        state: { running: { startedAt: at(0) } },
      },
      {
        ...common,
        name: 'b',
        containerID: 'tektite://u/b',
        ready: false,
        started: false,
        state: {
          terminated: {
            exitCode: 137,
            signal: 9,
            reason: 'Error',
            startedAt: at(0),
            finishedAt: at(1),
            containerID: 'tektite://u/b',
          },
        },
      },
      {
        ...common,
        name: 'c',
        ready: false,
        started: false,
        state: { waiting: { reason: 'CreateContainerConfigError', message: 'secret "x" not found' } },
      },
    ],
  })
})

test('a status that was written is not changed by time alone', () => {
  const given: Case = { mains: ['a'], seen: { a: runs } }
  const first = plan(given).status
  expect(plan({ ...given, last: first, now: 60_000 }).status).toEqual(first)
})

test('a transition time moves with its condition', () => {
  const first = plan({ mains: ['a'], seen: { a: runs } }).status
  const second = plan({ mains: ['a'], seen: { a: ends(0) }, last: first, now: 9_000 }).status
  expect(second.conditions?.map(({ type, lastTransitionTime }) => [type, lastTransitionTime])).toEqual([
    ['Initialized', at(0)],
    ['Ready', at(9)],
    ['ContainersReady', at(9)],
    ['PodScheduled', at(0)],
  ])
})

test('the deadline is the next look', () => {
  expect(plan({ mains: ['a'], seen: { a: runs }, deadline: 10 }).lookAgainAt).toBe(T0 + 10_000)
  expect(plan({ mains: ['a'], seen: { a: runs } }).lookAgainAt).toBeUndefined()
  expect(plan({ mains: ['a'], seen: { a: ends(0) }, deadline: 10 }).lookAgainAt).toBeUndefined()
})

test('a container that the nop image replaced has been started again once, and says how it ended before', () => {
  const { status } = plan({ mains: ['a', nop], seen: { a: ends(0), side: ends(143, 15) } })
  expect(status.containerStatuses?.[1]).toMatchObject({
    restartCount: 1,
    state: { terminated: { exitCode: 0, reason: 'Completed', startedAt: at(1), finishedAt: at(1) } },
    lastState: { terminated: { exitCode: 143, signal: 15, reason: 'Error' } },
  })
})

test('a sidecar counts for what is initialized and what is ready', () => {
  const conditions = (starting: readonly string[]) =>
    plan({ inits: [beside('s')], mains: ['a'], seen: { s: runs, a: runs }, starting }).status.conditions?.map(
      ({ type, status }) => [type, status],
    )
  expect(conditions(['s'])).toContainEqual(['Initialized', 'False'])
  expect(conditions(['s'])).toContainEqual(['Ready', 'False'])
  expect(conditions([])).toContainEqual(['Initialized', 'True'])
  expect(conditions([])).toContainEqual(['Ready', 'True'])
})
