/** One task of a pipeline: its name, what it runs, its matrix and its error handling. */
import { exactlyOne, invalidValue, type Problem, problem } from '../../resources/problem.js'
import type { ParamSpec, PipelineSpec, PipelineTask } from '../../resources/tekton.js'
import { largestFanOut } from '../matrix.js'
import { expressionsInValue } from '../substitute.js'
import { fieldGate, flagGate, inlineGate, type Rules } from './gates.js'
import { embeddedParams } from './inline-params.js'
import { isDnsLabel } from './names.js'
import { validateTaskParams } from './params.js'
import { goQuote } from './quote.js'
import { validateReference } from './references.js'
import { repeats } from './repeats.js'
import { validateTaskSpec } from './task.js'
import { validateWhen } from './when.js'

/** As pkg/internal/artifactref. */
const TASK_ARTIFACT = /^tasks\.[^.]+\.(?:outputs|inputs)\./

/** Checks an inline pipeline that is handed params. Handed in, because pipelines contain tasks and tasks contain pipelines. */
export type CheckPipeline = (spec: PipelineSpec, path: string, given: readonly ParamSpec[]) => readonly Problem[]

export function validatePipelineTask(
  task: PipelineTask,
  path: string,
  rules: Rules,
  checkPipeline: CheckPipeline,
): readonly Problem[] {
  return [
    ...nameProblems(task, path),
    ...bodyProblems(task, path, rules),
    ...taskRefProblems(task, path, rules),
    ...taskSpecProblems(task, path, rules),
    ...(task.pipelineRef ? validateReference(task.pipelineRef, `${path}.pipelineRef`, rules) : []),
    ...(task.pipelineSpec ? checkPipeline(task.pipelineSpec, `${path}.pipelineSpec`, embeddedParams(task)) : []),
    ...validateTaskParams(task.params ?? [], path),
    ...matrixProblems(task, path, rules),
    ...validateWhen(task.when ?? [], path, rules),
    ...onErrorProblems(task, path, rules),
    ...artifactGate(task, path, rules),
  ]
}

function nameProblems({ name }: PipelineTask, path: string): readonly Problem[] {
  // A missing name arrives here as undefined, whatever the type says.
  if (name && isDnsLabel(name)) return []
  return [
    problem(`invalid value ${goQuote(name ?? '')}`, `${path}.name`, {
      details:
        'Pipeline Task name must be a valid DNS Label.For more info refer to https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#names',
      hint: 'use lower-case letters, digits and "-", at most 63',
    }),
  ]
}

const BODIES = ['taskRef', 'taskSpec', 'pipelineRef', 'pipelineSpec'] as const

function bodyProblems(task: PipelineTask, path: string, rules: Rules): readonly Problem[] {
  return [...bodyCountProblems(task, path, rules), ...BODIES.flatMap(body => bodyGates(task, body, path, rules))]
}

function bodyGates(task: PipelineTask, body: (typeof BODIES)[number], path: string, rules: Rules): readonly Problem[] {
  if (task[body] === undefined) return []
  const place = `${path}.${body}`
  return [
    ...(body === 'pipelineRef' || body === 'pipelineSpec' ? fieldGate(rules, body, 'alpha', place) : []),
    ...(body === 'taskSpec' || body === 'pipelineSpec' ? inlineGate(rules, 'pipeline', place) : []),
  ]
}

function bodyCountProblems(task: PipelineTask, path: string, { settings }: Rules): readonly Problem[] {
  const given = BODIES.filter(body => task[body] !== undefined)
  const known = settings.flags.enableApiFields === 'alpha' ? BODIES : (['taskRef', 'taskSpec'] as const)
  if (given.length === 0) {
    const hint = 'say what the task runs: taskRef: {name: ...} or taskSpec: {steps: [...]}'
    return [
      {
        ...exactlyOne(
          'neither',
          known.map(body => `${path}.${body}`),
          hint,
        ),
        at: path,
      },
    ]
  }
  if (given.length === 1) return []
  return [
    exactlyOne(
      'multiple',
      given.map(body => `${path}.${body}`),
      'a task runs one thing; keep one of them',
    ),
  ]
}

function taskRefProblems({ taskRef }: PipelineTask, path: string, rules: Rules): readonly Problem[] {
  if (!taskRef) return []
  const place = `${path}.taskRef`
  const custom = Boolean(taskRef.apiVersion) || ![undefined, '', 'Task'].includes(taskRef.kind)
  if (custom) return customProblems(taskRef, 'custom task ref', place)
  return validateReference(taskRef, place, rules)
}

