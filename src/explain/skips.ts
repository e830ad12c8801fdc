/** Why a pipeline task was skipped: the reason, the task or the `when` that is the cause, and the values that decided. */
import type { ParamValue, PipelineSpec, PipelineTask, SkippedTask, WhenExpression } from '../resources/tekton.js'
import { buildGraph } from '../run/graph.js'
import { linkingReferences } from '../run/result-references.js'
import { SKIP_REASONS, type SkipReason } from '../status/reasons.js'
import type { Finding } from './explanation.js'

export interface Skips {
  readonly name: string
  readonly namespace: string
  /** `status.pipelineSpec`. */
  readonly spec: PipelineSpec
  readonly skipped: ReadonlyMap<string, SkippedTask>
  /** Names of tasks that failed, could not begin, or were cancelled, and did not stop nothing. */
  readonly stoppers: readonly string[]
  /** Of tasks that ended; undefined for one that has none. */
  readonly resultsOf: (task: string) => ReadonlySet<string> | undefined
  readonly limits: { readonly pipeline: string; readonly tasks: string; readonly finally: string }
}

type Told = Pick<Finding, 'text' | 'lines' | 'wayOut'>

export function explainSkip(skip: SkippedTask, skips: Skips): Finding {
  const tell = Object.hasOwn(TELL, skip.reason) ? TELL[skip.reason as SkipReason] : undefined
  const told = tell?.(skip, skips) ?? { text: `${skip.reason}.` }
  return { is: 'skipped', about: skip.name, ...told }
}

const TELL: Readonly<Record<SkipReason, (skip: SkippedTask, skips: Skips) => Told>> = {
  [SKIP_REASONS.When]: (skip, { spec }) => ({
    text: 'Its when does not hold. Tasks that only run after it do run.',
    lines: whenLines(skip, taskIn(spec, skip.name)),
    wayOut: 'If it should have run, change the params or results that its when asks about, or the when',
  }),
  [SKIP_REASONS.Parents]: (skip, skips) => {
    const parent = skippedParent(skip.name, skips)
    const root = rootCause(skip.name, skips)
    const chain = root !== undefined && root.name !== parent ? `, which comes after "${root.name}"` : ''
    const why = root === undefined ? '' : ` That one was skipped because: ${root.reason}.`
    return {
      text: `It comes after "${parent ?? '?'}"${chain}, which was skipped.${why}`,
      wayOut: 'See to the task that was skipped first; only a task that was skipped for its own when lets others run',
    }
  },
  [SKIP_REASONS.Stopping]: (skip, { stoppers, spec }) => ({
    text: `It had not begun when the run was stopped${stoppers.length > 0 ? ` by ${quoted(stoppers)}` : ''}: after that no task begins but the finally tasks.${failsWhen(skip) ? ' Its when does not hold either.' : ''}`,
    ...(failsWhen(skip) && { lines: whenLines(skip, taskIn(spec, skip.name)) }),
    wayOut: 'Mend what failed. A task whose failure should not matter says onError: continue',
  }),
  [SKIP_REASONS.GracefullyCancelled]: (_, run) => ({
    text: 'It had not begun when the run was cancelled (CancelledRunFinally).',
    wayOut: rerun(run),
  }),
  [SKIP_REASONS.GracefullyStopped]: (_, run) => ({
    text: 'It had not begun when the run was stopped (StoppedRunFinally).',
    wayOut: rerun(run),
  }),
  [SKIP_REASONS.MissingResults]: (skip, skips) => {
    const missing = missingResults(taskIn(skips.spec, skip.name), skips)
    return {
      text:
        missing.length > 0
          ? `It needs ${missing.map(([task, result]) => `result "${result}" of "${task}", which ${whyMissing(task, skips)}`).join(', and ')}.`
          : 'It needs a result that a task before it did not write.',
      wayOut: 'Let the task write the result in every case: $(results.NAME.path); or give this one a when of its own',
    }
  },
  [SKIP_REASONS.PipelineTimeout]: (_, { limits }) => ({
    text: `The run had used up its time (timeouts.pipeline: ${limits.pipeline}) before it began.`,
    wayOut: 'Raise timeouts.pipeline of the run',
  }),
  [SKIP_REASONS.TasksTimeout]: (_, { limits }) => ({
    text: `The time for tasks (timeouts.tasks: ${limits.tasks}) was over before it began.`,
    wayOut: 'Raise timeouts.tasks of the run',
  }),
  [SKIP_REASONS.FinallyTimeout]: (_, { limits }) => ({
    text: `The time for finally tasks (timeouts.finally: ${limits.finally}) was over before it began.`,
    wayOut: 'Raise timeouts.finally of the run',
  }),
  [SKIP_REASONS.EmptyMatrix]: (skip, { spec }) => {
    const params = (taskIn(spec, skip.name)?.matrix?.params ?? []).map(({ name, value }) => `${name}: ${shown(value)}`)
    return {
      text: 'Its matrix has no combination: one of its params is an empty array.',
      ...(params.length > 0 && { lines: params }),
      wayOut: 'Give the param at least one value, or leave the task out by a when',
    }
  },
}

