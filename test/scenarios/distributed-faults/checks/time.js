/**
 * I8 to I11: what must happen soon, or not any more. A bound in time holds for a system that is let be: what passes while
 * a fault lasts, while it recovers, or while the machine did not let the watcher run either, is not counted.
 */
import { grouped, historyOf } from '../records.js'

/** After a fault is over: locks run out, connections are made again. */
export const RECOVERY_MS = 10_000
/** The watcher's own clock ticks this often; a tick that is late says that the machine was busy elsewhere. */
export const TICK_MS = 100

/** The part of `from` to `to` (epoch ms) that no interval explains. */
export function unexplainedMs(from, to, intervals) {
  let rest = 0
  let at = from
  for (const each of [...intervals].sort((a, b) => a.from - b.from)) {
    if (each.to <= at) continue
    if (each.from >= to) break
    if (each.from > at) rest += each.from - at
    at = each.to
  }
  return rest + Math.max(to - at, 0)
}

/** When faults lasted and were recovered from, and when the machine stood still. */
export function explanations({ faults, events }, recoveryMs = RECOVERY_MS) {
  const ticks = events.filter(({ type }) => type === 'TICK')
  const stalls = ticks.slice(1).flatMap(({ at }, index) => {
    const before = ticks[index].at
    return at - before > 2 * TICK_MS ? [{ from: before, to: at }] : []
  })
  return [...faults.map(({ from, to }) => ({ from, to: to + recoveryMs })), ...stalls]
}

const endOf = list => list?.find(({ succeeded }) => succeeded === 'True' || succeeded === 'False')

/**
 * I8: nothing comes of a child that is made for what has ended, as a worker does that was frozen between looking and making: no step
 * of it starts, and it goes or ends. By versions: these are in order whatever the clocks say.
 */
export function cancelIsFinal({ events, steps, final }) {
  const history = historyOf(events)
  const began = new Set(steps.flatMap(({ taskRun, pod }) => [taskRun, pod]))
  const alive = new Set(
    final.filter(({ phase, succeeded }) => (phase ? isLive(phase) : succeeded === 'Unknown')).map(({ uid }) => uid),
  )
  return [...history.ofKind('TaskRun'), ...history.ofKind('Pod')].flatMap(([first]) => {
    const end = endOf(history.byUid.get(first.owner))
    if (!(end?.version < first.version)) return []
    const what = `${first.kind} ${first.name}, made after ${end.kind} ${end.name} had ended,`
    if (began.has(first.kind === 'Pod' ? first.uid : first.name)) return [`${what} started a step`]
    return alive.has(first.uid) ? [`${what} is still there`] : []
  })
}

function isLive(phase) {
  return phase === 'Pending' || phase === 'Running'
}

/**
 * I8: soon after a cancel is acknowledged, and after a task has ended, no step starts. (As in Tekton a cancelled PipelineRun has ended
 * when its TaskRuns have been told to end, and they do so after it.)
 */
export function cancelIsHeeded({ cancels, steps, events, faults, graceMs = 2_000 }) {
  const problems = []
  const history = historyOf(events)
  const explained = explanations({ faults, events })
  const starts = steps.filter(({ mark }) => mark === 'start')
  const taskRuns = new Map(history.ofKind('TaskRun').map(list => [list[0].name, endOf(list)]))
  const uids = new Map(history.ofKind('PipelineRun').map(([{ name, uid }]) => [name, uid]))
  const ofRun = grouped(starts, ({ run }) => run)
  const late = (line, since, what) => {
    if (line.at <= since || unexplainedMs(since, line.at, explained) <= graceMs) return
    problems.push(`${line.taskRun} step ${line.step} started ${line.at - since} ms after ${what}`)
  }
  for (const line of starts)
    late(line, taskRuns.get(line.taskRun)?.at ?? Number.POSITIVE_INFINITY, 'its TaskRun had ended')
  for (const { name, ackedAt } of cancels) {
    for (const line of ofRun.get(uids.get(name)) ?? []) late(line, ackedAt, `the cancel of ${name} was acknowledged`)
  }
  return problems
}