function taskSpecProblems({ taskSpec }: PipelineTask, path: string, rules: Rules): readonly Problem[] {
  if (!taskSpec) return []
  const place = `${path}.taskSpec`
  const both = (['apiVersion', 'kind'] as const)
    .filter(field => taskSpec[field] && (taskSpec.steps?.length ?? 0) > 0)
    .map(field => problem(`taskSpec.${field} cannot be specified when using taskSpec.steps`, `${place}.${field}`))
  const custom = Boolean(taskSpec.apiVersion) || ![undefined, '', 'Task'].includes(taskSpec.kind)
  const inside = custom ? customProblems(taskSpec, 'custom task spec', place) : validateTaskSpec(taskSpec, place, rules)
  return [...both, ...inside]
}

function customProblems(
  { apiVersion, kind }: { readonly apiVersion?: string; readonly kind?: string },
  what: string,
  path: string,
): readonly Problem[] {
  const problems: Problem[] = []
  if (!kind) problems.push(invalidValue(`${what} must specify kind`, `${path}.kind`))
  if (!apiVersion) {
    const hint =
      kind === 'ClusterTask' ? 'ClusterTasks no longer exist; use a Task, or the cluster resolver' : undefined
    problems.push(invalidValue(`${what} must specify apiVersion`, `${path}.apiVersion`, undefined, hint))
  } else if (!/^[^/]+\/[^/]+$/.test(apiVersion)) {
    const message = `invalid apiVersion format ${goQuote(apiVersion)}, must be in the format "group/version"`
    problems.push(invalidValue(message, `${path}.apiVersion`))
  }
  return problems
}

function matrixProblems(task: PipelineTask, path: string, rules: Rules): readonly Problem[] {
  const { matrix } = task
  if (!matrix) return []
  const place = `${path}.matrix`
  const limit = rules.settings.maxMatrixCombinations
  const problems: Problem[] = [...fieldGate(rules, 'matrix', 'beta', place)]
  const count = largestFanOut(matrix)
  if (count > limit) {
    const hint = `the matrix would start ${count} runs; split it, or raise default-max-matrix-combinations-count`
    problems.push(problem(`expected 0 <= ${count} <= ${limit}`, place, { hint }))
  }
  const given = new Set((task.params ?? []).map(param => param.name))
  const lists: readonly (readonly [readonly { readonly name: string }[], string])[] = [
    [matrix.params ?? [], `${place}.params`],
    ...(matrix.include ?? []).map((entry, i) => [entry.params ?? [], `${place}.include[${i}].params`] as const),
  ]
  for (const [params, list] of lists) {
    const repeated = repeats(params.map(param => param.name))
    for (const [i, { name }] of params.entries()) {
      if (given.has(name)) {
        problems.push({ ...exactlyOne('both', [`${place}[${name}]`, `${path}.params[${name}]`]), at: `${list}[${i}]` })
      }
      if (repeated[i]) {
        const message = `parameter names must be unique, the parameter "${name}" is also defined at`
        problems.push(problem(message, `${list}[${i}].name`))
      }
    }
  }
  return problems
}

function artifactGate({ params = [] }: PipelineTask, path: string, rules: Rules): readonly Problem[] {
  const uses = params.flatMap(param => expressionsInValue(param.value)).some(text => TASK_ARTIFACT.test(text))
  const message = 'feature flag enable-artifacts should be set to true to use artifacts feature.'
  return uses ? flagGate(rules, 'enableArtifacts', message, `${path}.params`) : []
}

function onErrorProblems(task: PipelineTask, path: string, rules: Rules): readonly Problem[] {
  const { onError } = task
  if (!onError || onError.startsWith('$(params')) return []
  return [...fieldGate(rules, 'OnError', 'beta', `${path}.onError`), ...onErrorValue(task, path)]
}

/** Asked again when variables have been put in. */
export function onErrorValue({ onError, retries = 0 }: PipelineTask, path: string): readonly Problem[] {
  if (!onError) return []
  if (onError !== 'continue' && onError !== 'stopAndFail') {
    const details = 'PipelineTask OnError must be either "continue" or "stopAndFail"'
    return [{ ...invalidValue(onError, `${path}.OnError`, details), at: `${path}.onError` }]
  }
  if (onError !== 'continue' || retries <= 0) return []
  const message = 'PipelineTask OnError cannot be set to "continue" when Retries is greater than 0'
  return [problem(message, '', { at: `${path}.onError`, hint: 'choose one of the two' })]
}