function rerun({ name, namespace }: Skips): string {
  return `Run it again: tektite pipelinerun rerun ${name} --from-failed -n ${namespace}`
}

export function taskIn(spec: PipelineSpec, name: string): PipelineTask | undefined {
  return [...(spec.tasks ?? []), ...(spec.finally ?? [])].find(task => task.name === name)
}

/** Each with how it was written, where that tells more. */
function whenLines({ whenExpressions = [] }: SkippedTask, task: PipelineTask | undefined): readonly string[] {
  return whenExpressions.map((expression, index) => {
    const written = task?.when?.[index]
    const source = written?.cel ?? written?.input ?? ''
    const from = source.includes('$(') ? `   (from ${source})` : ''
    return `${holds(expression) === false ? 'no:  ' : holds(expression) === true ? 'yes: ' : ''}${whenText(expression)}${from}`
  })
}

function failsWhen({ whenExpressions = [] }: SkippedTask): boolean {
  return whenExpressions.some(expression => holds(expression) === false)
}

/** Undefined for CEL, which is not evaluated here. */
function holds({ cel, input = '', operator, values = [] }: WhenExpression): boolean | undefined {
  // What could not be replaced yet says nothing.
  if (cel || [input, ...values].some(text => text.includes('$('))) return undefined
  return operator === 'notin' ? !values.includes(input) : values.includes(input)
}

function whenText({ cel, input = '', operator = 'in', values = [] }: WhenExpression): string {
  if (cel) return `cel: ${cel}`
  return `"${input}" ${operator} [${values.map(value => `"${value}"`).join(', ')}]`
}

function parentsOf(name: string, { spec }: Skips): readonly string[] {
  const built = buildGraph(spec.tasks ?? [])
  return built.is === 'graph' ? (built.graph.parents.get(name) ?? []) : []
}

/** One that was skipped, and not harmlessly. */
function skippedParent(name: string, skips: Skips): string | undefined {
  return parentsOf(name, skips).find(parent => {
    const skip = skips.skipped.get(parent)
    return skip !== undefined && skip.reason !== SKIP_REASONS.When
  })
}

/** The first of the chain that was not skipped for its parents. */
function rootCause(name: string, skips: Skips): SkippedTask | undefined {
  let found: SkippedTask | undefined
  for (let at: string | undefined = skippedParent(name, skips); at !== undefined; at = skippedParent(at, skips)) {
    found = skips.skipped.get(at)
    if (found?.reason !== SKIP_REASONS.Parents) break
  }
  return found
}

function missingResults(task: PipelineTask | undefined, { resultsOf }: Skips): readonly (readonly [string, string])[] {
  const references = task ? linkingReferences(task) : []
  const missing = references.filter(reference => !resultsOf(reference.task)?.has(reference.result))
  return [...new Map(missing.map(one => [one.expression, [one.task, one.result] as const])).values()]
}

function whyMissing(task: string, { skipped, stoppers }: Skips): string {
  if (skipped.has(task)) return 'was skipped'
  return stoppers.includes(task) ? 'failed before it wrote it' : 'ended without writing it'
}

function shown(value: ParamValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

export function quoted(names: readonly string[]): string {
  return names.map(name => `"${name}"`).join(', ')
}
