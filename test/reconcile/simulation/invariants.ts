/** What holds of every run, whatever happens to it: each a function of everything that was ever written. */
import { isDeepStrictEqual } from 'node:util'
import type {
  CustomRun,
  ParamValue,
  PipelineRun,
  PipelineTask,
  TaskRun,
  TaskRunStatus,
} from '../../../src/resources/tekton.js'
import { isDone, succeededCondition } from '../../../src/status/conditions.js'
import { checkOneWay } from '../simulate.js'
import { isOver } from './kubelet.js'
import type { Seen, Written } from './simulate.js'

type Child = TaskRun | PipelineRun | CustomRun

/** The objects as they are after the first writes of a history. */
interface State {
  readonly objects: ReadonlyMap<string, Seen>
  /** The newest write, and what it replaced. */
  readonly written: Written
  readonly before: Seen | undefined
}

type Invariant = (state: State) => string | undefined

/** @throws Error that names the invariant and the write that broke it */
export function checkHistory(history: readonly Written[]): ReadonlyMap<string, Seen> {
  const objects = new Map<string, Seen>()
  for (const [index, written] of history.entries()) {
    const id = idOf(written.object)
    const before = objects.get(id)
    if (written.type === 'removed') objects.delete(id)
    else objects.set(id, written.object)
    for (const [name, invariant] of Object.entries(ALWAYS)) {
      const broken = invariant({ objects, written, before })
      if (broken) throw new Error(`${name}, broken by write ${index} (${written.type} ${id}): ${broken}`)
    }
  }
  for (const run of objects.values()) {
    if (run.kind !== 'PipelineRun') continue
    for (const [name, invariant] of Object.entries(IN_THE_END)) {
      const broken = invariant(run, childrenOf(objects, run))
      if (broken)
        throw new Error(`${name}, in the end of ${idOf(run)}: ${broken}\n${JSON.stringify(succeededCondition(run))}`)
    }
  }
  const open = [...objects.values()].filter(isUnfinished).map(idOf)
  if (open.length > 0) throw new Error(`nothing happens any more, and these have not ended: ${open.join(', ')}`)
  return objects
}

const ALWAYS: Readonly<Record<string, Invariant>> = {
  'no task begins before its parents are over': state => {
    const made = newChild(state)
    if (made === undefined || made.isFinal) return undefined
    const open = parentsOf(made.task).filter(parent => !isTaskOver(made.siblings, parent))
    return open.length > 0 ? `${made.task.name} began before ${open.join(', ')}` : undefined
  },
  'finally begins after all other tasks': state => {
    const made = newChild(state)
    if (made === undefined) return undefined
    const lastOnes = made.siblings.filter(child => child.metadata.labels?.['tekton.dev/memberOf'] === 'finally')
    if (!made.isFinal) return lastOnes.length > 0 ? `${made.task.name} began after ${lastOnes.map(idOf)}` : undefined
    const open = made.siblings.filter(child => !lastOnes.includes(child) && !isDone(child))
    return open.length > 0 ? `${made.task.name} began before the end of ${open.map(idOf)}` : undefined
  },
  'a task is given the results its parents left': state => {
    const made = newChild(state)
    if (made === undefined || made.child.kind === 'PipelineRun') return undefined
    const given = (made.child.spec as TaskRun['spec']).params ?? []
    const wrong = (made.task.params ?? []).find(({ name, value }) => {
      const got = given.find(param => param.name === name)?.value
      return !isDeepStrictEqual(got, expectedValue(value, made.siblings))
    })
    return (
      wrong &&
      `param ${wrong.name} of ${made.task.name} is not ${JSON.stringify(wrong.value)}: ${JSON.stringify(given)}`
    )
  },
  'no task begins after one that was not allowed to fail has failed': state => {
    const made = newChild(state)
    if (made === undefined || made.isFinal) return undefined
    // The rest of a matrix that was interrupted while it was made may still come, if the failure came in between.
    const failed = made.siblings.find(
      child =>
        isFailure(made.run, child) && taskOf(child) !== made.task.name && isTaskOver(made.siblings, taskOf(child)),
    )
    return failed && !made.isInterrupted ? `${made.task.name} began after the failure of ${idOf(failed)}` : undefined
  },
  'what a status has said it never takes back': ({ written: { type, object }, before }) => {
    if (type === 'removed' || before === undefined) return undefined
    if (object.kind === 'PipelineRun') checkOneWay((before as PipelineRun).status, object.status ?? {})
    return object.kind === 'TaskRun' ? wentBack((before as TaskRun).status ?? {}, object.status ?? {}) : undefined
  },
  'two attempts of a TaskRun never overlap, and there are no more of them than allowed': ({
    objects,
    written: { object },
    before,
  }) => {
    if (before !== undefined || object.kind !== 'Pod') return undefined
    const owner = object.metadata.ownerReferences?.[0]?.uid
    const others = [...objects.values()].filter(
      one => one.kind === 'Pod' && one !== object && one.metadata.ownerReferences?.[0]?.uid === owner,
    )
    const open = others.find(pod => pod.kind === 'Pod' && !isOver(pod))
    return open && `${idOf(object)} was made while ${idOf(open)} was there`
  },
  'what has ended makes no Pods': ({ objects, written: { object }, before }) => {
    if (before !== undefined || object.kind !== 'Pod') return undefined
    const owner = object.metadata.ownerReferences?.[0]?.name ?? ''
    const run = objects.get(`TaskRun/${owner}`) as TaskRun
    return isDone(run) ? `${idOf(object)} was made after the end of ${idOf(run)}` : undefined
  },
}

