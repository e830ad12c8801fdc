/** Why a run is where it is. A pure function of its objects, and of the last lines of the logs of what failed. */
import { groupBy } from '../lib/group-by.js'
import type { CustomRun, PipelineRun, PipelineSpec, TaskRun } from '../resources/tekton.js'
import { buildGraph } from '../run/graph.js'
import { type Child, producerOf } from '../run/pipeline-task-state.js'
import { isDone, succeededCondition } from '../status/conditions.js'
import type { PipelineRunReason } from '../status/reasons.js'
import { cancelledBy } from './cancelled-by.js'
import { type Explanation, type Finding, filled } from './explanation.js'
import { PIPELINE_RUN_ADVICE } from './pipeline-run-advice.js'
import { explainSkip, quoted } from './skips.js'
import { between, durationSince, explainCustomRun, explainTaskRun, type Saying } from './task-run.js'

/** A run with its children, as `src/graph` takes them too; a TaskRun stands alone. */
export interface ExplainedRun {
  readonly run: PipelineRun | TaskRun
  readonly taskRuns: readonly TaskRun[]
  readonly customRuns: readonly CustomRun[]
  readonly children: readonly (ExplainedRun & { readonly run: PipelineRun })[]
}

export function explain(found: ExplainedRun, saying: Saying): Explanation {
  const { run } = found
  const findings =
    run.kind === 'TaskRun' ? explainTaskRun(run, '', saying) : ofPipelineRun({ ...found, run }, '', saying)
  return { summary: summaryOf(run, saying.now), findings: [...findings].sort((a, b) => RANK[a.is] - RANK[b.is]) }
}

/** What is most telling. What the run itself has to say comes first among its own kind. */
const RANK: Readonly<Record<Finding['is'], number>> = { failed: 0, cancelled: 1, waits: 2, skipped: 3, note: 4 }

function summaryOf(run: PipelineRun | TaskRun, now: number): string {
  const { kind, metadata, status } = run
  const what = `${kind} "${metadata.name}"`
  const condition = succeededCondition(run)
  if (condition === undefined) return `${what} waits to be taken up: no worker has looked at it yet.`
  const message = kind === 'PipelineRun' && condition.message ? ` ${condition.message}.` : ''
  if (condition.status === 'Unknown') {
    const since = status?.startTime === undefined ? '' : `, for ${durationSince(status.startTime, now)}`
    return `${what} is under way${since} (${condition.reason}).${message}`
  }
  const took = between(status?.startTime, status?.completionTime)
  const ended = condition.status === 'True' ? 'succeeded' : isCancel(condition.reason) ? 'was cancelled' : 'failed'
  return `${what} ${ended}${took ? ` after ${took}` : ''} (${condition.reason}).${message}`
}

function isCancel(reason: string | undefined): boolean {
  return reason === 'Cancelled' || reason === 'TaskRunCancelled'
}

function ofPipelineRun(
  found: ExplainedRun & { readonly run: PipelineRun },
  prefix: string,
  saying: Saying,
): readonly Finding[] {
  const { run } = found
  const spec = run.status?.pipelineSpec ?? run.spec.pipelineSpec ?? {}
  const children = childrenByTask(found)
  const nested = new Map(found.children.map(child => [child.run.metadata.name, child]))
  const ofTasks = [...(spec.tasks ?? []), ...(spec.finally ?? [])].flatMap(({ name }) =>
    (children.get(name) ?? []).flatMap(child => {
      const about = prefix + name
      if (child.kind === 'TaskRun') return explainTaskRun(child as TaskRun, about, saying)
      if (child.kind === 'CustomRun') return explainCustomRun(child as CustomRun, about)
      const inner = nested.get(child.metadata.name)
      return inner ? ofPipelineRun(inner, `${about}/`, saying) : []
    }),
  )
  const own = ofItself(run, prefix, saying, ofTasks)
  return [...own, ...ofTasks, ...waiting(run, spec, children, prefix), ...skips(run, spec, children, prefix)]
}

/** What its condition tells beyond its tasks. */
function ofItself(run: PipelineRun, prefix: string, { now }: Saying, ofTasks: readonly Finding[]): readonly Finding[] {
  const condition = succeededCondition(run)
  const { name, namespace } = run.metadata
  const about = prefix.replace(/\/$/, '')
  if (condition === undefined) {
    const text = 'No worker has taken it up yet. That takes milliseconds where workers run and are not overloaded.'
    return [
      {
        is: 'waits',
        about,
        text,
        wayOut: 'See whether workers are there: with an engine, its log; on a cluster, kubectl get pods of Tektite',
      },
    ]
  }
  const { status, reason = '', message = '' } = condition
  if (status === 'True' || reason === 'Running') return []
  const known = Object.hasOwn(PIPELINE_RUN_ADVICE, reason)
    ? PIPELINE_RUN_ADVICE[reason as PipelineRunReason]
    : undefined
  const says = known?.says ?? `${reason}.`
  const wayOut = known?.wayOut === undefined ? {} : { wayOut: filled(known.wayOut, { name, namespace }) }
  const lines = message === '' ? {} : { lines: message.split('\n') }
  if (reason === 'Failed' && ofTasks.some(finding => finding.is === 'failed')) {
    const text = 'What succeeded need not run again, once what failed is mended.'
    return [
      {
        is: 'note',
        about,
        text,
        wayOut: `Go on from there: tektite pipelinerun rerun ${name} --from-failed -n ${namespace}`,
      },
    ]
  }
  if (reason === 'Cancelled') {
    return [{ is: 'cancelled', about, text: `It was cancelled${cancelledBy(run)}${asked(run)}.`, ...wayOut }]
  }
  if (status === 'False') return [{ is: 'failed', about, text: `${says}${spent(run, reason)}`, ...lines, ...wayOut }]
  const since = durationSince(condition.lastTransitionTime, now)
  return [{ is: 'waits', about, text: `${says}${since ? ` So it has been for ${since}.` : ''}`, ...lines, ...wayOut }]
}

