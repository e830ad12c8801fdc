import { expect, test } from 'vitest'
import type { ContainerStatus, Pod } from '../../src/resources/core.js'
import type { Condition } from '../../src/resources/meta.js'
import type { ResultSpec, ResultValue, TaskSpec } from '../../src/resources/tekton.js'
import { isFinished, statusFromPod } from '../../src/status/from-pod.js'
import { frozen } from '../helpers/frozen.js'
import { containerStatus, exited, running } from '../helpers/task-run-world.js'
import { yamlCases } from '../helpers/yaml.js'

interface ShortContainer {
  readonly exit?: number
  readonly reason?: string
  readonly says?: Readonly<Record<string, string>>
  readonly results?: Readonly<Record<string, string>>
  readonly stepResults?: Readonly<Record<string, string>>
  readonly raw?: string
  readonly running?: true
  readonly waiting?: string
  readonly message?: string
}

interface Case {
  readonly phase?: NonNullable<Pod['status']>['phase'] | null
  readonly podReason?: string
  readonly podMessage?: string
  readonly conditions?: readonly Condition[]
  readonly sidecars?: readonly string[]
  readonly containers?: Readonly<Record<string, ShortContainer>>
  readonly init?: Readonly<Record<string, ShortContainer>>
  readonly declared?: readonly ResultSpec[]
  /** What steps declare, by name. */
  readonly 'step results'?: Readonly<Record<string, readonly ResultSpec[]>>
  readonly verdict: readonly [string, string, string]
  readonly hindrance?: readonly [string, string]
  readonly reasons?: readonly string[]
  readonly codes?: readonly number[]
  readonly open?: readonly string[]
  readonly results?: readonly ResultValue[]
}

test.each(yamlCases<Case>(new URL('from-pod.cases.yaml', import.meta.url)))('report: %s', (_, one) => {
  const report = statusFromPod('build', taskOf(one), podOf(one))
  const { status, reason, message } = report.verdict
  expect([status, reason, message]).toEqual(one.verdict)
  expect(report.hindrance && [report.hindrance.reason, report.hindrance.message]).toEqual(one.hindrance)
  if (one.reasons) expect(report.steps.map(step => step.terminationReason)).toEqual(one.reasons)
  if (one.codes) expect(report.steps.map(step => step.terminated?.exitCode)).toEqual(one.codes)
  expect(report.openSidecars).toEqual(one.open ?? [])
  expect(report.results).toEqual(one.results ?? [])
})

test('a step tells when its command began, what it made, and nothing internal', () => {
  const one = {
    containers: { 'step-a': { exit: 0, results: { r: 'x' }, stepResults: { s: 'y' }, says: { ExitCode: '7' } } },
  }
  const { steps } = statusFromPod('build', taskOf({}), podOf({ ...one, phase: 'Running' }))
  expect(steps).toEqual([
    {
      name: 'a',
      container: 'step-a',
      results: [{ name: 's', type: 'string', value: 'y' }],
      terminationReason: 'Continued',
      terminated: {
        exitCode: 7,
        reason: 'Completed',
        startedAt: '2026-01-02T03:04:07.123Z',
        finishedAt: '2026-01-02T03:04:08Z',
        message: '[{"key":"r","value":"x","type":1},{"key":"s","value":"y","type":4}]',
      },
    },
  ])
})

test.each([
  ['not before the Pod runs', 'Pending', { running: true, ready: true }, false],
  ['not while a sidecar is not ready', 'Running', { running: true, ready: false }, false],
  ['when it is ready', 'Running', { running: true, ready: true }, true],
  ['when it has ended, however badly', 'Running', { exit: 1, ready: false }, true],
] as const)('sidecars let the first step start %s', (_, phase, { ready, ...short }, expected) => {
  const status = { ...statusOf('sidecar-db', short), ready }
  const pod = podOf({ phase, sidecars: ['db'] })
  const report = statusFromPod('build', taskOf({ sidecars: ['db'] }), {
    ...pod,
    status: { phase, containerStatuses: [status] },
  })
  expect(report.sidecarsReady).toBe(expected)
})

