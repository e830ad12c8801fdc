/** A run as a tree, for people. Pure: runs in, lines out. */
import type { Condition } from '../../resources/meta.js'
import type { ParamValue, PipelineRun, PipelineTask, TaskRun } from '../../resources/tekton.js'
import { succeededCondition } from '../../status/conditions.js'
import { brief, printable, type Style } from './style.js'
import { formatSeconds } from './times.js'

export interface RunView {
  readonly run: PipelineRun | TaskRun
  /** The TaskRuns of a PipelineRun, by name. */
  readonly children: ReadonlyMap<string, TaskRun>
  /** When we saw each run begin and end, by uid: finer than the whole seconds that a status keeps. Epoch ms. */
  readonly seen: ReadonlyMap<string, Seen>
}

export interface Seen {
  readonly startedAt: number
  readonly endedAt?: number
}

export function treeLines(view: RunView, now: number, style: Style): readonly string[] {
  const { run } = view
  const head = [
    mark(succeededCondition(run), style),
    style.bold(`${run.kind} ${printable(run.metadata.name)}`),
    reasonOf(succeededCondition(run), style),
    style.dim(duration(view, run, now)),
  ].join('  ')
  const body = run.kind === 'PipelineRun' ? taskLines(view, run, now, style) : stepLines(run, style)
  return [head, ...branches(body), ...explanation(run, style), ...resultLines(run, style)]
}

interface Row {
  readonly text: string
  readonly below: readonly Row[]
}

function taskLines(view: RunView, run: PipelineRun, now: number, style: Style): readonly Row[] {
  const spec = run.status?.pipelineSpec
  const all = [...(spec?.tasks ?? []), ...(spec?.finally ?? [])]
  const width = Math.max(0, ...all.map(task => task.name.length))
  const row = (task: PipelineTask) => taskRows(view, run, task, width, now, style)
  const last = (spec?.finally ?? []).flatMap(row)
  return [
    ...(spec?.tasks ?? []).flatMap(row),
    ...(last.length > 0 ? [{ text: style.dim('finally'), below: last }] : []),
  ]
}

function taskRows(
  view: RunView,
  run: PipelineRun,
  task: PipelineTask,
  width: number,
  now: number,
  style: Style,
): readonly Row[] {
  const name = printable(task.name).padEnd(width)
  const skipped = run.status?.skippedTasks?.find(each => each.name === task.name)
  if (skipped) return [{ text: style.dim(`○ ${name}  Skipped  ${skipped.reason}`), below: [] }]
  const references = run.status?.childReferences?.filter(child => child.pipelineTaskName === task.name) ?? []
  const children = references.flatMap(reference => view.children.get(reference.name) ?? [])
  if (children.length === 0) return [{ text: style.dim(`· ${name}`), below: [] }]
  return children.map(child =>
    childRow(view, child, children.length > 1 ? printable(child.metadata.name) : name, now, style),
  )
}

function childRow(view: RunView, child: TaskRun, name: string, now: number, style: Style): Row {
  const condition = succeededCondition(child)
  const attempts = child.status?.retriesStatus?.length ?? 0
  const retried = attempts > 0 ? style.yellow(`  retried ${attempts}×`) : ''
  const running = child.status?.steps?.find(step => step.running !== undefined)
  const now_ = condition?.status === 'Unknown' && running ? style.dim(`  step ${printable(running.name)}`) : ''
  const text = `${mark(condition, style)} ${name}  ${reasonOf(condition, style)}  ${style.dim(duration(view, child, now))}${retried}${now_}`
  const why = condition?.status === 'False' ? [{ text: style.red(printable(condition.message ?? '')), below: [] }] : []
  const results = (child.status?.results ?? []).map(result => ({
    text: style.dim(`${printable(result.name)} = ${shown(result.value)}`),
    below: [],
  }))
  return { text, below: [...why, ...results] }
}

function stepLines(run: TaskRun, style: Style): readonly Row[] {
  return (run.status?.steps ?? []).map(step => {
    const code = step.terminated?.exitCode
    const sign =
      code === undefined
        ? step.running
          ? style.cyan('●')
          : style.dim('·')
        : code === 0
          ? style.green('✔')
          : style.red('✘')
    return { text: `${sign} ${printable(step.name)}${code ? style.red(`  exit code ${code}`) : ''}`, below: [] }
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

function mark(condition: Condition | undefined, style: Style): string {
  if (condition?.status === 'True') return style.green('✔')
  if (condition?.status === 'False') return style.red('✘')
  return style.cyan('●')
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
