/** A run as a tree, for people. Pure: runs in, lines out. Long ones have less detail (`Detail`). */
import type { Condition } from '../../resources/meta.js'
import type { ParamValue, PipelineRun, PipelineTask, TaskRun } from '../../resources/tekton.js'
import { inheritedFrom } from '../../run/inherited.js'
import { isDone, succeededCondition } from '../../status/conditions.js'
import { brief, printable, type Style } from './style.js'
import { formatSeconds } from './times.js'

export interface RunView {
  readonly run: PipelineRun | TaskRun
  /** The TaskRuns of a PipelineRun, by name. */
  readonly children: ReadonlyMap<string, TaskRun>
  /** Its PipelineRuns, by name. */
  readonly pipelines?: ReadonlyMap<string, RunView>
  /** When we saw each run begin and end, by uid: finer than the whole seconds that a status keeps. Epoch ms. */
  readonly seen: ReadonlyMap<string, Seen>
}

/** How much is shown: less of it makes a big run fit on a screen. */
export interface Detail {
  /** Lines of output below a step that runs. */
  readonly tail: number
  /** Tasks of a matrix that stand for themselves, and tasks that are done, succeeded and left out: from so many on. */
  readonly fold: number
}

export const EVERYTHING: Detail = { tail: 3, fold: 12 }

export interface Look {
  readonly now: number
  readonly style: Style
  readonly detail: Detail
  /** What a running thing is marked with; it turns. */
  readonly spinner: string
  /** The last lines of a step, ready to be shown. */
  readonly tailOf: (run: TaskRun, step: string) => readonly string[]
}

export interface Seen {
  readonly startedAt: number
  readonly endedAt?: number
}

export function treeLines(view: RunView, now: number, style: Style): readonly string[] {
  return lookedAt(view, { now, style, detail: EVERYTHING, spinner: '●', tailOf: () => [] })
}

export function lookedAt(view: RunView, look: Look): readonly string[] {
  const { run } = view
  const { style } = look
  const head = [
    mark(succeededCondition(run), look),
    style.bold(`${run.kind} ${printable(run.metadata.name)}`),
    reasonOf(succeededCondition(run), style),
    style.dim(duration(view, run, look.now)),
  ].join('  ')
  const body = run.kind === 'PipelineRun' ? taskLines(view, run, look) : stepLines(run, look)
  return [head, ...branches(body), ...explanation(run, style), ...resultLines(run, style)]
}

interface Row {
  readonly text: string
  readonly below: readonly Row[]
  /** Left out with others like it when there are many. */
  readonly folds?: Folded
}

type Folded = 'succeeded' | 'skipped' | 'not begun'

function taskLines(view: RunView, run: PipelineRun, look: Look): readonly Row[] {
  const spec = run.status?.pipelineSpec
  const all = [...(spec?.tasks ?? []), ...(spec?.finally ?? [])]
  const width = Math.max(0, ...all.map(task => task.name.length))
  const row = (task: PipelineTask) => taskRows(view, run, task, width, look)
  const last = (spec?.finally ?? []).flatMap(row)
  return [
    ...folded((spec?.tasks ?? []).flatMap(row), look),
    ...(last.length > 0 ? [{ text: look.style.dim('finally'), below: folded(last, look) }] : []),
  ]
}

/** Many that nobody needs to look at are one row. */
function folded(rows: readonly Row[], { detail, style }: Look): readonly Row[] {
  const kinds: readonly Folded[] = ['succeeded', 'skipped', 'not begun']
  const many = kinds.filter(kind => rows.filter(({ folds }) => folds === kind).length >= detail.fold)
  const signs = { succeeded: style.green('✔'), skipped: style.dim('○'), 'not begun': style.dim('·') }
  return [
    ...rows.filter(({ folds }) => folds === undefined || !many.includes(folds)),
    ...many.map(kind => {
      const count = rows.filter(({ folds }) => folds === kind).length
      return { text: `${signs[kind]} ${style.dim(`${count} tasks ${kind}`)}`, below: [] }
    }),
  ]
}

function taskRows(view: RunView, run: PipelineRun, task: PipelineTask, width: number, look: Look): readonly Row[] {
  const { style } = look
  const name = printable(task.name).padEnd(width)
  const skipped = run.status?.skippedTasks?.find(each => each.name === task.name)
  if (skipped) return [{ text: style.dim(`○ ${name}  Skipped  ${skipped.reason}`), below: [], folds: 'skipped' }]
  const references = run.status?.childReferences?.filter(child => child.pipelineTaskName === task.name) ?? []
  const nested = references.flatMap(reference => view.pipelines?.get(reference.name) ?? [])
  if (nested.length > 0) return nested.map(inner => pipelineRow(inner, name, look))
  const children = references.flatMap(reference => view.children.get(reference.name) ?? [])
  if (children.length === 0) return [{ text: style.dim(`· ${name}`), below: [], folds: 'not begun' }]
  if (children.length >= look.detail.fold && children.length > 1) return [matrixRow(view, children, name, look)]
  return children.map(child => childRow(view, child, children.length > 1 ? printable(child.metadata.name) : name, look))
}

function pipelineRow(view: RunView, name: string, look: Look): Row {
  const condition = succeededCondition(view.run)
  const text = `${mark(condition, look)} ${name}  ${reasonOf(condition, look.style)}  ${look.style.dim(duration(view, view.run, look.now))}`
  const below = view.run.kind === 'PipelineRun' ? taskLines(view, view.run, look) : []
  return { text, below, ...(condition?.status === 'True' && { folds: 'succeeded' as const }) }
}