function asked({ spec }: PipelineRun): string {
  return spec.status === undefined ? '' : ` (spec.status: ${spec.status})`
}

function spent({ spec, status }: PipelineRun, reason: string): string {
  if (reason !== 'PipelineRunTimeout') return ''
  const { pipeline, tasks } = spec.timeouts ?? {}
  const given = [pipeline && `timeouts.pipeline: ${pipeline}`, tasks && `timeouts.tasks: ${tasks}`].filter(Boolean)
  const limit = given.length > 0 ? given.join(', ') : 'timeouts.pipeline: the default of this installation'
  const ran = between(status?.startTime, status?.completionTime)
  return ` The limit is ${limit}${ran ? `; it took ${ran}` : ''}.`
}

/** Tasks that have not begun, and whom each waits for. */
function waiting(
  run: PipelineRun,
  spec: PipelineSpec,
  children: ReadonlyMap<string, readonly Child[]>,
  prefix: string,
): readonly Finding[] {
  if (isDone(run) || run.status?.pipelineSpec === undefined) return []
  const built = buildGraph(spec.tasks ?? [])
  const skipped = new Set((run.status.skippedTasks ?? []).map(one => one.name))
  const isOver = (name: string) =>
    skipped.has(name) || ((children.get(name) ?? []).length > 0 && (children.get(name) ?? []).every(isDone))
  const isBegun = (name: string) => skipped.has(name) || children.has(name)
  const tasks = (spec.tasks ?? []).map(task => task.name)
  const ofTask = (name: string): readonly Finding[] => {
    const parents = built.is === 'graph' ? (built.graph.parents.get(name) ?? []) : []
    const open = parents.filter(parent => !isOver(parent))
    return isBegun(name) || open.length === 0
      ? []
      : [{ is: 'waits', about: prefix + name, text: `It waits for ${quoted(open)}.` }]
  }
  const open = tasks.filter(name => !isOver(name))
  const finals = (spec.finally ?? []).map(task => task.name).filter(name => !isBegun(name) && open.length > 0)
  const text = 'It is a finally task: it begins when all others are over.'
  return [...tasks.flatMap(ofTask), ...finals.map((name): Finding => ({ is: 'waits', about: prefix + name, text }))]
}

function skips(
  run: PipelineRun,
  spec: PipelineSpec,
  children: ReadonlyMap<string, readonly Child[]>,
  prefix: string,
): readonly Finding[] {
  const all = run.status?.skippedTasks ?? []
  if (all.length === 0) return []
  const tasks = [...(spec.tasks ?? []), ...(spec.finally ?? [])]
  const byName = new Map(tasks.map(task => [task.name, task]))
  const stoppers = tasks.flatMap(({ name, onError }) => {
    const failed = (children.get(name) ?? []).some(child => succeededCondition(child)?.status === 'False')
    return failed && onError !== 'continue' ? [name] : []
  })
  const { name, namespace } = run.metadata
  const {
    pipeline = 'the default',
    tasks: ofTasks = 'what is left of it',
    finally: last = 'what is left of it',
  } = run.spec.timeouts ?? {}
  const resultsOf = (of: string) => {
    const [task, own] = [byName.get(of), children.get(of)]
    if (task === undefined || own === undefined) return undefined
    return new Set(producerOf({ task, isFinal: false, children: own, phase: { is: 'succeeded' } }).results.keys())
  }
  const skipped = new Map(all.map(one => [one.name, one]))
  const limits = { pipeline, tasks: ofTasks, finally: last }
  return all.map(skip => {
    const finding = explainSkip(skip, { name, namespace, spec, skipped, stoppers, resultsOf, limits })
    return { ...finding, about: prefix + finding.about }
  })
}

function childrenByTask({ run, taskRuns, customRuns, children }: ExplainedRun): ReadonlyMap<string, readonly Child[]> {
  const all: readonly Child[] = [...taskRuns, ...customRuns, ...children.map(child => child.run)]
  const ours = all.filter(({ metadata }) => metadata.labels?.['tekton.dev/pipelineRunUID'] === run.metadata.uid)
  return groupBy(ours, child => child.metadata.labels?.['tekton.dev/pipelineTask'] ?? '')
}