type Last = (run: PipelineRun, children: readonly Child[]) => string | undefined

const IN_THE_END: Readonly<Record<string, Last>> = {
  'every task ran, was skipped for a reason, or was not reached': (run, children) => {
    const { skippedTasks = [], childReferences = [] } = run.status ?? {}
    const ran = new Set(children.map(taskOf))
    const listed = new Set(childReferences.map(one => one.pipelineTaskName))
    const skipped = skippedTasks.map(one => one.name)
    if (!isDeepStrictEqual(ran, listed)) return `children of ${[...ran]}, and the status lists ${[...listed]}`
    if (new Set(skipped).size < skipped.length) return `skipped twice: ${skipped}`
    const both = skipped.filter(name => ran.has(name))
    if (both.length > 0) return `${both} ran and were skipped`
    const unexplained = skippedTasks.filter(({ reason }) => !reason)
    if (unexplained.length > 0) return `no reason for the skip of ${unexplained.map(one => one.name)}`
    const missed = tasksOf(run).filter(({ name }) => !ran.has(name) && !skipped.includes(name))
    const invalid = hidesCounts(run)
      ? missed.filter(needsResults).length
      : Number(/Failed Validation: (\d+)/.exec(messageOf(run))?.[1] ?? 0)
    return missed.length > invalid && !isCutShort(run)
      ? `nothing is said of ${missed.map(task => task.name)}`
      : undefined
  },
  'every child is listed once, and nothing is listed that is not there': (run, children) => {
    const listed = (run.status?.childReferences ?? []).map(one => `${one.kind}/${one.name}`).sort()
    const there = children.map(idOf).sort()
    return isDeepStrictEqual(listed, there) ? undefined : `there are ${there}, and the status lists ${listed}`
  },
  'all children of a matrix were made, if any was': (run, children) => {
    const partly = tasksOf(run).find(task => {
      const count = children.filter(child => taskOf(child) === task.name).length
      return task.matrix !== undefined && count !== 0 && count !== 3
    })
    return partly && !isCutShort(run) && !children.some(child => isFailure(run, child))
      ? `only some of ${partly.name}`
      : undefined
  },
  'the counts in the message are those of the tasks': (run, children) => {
    const counts = /Tasks Completed: (\d+) \(Failed: (\d+).*?, Cancelled (\d+)\), Skipped: (\d+)/.exec(messageOf(run))
    if (counts === null) return undefined
    const [completed, , , skipped] = counts.slice(1).map(Number)
    const ran = new Set(children.map(taskOf)).size
    const isRight = completed === ran && skipped === (run.status?.skippedTasks ?? []).length
    return isRight ? undefined : `${messageOf(run)}: ${ran} ran`
  },
  'it succeeds if and only if nothing failed that was not allowed to': (run, children) => {
    const status = succeededCondition(run)?.status
    const stopped = run.spec.status !== undefined || isCutShort(run) || /Failed Validation/.test(messageOf(run))
    const noResult = succeededCondition(run)?.reason === 'CouldntGetPipelineResult'
    const timedOut = (run.status?.skippedTasks ?? []).some(({ reason }) => /timeout/i.test(reason ?? ''))
    const expected = children.some(child => isFailure(run, child)) || stopped || noResult || timedOut ? 'False' : 'True'
    // Asked to stop when everything had run.
    const late = run.spec.status !== undefined && status === 'True' && !children.some(child => isFailure(run, child))
    return status === expected || late ? undefined : `it is ${status}: ${messageOf(run)}`
  },
  'every attempt that was allowed and needed was made': (_, children) => {
    for (const run of children) {
      if (run.kind !== 'TaskRun') continue
      const attempts = (run.status?.retriesStatus ?? []).length
      const allowed = run.spec.retries ?? 0
      if (attempts > allowed) return `${idOf(run)} was retried ${attempts} times, and ${allowed} were allowed`
      const condition = succeededCondition(run)
      const asked = condition?.reason === 'TaskRunCancelled'
      if (condition?.status === 'False' && !asked && attempts < allowed) return `${idOf(run)} failed after ${attempts}`
    }
    return undefined
  },
  'times are in order': run => {
    const { startTime = '', finallyStartTime = startTime, completionTime = '' } = run.status ?? {}
    return startTime <= finallyStartTime && finallyStartTime <= completionTime ? undefined : JSON.stringify(run.status)
  },
}