/** Many TaskRuns of one task: how many of them are how far, and those that failed. */
function matrixRow(view: RunView, children: readonly TaskRun[], name: string, look: Look): Row {
  const { style } = look
  const by = (status: string) => children.filter(child => succeededCondition(child)?.status === status)
  const [succeeded, failed] = [by('True'), by('False')]
  const running = children.filter(
    child => succeededCondition(child)?.status === 'Unknown' && succeededCondition(child)?.reason === 'Running',
  )
  const done = succeeded.length + failed.length
  const sign = done < children.length ? style.cyan(look.spinner) : failed.length > 0 ? style.red('✘') : style.green('✔')
  const counts = [
    `${done} of ${children.length} done`,
    ...(running.length > 0 ? [style.cyan(`${running.length} running`)] : []),
    ...(failed.length > 0 ? [style.red(`${failed.length} failed`)] : []),
  ]
  const shown = failed.slice(0, look.detail.fold)
  const more = failed.length - shown.length
  return {
    text: `${sign} ${name}  ${counts.join('  ')}`,
    below: [
      ...shown.map(child => childRow(view, child, printable(child.metadata.name), look)),
      ...(more > 0 ? [{ text: style.red(`${more} more failed`), below: [] }] : []),
    ],
    ...(succeeded.length === children.length && { folds: 'succeeded' as const }),
  }
}

function childRow(view: RunView, child: TaskRun, name: string, look: Look): Row {
  const { style, detail } = look
  const condition = succeededCondition(child)
  const attempts = child.status?.retriesStatus?.length ?? 0
  const retried = attempts > 0 ? style.yellow(`  retried ${attempts}×`) : ''
  const running =
    condition?.status === 'Unknown' ? child.status?.steps?.find(step => step.running !== undefined) : undefined
  const outcome = isTakenOver(child)
    ? style.dim('taken over')
    : `${reasonOf(condition, style)}  ${style.dim(duration(view, child, look.now))}`
  const step = running ? style.dim(`  step ${printable(running.name)}`) : ''
  const text = `${mark(condition, look)} ${name}  ${outcome}${retried}${step}`
  const why = condition?.status === 'False' ? [{ text: style.red(printable(condition.message ?? '')), below: [] }] : []
  const results = (child.status?.results ?? []).map(result => ({
    text: style.dim(`${printable(result.name)} = ${shown(result.value)}`),
    below: [],
  }))
  const tail = running && detail.tail > 0 ? tailRows(child, running.name, look) : []
  return {
    text,
    below: [...why, ...results, ...tail],
    ...(condition?.status === 'True' && { folds: 'succeeded' as const }),
  }
}

/** From a run before, instead of running. */
export function isTakenOver(run: PipelineRun | TaskRun): boolean {
  return run.kind === 'TaskRun' && isDone(run) && inheritedFrom(run) !== undefined
}

function tailRows(run: TaskRun, step: string, { tailOf, detail, style }: Look): readonly Row[] {
  return tailOf(run, step)
    .slice(-detail.tail)
    .map(line => ({ text: style.dim(line), below: [] }))
}

function stepLines(run: TaskRun, look: Look): readonly Row[] {
  const { style } = look
  // All of them are processes from the beginning; the first that has not ended is the one that works.
  const current = run.status?.steps?.find(step => step.terminated === undefined)
  return (run.status?.steps ?? []).map(step => {
    const code = step.terminated?.exitCode
    const isCurrent = step === current && step.running !== undefined
    const sign =
      code === undefined
        ? isCurrent
          ? style.cyan(look.spinner)
          : style.dim('·')
        : code === 0
          ? style.green('✔')
          : style.red('✘')
    const text = `${sign} ${printable(step.name)}${code ? style.red(`  exit code ${code}`) : ''}`
    return { text, below: isCurrent ? tailRows(run, step.name, look) : [] }
  })
}

/** Why a run failed, when no row of the tree says so already. */
function explanation(run: PipelineRun | TaskRun, style: Style): readonly string[] {
  const condition = succeededCondition(run)
  if (condition?.status !== 'False') return []
  return [`   ${style.red(printable(condition.message ?? ''))}`]
}

function resultLines(run: PipelineRun | TaskRun, style: Style): readonly string[] {
  const results = run.status?.results ?? []
  if (results.length === 0) return []
  return ['   results', ...results.map(result => `     ${printable(result.name)} = ${style.cyan(shown(result.value))}`)]
}

function branches(rows: readonly Row[], indent = '   '): readonly string[] {
  return rows.flatMap((row, index) => {
    const last = index === rows.length - 1
    return [`${indent}${last ? '└─' : '├─'} ${row.text}`, ...branches(row.below, `${indent}${last ? '   ' : '│  '}`)]
  })
}

function mark(condition: Condition | undefined, { style, spinner }: Look): string {
  if (condition?.status === 'True') return style.green('✔')
  if (condition?.status === 'False') return style.red('✘')
  return style.cyan(spinner)
}

function reasonOf(condition: Condition | undefined, style: Style): string {
  const reason = condition?.reason ?? 'Created'
  if (condition?.status === 'True') return style.green(reason)
  return condition?.status === 'False' ? style.red(reason) : style.cyan(reason)
}

function duration({ seen }: RunView, run: PipelineRun | TaskRun, now: number): string {
  const times = seen.get(run.metadata.uid)
  return times === undefined ? '' : formatSeconds((times.endedAt ?? now) - times.startedAt)
}

function shown(value: ParamValue): string {
  const text = typeof value === 'string' ? value.trimEnd() : JSON.stringify(value)
  return brief(printable(text).replaceAll('\n', '⏎'))
}
