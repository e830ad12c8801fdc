/** A PipelineRun's spec. */
import { parseDuration } from '../../lib/duration.js'
import { exactlyOne, invalidValue, type Problem } from '../../resources/problem.js'
import type { PipelineRunSpec } from '../../resources/tekton.js'
import { inlineGate, type Rules } from './gates.js'
import { specOfParam } from './inline-params.js'
import { validateNoResultsInParams, validateRunParams } from './params.js'
import { validateInlinePipelineParams, validatePipelineSpec } from './pipeline.js'
import { validateReference } from './references.js'
import { validatePodTemplate, validateResources } from './task-run.js'
import { validateBindings } from './workspaces.js'

const STATUSES = ['Cancelled', 'CancelledRunFinally', 'StoppedRunFinally', 'PipelineRunPending']

export function validatePipelineRunSpec(spec: PipelineRunSpec, path: string, rules: Rules): readonly Problem[] {
  return [
    ...whatToRun(spec, path, rules),
    ...validateRunParams(spec.params ?? [], path),
    ...validateNoResultsInParams(spec.params ?? [], path),
    ...validateBindings(spec.workspaces ?? [], path, 'PipelineRun'),
    ...statusProblems(spec, path),
    ...timeoutProblems(spec, path),
    ...taskRunSpecProblems(spec, path, rules),
    ...validatePodTemplate(spec.taskRunTemplate?.podTemplate, `${path}.taskRunTemplate`, rules.settings.forbiddenEnv),
  ]
}

function whatToRun(spec: PipelineRunSpec, path: string, rules: Rules): readonly Problem[] {
  const { pipelineRef, pipelineSpec } = spec
  const both = [`${path}.pipelineRef`, `${path}.pipelineSpec`]
  if (pipelineRef && pipelineSpec) return [exactlyOne('both', both, 'keep one of the two')]
  if (pipelineRef) return validateReference(pipelineRef, `${path}.pipelineRef`, rules)
  if (!pipelineSpec) {
    const hint = 'say what to run: pipelineRef: {name: ...} or pipelineSpec: {tasks: [...]}'
    return [{ ...exactlyOne('neither', both, hint), at: path }]
  }
  return [
    ...inlineGate(rules, 'pipelinerun', `${path}.pipelineSpec`),
    ...validatePipelineSpec(pipelineSpec, `${path}.pipelineSpec`, rules),
    // Params of the run are those of its inline Pipeline and inline Tasks too. Tekton leaves `pipelineSpec.tasks` out.
    ...validateInlinePipelineParams(
      pipelineSpec,
      (spec.params ?? []).map(specOfParam),
      `${path}.pipelineSpec`,
      path,
      (_, i) => `[${i}]`,
    ),
  ]
}

function statusProblems({ status }: PipelineRunSpec, path: string): readonly Problem[] {
  if (!status || STATUSES.includes(status)) return []
  const message = `${status} should be Cancelled, CancelledRunFinally, StoppedRunFinally or PipelineRunPending`
  return [invalidValue(message, `${path}.status`)]
}

function timeoutProblems({ timeouts = {}, taskRunSpecs = [] }: PipelineRunSpec, path: string): readonly Problem[] {
  const place = `${path}.timeouts`
  const ms = (text: string | undefined): number | undefined => (text === undefined ? undefined : parseDuration(text))
  const pipeline = ms(timeouts.pipeline)
  const parts = [
    ['tasks', timeouts.tasks, ms(timeouts.tasks)],
    ['finally', timeouts.finally, ms(timeouts.finally)],
  ] as const
  const problems: Problem[] = []
  for (const [name, text, value] of [['pipeline', timeouts.pipeline, pipeline] as const, ...parts]) {
    if (value !== undefined && value < 0) problems.push(invalidValue(`${text} should be >= 0`, `${place}.${name}`))
  }
  if (pipeline === undefined) return problems
  for (const [name, text, value] of parts) {
    if (value === undefined || value < 0) continue
    if (pipeline > 0 && value > pipeline) {
      const hint = `the pipeline has ${timeouts.pipeline}: raise timeouts.pipeline, or lower timeouts.${name}`
      problems.push(invalidValue(`${text} should be <= pipeline duration`, `${place}.${name}`, undefined, hint))
    }
    if (pipeline > 0 && value === 0) {
      const hint = 'no timeout for a part needs no timeout for the whole: timeouts.pipeline: "0s"'
      problems.push(invalidValue('0s (no timeout) should be <= pipeline duration', `${place}.${name}`, undefined, hint))
    }
  }
  const [[, tasksText, tasks], [, finallyText, last]] = parts
  if (tasks !== undefined && last !== undefined && tasks + last > pipeline) {
    const message = `${tasksText} + ${finallyText} should be <= pipeline duration`
    problems.push({
      ...invalidValue(message, '', undefined, `the pipeline has ${timeouts.pipeline}`),
      paths: [`${place}.finally`, `${place}.tasks`],
    })
  }
  return [...problems, ...taskTimeouts(taskRunSpecs, pipeline, timeouts, path)]
}

function taskTimeouts(
  entries: NonNullable<PipelineRunSpec['taskRunSpecs']>,
  pipeline: number,
  timeouts: NonNullable<PipelineRunSpec['timeouts']>,
  path: string,
): readonly Problem[] {
  const tasks = timeouts.tasks === undefined ? undefined : parseDuration(timeouts.tasks)
  return entries.flatMap((entry, i) => {
    const ms = entry.timeout === undefined ? undefined : parseDuration(entry.timeout)
    if (ms === undefined) return []
    const place = `${path}.taskRunSpecs[${i}].timeout`
    if (ms < 0) return [invalidValue(`${entry.timeout} should be >= 0`, place)]
    if (tasks !== undefined && tasks > 0 && ms > tasks) {
      return [invalidValue(`${entry.timeout} should be <= pipeline tasks duration ${timeouts.tasks}`, place)]
    }
    return pipeline > 0 && ms > pipeline
      ? [invalidValue(`${entry.timeout} should be <= pipeline duration ${timeouts.pipeline}`, place)]
      : []
  })
}

function taskRunSpecProblems({ taskRunSpecs = [] }: PipelineRunSpec, path: string, rules: Rules): readonly Problem[] {
  return taskRunSpecs.flatMap((entry, i) => {
    const place = `${path}.taskRunSpecs[${i}]`
    return [
      ...validateResources(entry, place, rules),
      ...validatePodTemplate(entry.podTemplate, place, rules.settings.forbiddenEnv),
    ]
  })
}