interface NewChild {
  readonly run: PipelineRun
  readonly child: Child
  readonly task: PipelineTask
  readonly isFinal: boolean
  /** The other children of its PipelineRun. */
  readonly siblings: readonly Child[]
  /** Others of its matrix are there, so it may be a late one. */
  readonly isInterrupted: boolean
}

/** The write, if it made a child of a PipelineRun. */
function newChild({ objects, written: { object }, before }: State): NewChild | undefined {
  const owner = object.metadata.ownerReferences?.[0]
  if (before !== undefined || owner?.kind !== 'PipelineRun' || !isChild(object)) return undefined
  const run = objects.get(`PipelineRun/${owner.name}`) as PipelineRun
  const task = tasksOf(run).find(one => one.name === taskOf(object))
  if (task === undefined) throw new Error(`${idOf(object)} is of no task of ${idOf(run)}`)
  const siblings = childrenOf(objects, run).filter(child => child !== object)
  return {
    run,
    child: object,
    task,
    isFinal: object.metadata.labels?.['tekton.dev/memberOf'] === 'finally',
    siblings,
    isInterrupted: siblings.some(child => taskOf(child) === task.name),
  }
}

function isChild(object: Seen): object is Child {
  return object.kind === 'TaskRun' || object.kind === 'PipelineRun' || object.kind === 'CustomRun'
}

function childrenOf(objects: ReadonlyMap<string, Seen>, run: PipelineRun): readonly Child[] {
  return [...objects.values()]
    .filter(isChild)
    .filter(child => child.metadata.ownerReferences?.[0]?.uid === run.metadata.uid)
}

function tasksOf(run: PipelineRun): readonly PipelineTask[] {
  const spec = run.status?.pipelineSpec ?? run.spec.pipelineSpec
  return [...(spec?.tasks ?? []), ...(spec?.finally ?? [])]
}

export function taskOf({ metadata }: Seen): string {
  return metadata.labels?.['tekton.dev/pipelineTask'] ?? ''
}

const REFERENCE = /\$\(tasks\.([^.]+)\.results\.([^.[)]+)(\[\*\])?\)/g

/** Who comes first, read from the text of the task: not with the code that is under test. */
function parentsOf({ runAfter = [], params, when, matrix }: PipelineTask): readonly string[] {
  const referred = [...JSON.stringify([params, when, matrix]).matchAll(REFERENCE)].map(match => match[1] ?? '')
  return [...runAfter, ...referred]
}

