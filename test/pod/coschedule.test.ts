import { expect, test } from 'vitest'
import type { ClaimFacts } from '../../src/pod/coschedule.js'
import { reconcileTaskRun } from '../../src/reconcile/task-run/task-run.js'
import type { Pod } from '../../src/resources/core.js'
import type { New } from '../../src/resources/meta.js'
import { DEFAULT_SETTINGS, type FeatureFlags } from '../../src/run/settings.js'
import { cases } from '../helpers/cases.js'
import { nodesThatTake } from '../helpers/scheduler.js'
import { createdPod, podMaterial, taskRun, worldFor } from '../helpers/task-run-world.js'

type Mode = FeatureFlags['coschedule']

interface Wanted {
  readonly mode?: Mode
  /** Of a PipelineRun, whose uid this is; undefined for a TaskRun of its own. */
  readonly run?: string | undefined
  readonly claim?: string | undefined
  readonly facts?: ClaimFacts
  readonly affinity?: unknown
}

const READ_WRITE_ONCE: ClaimFacts = { accessModes: ['ReadWriteOnce'] }
const NODES = ['a', 'b']

function podOf(name: string, wanted: Wanted = {}): New<Pod> {
  const { mode = 'workspaces', run = 'run-1', claim, facts = READ_WRITE_ONCE, affinity } = wanted
  const subject = taskRun(
    {
      taskSpec: { workspaces: [{ name: 'w', optional: true }], steps: [{ image: 'x', script: 'x' }] },
      ...(claim && { workspaces: [{ name: 'w', persistentVolumeClaim: { claimName: claim } }] }),
      ...(affinity !== undefined && { podTemplate: { affinity } }),
    },
    { name, labels: run === '' ? {} : { 'tekton.dev/pipelineRunUID': run } },
  )
  const settings = { ...DEFAULT_SETTINGS, flags: { ...DEFAULT_SETTINGS.flags, coschedule: mode } }
  const toMakePod = podMaterial({ claims: new Map(claim ? [[claim, facts]] : []) })
  return createdPod(reconcileTaskRun(subject, worldFor(subject, { settings, toMakePod })))
}

const CACHE = { claim: 'cache' }
const shared = { accessModes: ['ReadWriteMany'] }

test.each(
  cases<{ first: Wanted; next: Wanted; takes: readonly string[] }>({
    'users of one claim in one run': { first: CACHE, next: CACHE, takes: ['a'] },
    'users of two claims': { first: CACHE, next: { claim: 'other' }, takes: NODES },
    'a Pod without a claim': { first: CACHE, next: {}, takes: NODES },
    'users of a claim for many nodes': {
      first: { ...CACHE, facts: shared },
      next: { ...CACHE, facts: shared },
      takes: NODES,
    },
    'another run with the same claim is asked to, and not kept waiting': {
      first: CACHE,
      next: { ...CACHE, run: 'run-2' },
      takes: NODES,
    },
    'coschedule off': { first: { ...CACHE, mode: 'disabled' }, next: { ...CACHE, mode: 'disabled' }, takes: NODES },
    'a TaskRun of its own': { first: { ...CACHE, run: '' }, next: { ...CACHE, run: '' }, takes: NODES },
    'one run, all Pods together': { first: { mode: 'pipelineruns' }, next: { mode: 'pipelineruns' }, takes: ['a'] },
    'two runs, each by itself': {
      first: { mode: 'pipelineruns' },
      next: { mode: 'pipelineruns', run: 'run-2' },
      takes: NODES,
    },
    'one run isolated': { first: { mode: 'isolate-pipelinerun' }, next: { mode: 'isolate-pipelinerun' }, takes: ['a'] },
    'two runs isolated from each other': {
      first: { mode: 'isolate-pipelinerun' },
      next: { mode: 'isolate-pipelinerun', run: 'run-2' },
      takes: ['b'],
    },
  }),
)('%s', (_, { first, next, takes }) => {
  const before = podOf('first', first)
  expect(nodesThatTake(before, [], NODES), 'the first has nobody to follow').toEqual(NODES)
  const after = podOf('next', next)
  expect(nodesThatTake(after, [{ pod: before, node: 'a' }], NODES)).toEqual(takes)
  expect(nodesThatTake(after, [], NODES), 'and is free once the first has ended').toEqual(NODES)
})

test('who follows other Pods by the author’s own words still finds a node', () => {
  const term = { labelSelector: { matchLabels: { app: 'registry' } }, topologyKey: 'kubernetes.io/hostname' }
  const affinity = {
    podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] },
    podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term }] },
  }
  const pod = podOf('one', { ...CACHE, affinity })
  const labels = { app: 'registry' }
  const registry = { ...podOf('registry'), metadata: { namespace: 'ci', name: 'registry', labels } }
  expect(nodesThatTake(pod, [{ pod: registry, node: 'b' }], NODES)).toEqual(['b'])
  const run = { 'tekton.dev/pipelineRunUID': 'run-1' }
  expect(pod.spec.affinity).toEqual({
    podAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [term],
      preferredDuringSchedulingIgnoredDuringExecution: [
        wish({ ...run, 'tektite.dev/claim': 'cache' }),
        wish({ 'tektite.dev/claim': 'cache' }),
      ],
    },
    podAntiAffinity: affinity.podAntiAffinity,
  })
})

function wish(matchLabels: Readonly<Record<string, string>>) {
  return { weight: 100, podAffinityTerm: { labelSelector: { matchLabels }, topologyKey: 'kubernetes.io/hostname' } }
}

test('the node that has the volume is asked for first', () => {
  const own = { weight: 1, preference: { matchExpressions: [{ key: 'fast', operator: 'Exists' }] } }
  const nodeAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [own] }
  const facts = { ...READ_WRITE_ONCE, selectedNode: 'b' }
  expect(podOf('one', { ...CACHE, facts, affinity: { nodeAffinity } }).spec.affinity).toMatchObject({
    nodeAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        own,
        { weight: 100, preference: { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] } },
      ],
    },
  })
})

test('a claim whose name is too long for a label is known by its hash', () => {
  const claim = 'c'.repeat(200)
  const labels = podOf('one', { claim }).metadata.labels ?? {}
  expect(labels['tektite.dev/claim']).toMatch(/^c{31}[0-9a-f]{32}$/)
  const other = podOf('two', { claim: `${'c'.repeat(199)}d` })
  expect(nodesThatTake(other, [{ pod: podOf('one', { claim }), node: 'a' }], NODES)).toEqual(NODES)
})

test('a claim that only this TaskRun has places nothing', () => {
  const workspaces = [{ name: 'w', volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } }]
  const run = taskRun({ taskSpec: { steps: [{ image: 'x', script: 'x' }] }, workspaces })
  const settings = { ...DEFAULT_SETTINGS, flags: { ...DEFAULT_SETTINGS.flags, coschedule: 'workspaces' as const } }
  expect(createdPod(reconcileTaskRun(run, worldFor(run, { settings }))).spec.affinity).toBeUndefined()
})
