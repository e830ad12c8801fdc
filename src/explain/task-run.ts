/** What is to be said of one TaskRun. */
import { formatDuration } from '../lib/duration.js'
import { fromTimestamp } from '../lib/time.js'
import {
  FAILURE_CLASS_ANNOTATION,
  INHERIT_FROM_ANNOTATION,
  NOT_INHERITED_ANNOTATION,
} from '../resources/annotations.js'
import type { CustomRun, StepState, TaskRun } from '../resources/tekton.js'
import { inheritedFrom } from '../run/inherited.js'
import { isDone, succeededCondition } from '../status/conditions.js'
import type { TaskRunReason } from '../status/reasons.js'
import { cancelledBy } from './cancelled-by.js'
import { type Finding, filled } from './explanation.js'
import { TASK_RUN_ADVICE } from './task-run-advice.js'

/** The last lines of a step's log, where they are known. */
export type TailOf = (taskRun: string, container: string) => readonly string[] | undefined

export interface Saying {
  readonly now: number
  readonly tailOf: TailOf
}

export function explainTaskRun(run: TaskRun, about: string, { now, tailOf }: Saying): readonly Finding[] {
  const condition = succeededCondition(run)
  const { name, namespace } = run.metadata
  const notes = noted(run, about)
  const reason = condition?.reason ?? 'Started'
  if (condition?.status === 'True') return notes
  const values = { name, namespace, pod: run.status?.podName }
  const known = Object.hasOwn(TASK_RUN_ADVICE, reason) ? TASK_RUN_ADVICE[reason as TaskRunReason] : undefined
  const says = filled(known?.says ?? `${reason}.`, values)
  const wayOut = known?.wayOut === undefined ? {} : { wayOut: filled(known.wayOut, values) }
  if (condition?.status !== 'False') {
    if (reason === 'Running') return [...notes, running(run, about, now)]
    const words = tells(condition?.message, reason, condition) ? [condition?.message ?? ''] : []
    const since = waitedFor(run, now)
    const text = `${says}${attempts(run)}${since === '' ? '' : ` It has waited for ${since}.`}`
    return [...notes, { is: 'waits', about, text, ...lined(words), ...wayOut }]
  }
  if (reason === 'TaskRunCancelled') {
    const by = cancelledBy(run)
    const why = run.spec.statusMessage
    return [...notes, { is: 'cancelled', about, text: `It was cancelled${by}.${why ? ` ${why}` : ''}`, ...wayOut }]
  }
  const step = failedStep(run.status?.steps ?? [], reason)
  const told = step ? `${says} ${stepText(step)}` : says
  const tail = step && tailOf(name, step.container)
  const message = SAYS_NO_MORE.test(condition.message ?? '') ? [] : [condition.message ?? '']
  const text = `${told}${spent(run, reason)}${attempts(run)}${fault(run)}`
  return [
    ...notes,
    {
      is: 'failed',
      about,
      text,
      ...lined([...message, ...(tail ?? [])]),
      ...(byInfrastructure(run, reason) ?? wayOut),
    },
  ]
}

export function explainCustomRun(run: CustomRun, about: string): readonly Finding[] {
  const condition = succeededCondition(run)
  if (condition?.status === 'True') return []
  const { name, namespace } = run.metadata
  const wayOut = `See what its controller says: kubectl describe customrun ${name} -n ${namespace}`
  const words = lined([condition?.message ?? ''])
  if (condition?.status === 'False')
    return [{ is: 'failed', about, text: `A custom task failed (${condition.reason ?? '?'}).`, ...words, wayOut }]
  const text = condition
    ? 'It waits for the controller of a custom task.'
    : 'No controller has taken up this custom task yet.'
  return [{ is: 'waits', about, text, ...words, wayOut }]
}

function lined(lines: readonly string[]): Pick<Finding, 'lines'> {
  const all = lines.flatMap(line => line.split('\n')).filter(line => line.trim() !== '')
  return all.length === 0 ? {} : { lines: all }
}

function tells(message: string | undefined, reason: string, condition: object | undefined): boolean {
  return (
    condition !== undefined &&
    message !== undefined &&
    message !== '' &&
    message !== reason &&
    message !== 'Not all Steps in the Task have finished executing'
  )
}

function noted({ metadata }: TaskRun, about: string): readonly Finding[] {
  const from = inheritedFrom({ metadata })
  if (from !== undefined)
    return [{ is: 'note', about, text: `It did not run: its outcome is that of "${from}" of the earlier run.` }]
  const why = metadata.annotations?.[NOT_INHERITED_ANNOTATION]
  if (metadata.annotations?.[INHERIT_FROM_ANNOTATION] === undefined || why === undefined) return []
  return [{ is: 'note', about, text: `It runs anew: ${why}.` }]
}

