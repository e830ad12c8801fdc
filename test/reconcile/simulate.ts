/** Drives reconcilePipelineRun with children that end as scripted, in virtual time, and watches that it keeps its word. */

import { isDeepStrictEqual } from 'node:util'
import { toTimestamp } from '../../src/lib/time.js'
import type { Action, Decision, Lookup, PipelineRunWorld } from '../../src/reconcile/decision.js'
import { expectedChildren, reconcilePipelineRun } from '../../src/reconcile/pipeline-run/pipeline-run.js'
import type { ConditionStatus } from '../../src/resources/meta.js'
import type {
  Artifacts,
  CustomRun,
  ParamValue,
  PipelineRun,
  PipelineRunSpec,
  PipelineRunStatus,
  PipelineSpec,
  TaskRun,
  TaskSpec,
} from '../../src/resources/tekton.js'
import { DEFAULT_SETTINGS, type FeatureFlags } from '../../src/run/settings.js'
import type { EvaluateCel } from '../../src/run/when.js'
import { isDone, succeededCondition } from '../../src/status/conditions.js'
import { frozen } from '../helpers/frozen.js'

export type Child = TaskRun | PipelineRun | CustomRun

/** How a child ends. */
export interface Ending {
  readonly status?: 'True' | 'False'
  readonly reason?: string
  readonly results?: Readonly<Record<string, ParamValue>>
}

export interface Simulation {
  readonly run: () => PipelineRun
  readonly children: () => readonly Child[]
  /** Everything that was done, in order. */
  readonly actions: () => readonly Action[]
  /** Observes, decides, applies; once more to see that nothing is left to do. */
  readonly pass: () => Decision<PipelineRunStatus>
  readonly end: (child: string, ending?: Ending) => void
  /** Ends what runs, in the order of creation, pass by pass, until the run is done. */
  readonly finish: (endingOf?: (child: Child) => Ending) => PipelineRunStatus
  readonly request: (spec: Partial<PipelineRunSpec>) => void
  /** What the stored Pipeline is from now on. */
  readonly edit: (pipeline: Lookup<PipelineSpec>) => void
  readonly elapse: (ms: number) => void
  readonly now: () => number
}

export interface SimulationOptions {
  readonly name?: string
  readonly tasks?: Readonly<Record<string, Lookup<TaskSpec>>>
  readonly pipelines?: Readonly<Record<string, Lookup<PipelineSpec>>>
  readonly strangers?: readonly string[]
  readonly evaluateCel?: EvaluateCel
  readonly pipeline?: Lookup<PipelineSpec>
  readonly metadata?: Partial<PipelineRun['metadata']>
  readonly flags?: Partial<FeatureFlags>
  /** Of each child, once it has ended. */
  readonly artifactsOf?: (child: Child) => Artifacts
}

const CANCELLED = {
  TaskRun: 'TaskRunCancelled',
  CustomRun: 'CustomRunCancelled',
  PipelineRun: 'Cancelled',
} as const

export const START = Date.parse('2026-01-01T00:00:00Z')