/** A parent without children was skipped: the status says so a moment later, and then it never has any. */
function isTaskOver(children: readonly Child[], task: string): boolean {
  return children.filter(child => taskOf(child) === task).every(isDone)
}

function expectedValue(value: ParamValue, siblings: readonly Child[]): ParamValue | undefined {
  const [text] = typeof value === 'string' ? [value] : (value as readonly string[])
  const [match] = (text ?? '').matchAll(REFERENCE)
  if (match === undefined) return value
  const [, task, result, isWhole] = match
  const values = siblings
    .filter(child => taskOf(child) === task)
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    .flatMap(child => child.status?.results?.find(one => one.name === result)?.value ?? [])
  return isWhole ? (values as readonly string[]) : values[0]
}

/** A failure that its author did not allow; what is cancelled always counts. */
function isFailure(run: PipelineRun, child: Child): boolean {
  const condition = succeededCondition(child)
  if (condition?.status !== 'False') return false
  const task = tasksOf(run).find(({ name }) => name === taskOf(child))
  return task?.onError !== 'continue' || isCancelled(child)
}

function isCancelled(child: Child): boolean {
  return ['TaskRunCancelled', 'CustomRunCancelled', 'Cancelled'].includes(succeededCondition(child)?.reason ?? '')
}

/** Ended before all tasks were looked at. */
function isCutShort(run: PipelineRun): boolean {
  const reason = succeededCondition(run)?.reason
  const byUser = reason === 'Cancelled' && run.spec.status === 'Cancelled'
  return byUser || reason === 'PipelineRunTimeout'
}

/** As Tekton: that a result of the pipeline is missing is said instead of how many tasks failed validation. */
function hidesCounts(run: PipelineRun): boolean {
  return succeededCondition(run)?.reason === 'CouldntGetPipelineResult'
}

function needsResults(task: PipelineTask): boolean {
  return JSON.stringify(task.params ?? []).includes('.results.')
}

function messageOf(run: PipelineRun): string {
  return succeededCondition(run)?.message ?? ''
}

function isUnfinished(object: Seen): boolean {
  return object.kind === 'Pod' ? !isOver(object) : !isDone(object)
}

function wentBack(was: TaskRunStatus, is: TaskRunStatus): string | undefined {
  if (isDone({ status: was })) return endedAgain(was, is)
  const attempts = was.retriesStatus ?? []
  if (!isDeepStrictEqual((is.retriesStatus ?? []).slice(0, attempts.length), attempts)) return 'an attempt is forgotten'
  if (was.taskSpec !== undefined && !isDeepStrictEqual(was.taskSpec, is.taskSpec)) return 'taskSpec changed'
  if ((is.retriesStatus ?? []).length > attempts.length) return undefined
  const lost = (['startTime', 'podName'] as const).find(field => was[field] !== undefined && was[field] !== is[field])
  return lost && `${lost} changed within an attempt`
}

/** Its sidecars may end later, each once. */
function endedAgain(was: TaskRunStatus, is: TaskRunStatus): string | undefined {
  const { sidecars: had = [], ...rest } = was
  const { sidecars = [], ...restNow } = is
  if (!isDeepStrictEqual(rest, restNow) || had.length !== sidecars.length) return 'it had ended'
  const revived = had.find(({ terminated }, index) => terminated && !isDeepStrictEqual(had[index], sidecars[index]))
  return revived && `the sidecar ${revived.name} had ended`
}

export function idOf({ kind, metadata }: Seen): string {
  return `${kind}/${metadata.name}`
}

/** Everything that is left, without what depends on the order of writes: uids and versions. */
export function endState(objects: ReadonlyMap<string, Seen>): Readonly<Record<string, unknown>> {
  const uids = new Map([...objects.values()].map(object => [object.metadata.uid, `uid of ${idOf(object)}`]))
  const entries = [...objects.entries()].map(([id, object]) => {
    const { uid: _, resourceVersion: __, generation: ___, ...metadata } = object.metadata
    const text = JSON.stringify({ ...object, metadata }, (_key, value: unknown) =>
      typeof value === 'string' ? (uids.get(value) ?? value) : value,
    )
    return [id, JSON.parse(text) as unknown] as const
  })
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}