function running(run: TaskRun, about: string, now: number): Finding {
  const step = run.status?.steps?.find(one => one.running)
  const since = durationSince(step?.running?.startedAt ?? run.status?.startTime, now)
  const what = step ? `Step "${step.name}" runs` : 'It runs'
  const wayOut = `Watch it: tektite taskrun logs ${run.metadata.name} -f -n ${run.metadata.namespace}`
  return { is: 'waits', about, text: `${what}${since ? `, for ${since} now` : ''}.${attempts(run)}`, wayOut }
}

/** Than the step's state does. */
const SAYS_NO_MORE = /^"step-[^"]+" exited with code \d+(?:: Error)?\.?$/

/** Steps that were skipped because of it, may fail, or were ended with the run for its own reason, are not it. */
function failedStep(steps: readonly StepState[], reason: string): StepState | undefined {
  return steps.find(({ terminated, terminationReason }) => {
    const counts = ![reason, 'Skipped', 'Continued'].includes(terminationReason ?? '')
    return terminated !== undefined && terminated.exitCode !== 0 && counts
  })
}

function stepText({ name, terminated, terminationReason }: StepState): string {
  const code = terminated?.exitCode ?? 0
  if (terminationReason === 'TimeoutExceeded') return `Step "${name}" ran longer than its own timeout.`
  const meaning = Object.hasOwn(EXIT_CODES, code) ? ` (${EXIT_CODES[code]})` : ''
  return `Step "${name}" ended with exit code ${code}${meaning}.`
}

const EXIT_CODES: Readonly<Record<number, string>> = {
  126: 'a file that cannot be executed',
  127: 'no such command',
  130: 'interrupted, SIGINT',
  134: 'aborted, SIGABRT',
  137: 'killed, SIGKILL',
  139: 'a memory fault, SIGSEGV',
  143: 'stopped, SIGTERM',
}

function spent({ spec, status }: TaskRun, reason: string): string {
  if (reason !== 'TaskRunTimeout') return ''
  const limit = spec.timeout === undefined ? 'the default of this installation' : `timeout: ${spec.timeout}`
  const ran = between(status?.startTime, status?.completionTime)
  return ` The limit is ${limit}${ran ? `, and it took ${ran}` : ''}.`
}

function attempts({ spec, status }: TaskRun): string {
  const before = status?.retriesStatus ?? []
  if (before.length === 0) return ''
  const last = succeededCondition({ status: before.at(-1) ?? {} })
  const tries = spec.retries === undefined ? '' : ` (retries: ${spec.retries})`
  return ` This is attempt ${before.length + 1}${tries}; the one before ended with ${last?.reason ?? 'a failure'}.`
}

function isInfrastructures({ metadata }: TaskRun): boolean {
  return metadata.annotations?.[FAILURE_CLASS_ANNOTATION] === 'infrastructure'
}

function fault(run: TaskRun): string {
  return isInfrastructures(run) ? ' That was not the fault of the task: elsewhere or later it may work.' : ''
}

/** What to do about it is not to mend the task. */
function byInfrastructure(run: TaskRun, reason: string): Pick<Finding, 'wayOut'> | undefined {
  if (!isInfrastructures(run)) return undefined
  const { name, namespace } = run.metadata
  const first = reason === 'TaskRunImagePullFailed' ? `${TASK_RUN_ADVICE.PullImageFailed.wayOut}. ` : ''
  const again = `Run it again: tektite taskrun rerun ${name} -n ${namespace}`
  return { wayOut: `${first}${again}. With tektite.dev/retries-infrastructure: "2" on the run that happens by itself` }
}

function waitedFor(run: TaskRun, now: number): string {
  return isDone(run)
    ? ''
    : durationSince(succeededCondition(run)?.lastTransitionTime ?? run.metadata.creationTimestamp, now)
}

export function durationSince(time: string | undefined, now: number): string {
  const ms = now - fromTimestamp(time ?? '')
  return Number.isFinite(ms) && ms >= 0 ? wholeSeconds(ms) : ''
}

export function between(start: string | undefined, end: string | undefined): string {
  const ms = fromTimestamp(end ?? '') - fromTimestamp(start ?? '')
  return Number.isFinite(ms) ? wholeSeconds(Math.max(0, ms)) : ''
}

function wholeSeconds(ms: number): string {
  return formatDuration(Math.floor(ms / 1_000) * 1_000)
}