export function simulate(spec: PipelineRunSpec, options: SimulationOptions = {}): Simulation {
  const { name = 'run', tasks = {}, strangers = [], evaluateCel } = options
  let pipeline: Lookup<PipelineSpec> = options.pipeline ?? { is: 'found', value: spec.pipelineSpec ?? {} }
  const children = new Map<string, Child>()
  const actions: Action[] = []
  let now = START
  let run: PipelineRun = frozen({
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: {
      name,
      namespace: 'ci',
      uid: 'run-uid',
      resourceVersion: '1',
      creationTimestamp: toTimestamp(now),
      ...options.metadata,
    },
    spec,
  })

  function observe(): PipelineRunWorld {
    const known = run.status?.pipelineSpec ?? (pipeline.is === 'found' ? pipeline.value : undefined)
    const names = new Set((known ? expectedChildren(run, known, DEFAULT_SETTINGS) : []).map(child => child.name))
    return {
      now,
      settings: { ...DEFAULT_SETTINGS, flags: { ...DEFAULT_SETTINGS.flags, ...options.flags } },
      pipeline,
      tasks: new Map(Object.entries(tasks)),
      pipelines: new Map(Object.entries(options.pipelines ?? {})),
      children: frozen([...children.values()].filter(child => names.has(child.metadata.name))),
      strangers: strangers.filter(stranger => names.has(stranger)),
    }
  }

  function apply(action: Action): void {
    actions.push(action)
    if (action.do === 'create' && action.kind !== 'PersistentVolumeClaim') {
      const object = action.object as Child
      if (children.has(object.metadata.name)) return // AlreadyExists, and ours.
      const metadata = {
        ...object.metadata,
        uid: `uid-${object.metadata.name}`,
        resourceVersion: '1',
        creationTimestamp: toTimestamp(now),
      }
      children.set(object.metadata.name, frozen({ ...object, metadata }))
    }
    if (action.do === 'cancel') {
      const child = children.get(action.key.name)
      if (child === undefined || isDone(child)) return
      const { status, message } = action
      const annotations = { ...child.metadata.annotations, 'tektite.dev/status-message': message }
      const cancelled =
        child.kind === 'PipelineRun'
          ? { ...child, metadata: { ...child.metadata, annotations }, spec: { ...child.spec, status } }
          : { ...child, spec: { ...child.spec, status, statusMessage: message } }
      children.set(action.key.name, frozen(cancelled as Child))
    }
  }

  function pass(): Decision<PipelineRunStatus> {
    const world = observe()
    const decision = frozen(reconcilePipelineRun(run, world, evaluateCel))
    checkOneWay(run.status, decision.status)
    for (const action of decision.actions) apply(action)
    const { labels, annotations } = decision
    run = frozen({
      ...run,
      metadata: {
        ...run.metadata,
        ...(labels && { labels: { ...run.metadata.labels, ...labels } }),
        ...(annotations && { annotations: { ...run.metadata.annotations, ...annotations } }),
      },
      status: decision.status,
    })
    const again = reconcilePipelineRun(run, observe(), evaluateCel)
    const isSame = isDeepStrictEqual(again.status, decision.status)
    if (again.actions.length > 0 || !isSame) {
      throw new Error(`not idempotent: ${JSON.stringify({ first: decision.status, again }, null, 1)}`)
    }
    return decision
  }

  function end(childName: string, ending: Ending = {}): void {
    const child = children.get(childName)
    if (child === undefined) throw new Error(`no child "${childName}" among ${[...children.keys()].join(', ')}`)
    if (isDone(child)) return
    const told = 'status' in child.spec && child.spec['status'] !== undefined
    const status: ConditionStatus = told ? 'False' : (ending.status ?? 'True')
    const cancelReason = CANCELLED[child.kind as keyof typeof CANCELLED]
    const fallback = told ? cancelReason : status === 'True' ? 'Succeeded' : 'StepFailed'
    const results = Object.entries(ending.results ?? {}).map(([key, value]) => ({ name: key, value }))
    const conditions = [{ type: 'Succeeded', status, reason: told ? fallback : (ending.reason ?? fallback) }]
    const artifacts = options.artifactsOf?.(child)
    children.set(
      childName,
      frozen({ ...child, status: { conditions, results, ...(artifacts && { artifacts }) } } as Child),
    )
  }

  return {
    run: () => run,
    children: () => [...children.values()],
    actions: () => actions,
    pass,
    end,
    finish(endingOf = () => ({})) {
      for (let step = 0; step < 10_000; step++) {
        pass()
        if (isDone(run)) return run.status ?? {}
        const next = [...children.values()].find(child => !isDone(child))
        if (next === undefined) throw new Error(`stuck at ${JSON.stringify(succeededCondition(run))}`)
        end(next.metadata.name, endingOf(next))
        now += 1_000
      }
      throw new Error('not done after 10 000 passes')
    },
    request: wanted => {
      run = frozen({ ...run, spec: { ...run.spec, ...wanted } })
    },
    edit: edited => {
      pipeline = edited
    },
    elapse: ms => {
      now += ms
    },
    now: () => now,
  }
}

/** Invariant I4: what was said is never taken back. */
export function checkOneWay(before: PipelineRunStatus | undefined, after: PipelineRunStatus): void {
  const was = before ?? {}
  const keeps = (what: string, holds: boolean) => {
    if (!holds) throw new Error(`went back on ${what}: ${JSON.stringify({ was, after }, null, 1)}`)
  }
  if (isDone({ status: was })) keeps('a terminal status', isDeepStrictEqual(was, after))
  for (const field of ['startTime', 'completionTime', 'finallyStartTime', 'pipelineSpec'] as const) {
    keeps(field, was[field] === undefined || isDeepStrictEqual(was[field], after[field]))
  }
  const later = (list: readonly unknown[] | undefined, item: unknown) =>
    list?.some(other => isDeepStrictEqual(other, item)) ?? false
  for (const reference of was.childReferences ?? []) keeps('a child', later(after.childReferences, reference))
  // Why a task is skipped may become clearer; that it is skipped stays.
  const stillSkipped = new Set(after.skippedTasks?.map(skipped => skipped.name))
  for (const skipped of was.skippedTasks ?? []) keeps('a skipped task', stillSkipped.has(skipped.name))
  if (after.completionTime !== undefined) keeps('time', (after.startTime ?? '') <= after.completionTime)
}