test('a container that something else has put into the Pod is awaited and stopped, and is no sidecar of the task', () => {
  const pod = podOf({ phase: 'Running' })
  const mesh = { name: 'mesh', image: 'proxy' }
  const injected = (ready: boolean): Pod => ({
    ...pod,
    spec: { ...pod.spec, containers: [...pod.spec.containers, mesh] },
    status: { phase: 'Running', containerStatuses: [{ ...containerStatus('mesh', running()), ready }] },
  })
  const reports = [false, true].map(ready => statusFromPod('build', taskOf({}), injected(ready)))
  expect(reports.map(({ sidecarsReady }) => sidecarsReady)).toEqual([false, true])
  expect(reports[1]?.openSidecars).toEqual(['mesh'])
  expect(reports[1]?.sidecars).toEqual([])
})

test('a native sidecar holds no step, is told of, and is waited for', () => {
  const pod = podOf({ phase: 'Running' })
  const native: Pod = {
    ...pod,
    spec: { ...pod.spec, initContainers: [{ name: 'sidecar-db', image: 'db', restartPolicy: 'Always' }] },
    status: {
      phase: 'Running',
      containerStatuses: ['step-a', 'step-b'].map(name => containerStatus(name, exited(0))),
      initContainerStatuses: [{ ...containerStatus('sidecar-db', running()), ready: false }],
    },
  }
  const report = statusFromPod('build', taskOf({ sidecars: ['db'] }), native)
  expect(report.sidecarsReady).toBe(true)
  expect(report.sidecars).toMatchObject([{ name: 'db', container: 'sidecar-db', running: {} }])
  expect(report.openSidecars).toEqual(['sidecar-db'])
  expect(report.verdict.status).toBe('True')
})

test('a Pod is finished in two phases only', () => {
  const phases = ['Pending', 'Running', 'Unknown', 'Succeeded', 'Failed'] as const
  expect(phases.filter(phase => isFinished(podOf({ phase })))).toEqual(['Succeeded', 'Failed'])
})

function taskOf({ sidecars, declared, ...one }: Pick<Case, 'sidecars' | 'declared' | 'step results'>): TaskSpec {
  return frozen({
    steps: ['a', 'b'].map(name => {
      const results = one['step results']?.[name]
      return { name, ...(results && { results }) }
    }),
    ...(sidecars && { sidecars: sidecars.map(name => ({ name, image: 'x' })) }),
    ...(declared && { results: declared }),
  })
}

function podOf(one: Omit<Case, 'verdict'>): Pod {
  const names = ['step-a', 'step-b', ...(one.sidecars ?? []).map(name => `sidecar-${name}`)]
  const { phase = 'Succeeded' } = one
  return frozen({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'build-pod', namespace: 'ci', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
    spec: { restartPolicy: 'Never', containers: names.map(name => ({ name, image: 'an-image' })) },
    ...(phase && {
      status: {
        phase,
        ...(one.podReason && { reason: one.podReason }),
        ...(one.podMessage && { message: one.podMessage }),
        ...(one.conditions && { conditions: one.conditions }),
        containerStatuses: Object.entries(one.containers ?? {}).map(([name, short]) => statusOf(name, short)),
        initContainerStatuses: Object.entries(one.init ?? {}).map(([name, short]) => statusOf(name, short)),
      },
    }),
  })
}

function statusOf(name: string, short: ShortContainer): ContainerStatus {
  if (short.running) return containerStatus(name, running())
  if (short.waiting) {
    const waiting = { reason: short.waiting, ...(short.message && { message: short.message }) }
    return containerStatus(name, { waiting })
  }
  const entries = [
    ...Object.entries(short.says ?? {}).map(([key, value]) => ({ key, value, type: 3 })),
    ...Object.entries(short.results ?? {}).map(([key, value]) => ({ key, value, type: 1 })),
    ...Object.entries(short.stepResults ?? {}).map(([key, value]) => ({ key, value, type: 4 })),
  ]
  const state = exited(short.exit ?? 0, entries, short.reason)
  if (short.raw === undefined || !state.terminated) return containerStatus(name, state)
  return containerStatus(name, { terminated: { ...state.terminated, message: short.raw } })
}