/** Of each TaskRun what its pipeline says, and what was told of it. */
function taskRunsOf(history, shapes) {
  const pipelines = new Map(history.ofKind('PipelineRun').map(([first]) => [first.uid, first.pipeline]))
  return history.ofKind('TaskRun').flatMap(list => {
    const shape = shapes[pipelines.get(list[0].owner)]?.tasks[list[0].task]
    return shape === undefined ? [] : [{ name: list[0].name, shape, list, end: endOf(list) }]
  })
}

/** I9: no more attempts than asked for, and none that is not counted. */
export function bounded({ steps, events, shapes }) {
  const lines = grouped(steps, ({ taskRun }) => taskRun)
  return taskRunsOf(historyOf(events), shapes).flatMap(({ name, shape: { retries = 0 }, end }) => {
    const tries = new Set((lines.get(name) ?? []).map(({ attempt }) => attempt)).size
    return [
      ...(tries > retries + 1 ? [`${name} had ${tries} attempts and may have ${retries + 1}`] : []),
      ...(end?.retries > retries ? [`${name} counts ${end.retries} retries of ${retries}`] : []),
    ]
  })
}

/** I9: timeouts fire, not early and not late. */
export function timeoutsFire({ events, shapes, faults }) {
  const explained = explanations({ faults, events })
  return taskRunsOf(historyOf(events), shapes).flatMap(({ name, shape: { timeoutMs }, list, end }) => {
    if (timeoutMs === undefined || end?.reason !== 'TaskRunTimeout') return []
    // Times in statuses are whole seconds.
    if (end.completionTime - end.startTime < timeoutMs - 1_000) return [`${name} timed out early`]
    const due = list.find(({ startTime }) => startTime !== undefined).at + timeoutMs
    const late = end.at > due ? unexplainedMs(due, end.at, explained) : 0
    return late > 1_000 ? [`${name} timed out ${Math.round(late)} ms late`] : []
  })
}

/** Runs whose pipeline waits for nothing: something of theirs is always due. */
function busyRuns(history, shapes) {
  return history.ofKind('PipelineRun').flatMap(list => {
    const shape = shapes[list[0].pipeline]
    if (shape === undefined || shape.waits) return []
    return [{ name: list[0].name, from: list[0].at, to: endOf(list)?.at ?? Number.POSITIVE_INFINITY }]
  })
}

/**
 * I10 and the better part of I11: while there are runs that wait for nothing, something goes on, whatever else lies about.
 * `from`: since when all is well.
 */
export function progress({ events, shapes, calmFrom, faults = [] }, limitMs = 1_000) {
  const history = historyOf(events)
  const runs = busyRuns(history, shapes)
  const explained = explanations({ faults, events })
  const times = events.flatMap(({ uid, at, kind }) =>
    uid !== undefined && kind !== 'ConfigMap' && at >= calmFrom ? [at] : [],
  )
  const end = events.at(-1)?.at ?? calmFrom
  const problems = []
  let before = calmFrom
  for (const at of [...times.sort((a, b) => a - b), end]) {
    const waiting = runs.filter(({ from, to }) => from <= before && to >= at)
    const still = unexplainedMs(before, at, explained)
    if (still > limitMs && waiting.length > 0) {
      problems.push(
        `nothing went on for ${Math.round(still)} ms while ${waiting.length} runs had something due, as ${waiting[0].name}`,
      )
    }
    before = at
  }
  return problems
}

/** I11: in the end nothing is unfinished, and the queues are empty. */
export function settled({ final, depths, lastEndAt, drainedAt }) {
  const problems = final
    .filter(
      ({ succeeded, kind }) =>
        (kind === 'PipelineRun' || kind === 'TaskRun') && succeeded !== 'True' && succeeded !== 'False',
    )
    .map(({ kind, name }) => `${kind} ${name} is not finished`)
  for (const [queue, depth] of Object.entries(depths))
    if (depth > 0) problems.push(`the queue of ${queue} holds ${depth}`)
  if (drainedAt - lastEndAt > 10_000)
    problems.push(`the queues drained ${drainedAt - lastEndAt} ms after the last run had ended`)
  return problems
}
