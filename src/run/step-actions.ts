/**
 * A step that refers to a StepAction becomes an ordinary step. Only what the step passes is visible inside the action:
 * params of the task are not.
 */
import type { Param, ParamSpec, ParamValue, Step, StepActionSpec } from '../resources/tekton.js'
import { effectiveParams, paramReplacements, typeOfParam, typeOfValue } from './params.js'
import { expressionsIn, expressionsInValue, mergeReplacements, type Replacements, replaceValue } from './substitute.js'
import { substituteStep } from './substitute-task.js'
import { textsIn } from './task-variables.js'

export type ActionStep =
  | { readonly is: 'step'; readonly step: Step }
  | { readonly is: 'wrong'; readonly message: string }

/** @param step with the task's params replaced; what else the task knows is for the merged step */
export function applyStepAction(step: Step, index: number, action: StepActionSpec): ActionStep {
  const params = actionParams(action, step.params ?? [])
  if ('message' in params) {
    return {
      is: 'wrong',
      message: `failed to resolve step ref for step "${step.name ?? ''}" (index ${index}): ${params.message}`,
    }
  }
  const { image, workingDir, securityContext, command, args, script, env, volumeMounts, results } = action
  const content = substituteStep(
    {
      image,
      ...(workingDir !== undefined && { workingDir }),
      ...(command && { command }),
      ...(args && { args }),
      ...(script && { script }),
      ...(env && { env }),
      ...(volumeMounts && { volumeMounts }),
    },
    params.known,
  )
  // As Tekton: the action's security context counts even when it has none; the rest only where it says something.
  const { ref: _, params: __, securityContext: ___, workingDir: ____, ...kept } = step
  return {
    is: 'step',
    step: { ...kept, ...content, ...(securityContext && { securityContext }), ...(results && { results }) },
  }
}

type ActionParams = { readonly known: Replacements } | { readonly message: string }

function actionParams(action: StepActionSpec, given: readonly Param[]): ActionParams {
  const specs = action.params ?? []
  const names = new Set(given.map(({ name }) => name))
  const missing = specs.filter(spec => spec.default === undefined && !names.has(spec.name)).map(({ name }) => name)
  if (missing.length > 0) return { message: `non-existent params in Step: [${missing.join(' ')}]` }
  const declared = new Set(specs.map(({ name }) => name))
  const extra = given.filter(({ name }) => !declared.has(name)).map(({ name }) => name)
  if (extra.length > 0) return { message: `extra params passed by Step to StepAction: [${extra.join(' ')}]` }
  const clash = specs.find(spec => clashes(spec, given.find(({ name }) => name === spec.name)?.value))
  if (clash) {
    const advice = 'Please check the types of the default value and the passed value'
    return { message: `invalid parameter substitution: ${clash.name}. ${advice}` }
  }
  const resolved = resolveDefaults(specs, given)
  if ('message' in resolved) return resolved
  return {
    known: mergeReplacements(
      paramReplacements(defaultObjects(specs, given)),
      paramReplacements(resolved.params),
      stepResultReplacements(specs, given, action),
    ),
  }
}

/** Text for a list, or a list for a text. As Tekton, it is only seen where there is a default to compare with. */
function clashes({ default: fallback }: ParamSpec, value: ParamValue | undefined): boolean {
  if (fallback === undefined || value === undefined) return false
  const types = [typeOfValue(fallback), typeOfValue(value)]
  return types.includes('string') && types.includes('array')
}

/** Defaults may mention other params, in any order and depth, as long as they do not go in a circle. */
function resolveDefaults(
  specs: readonly ParamSpec[],
  given: readonly Param[],
): { readonly params: readonly Param[] } | { readonly message: string } {
  const done = new Map(given.map(param => [param.name, param]))
  // An object's default may lend the keys that were not given, and they may mention params too.
  let waiting = effectiveParams(specs, given).filter(param => !done.has(param.name))
  for (const param of effectiveParams(specs, given)) if (done.has(param.name)) done.set(param.name, param)
  while (waiting.length > 0) {
    const ready = waiting.filter(param => mentioned(param).every(name => done.has(name)))
    if (ready.length === 0) return { message: unresolvable(waiting, specs) }
    const known = paramReplacements([...done.values()])
    for (const param of ready) done.set(param.name, { ...param, value: replaceValue(param.value, known) })
    waiting = waiting.filter(param => !done.has(param.name))
  }
  return { params: [...done.values()] }
}

function unresolvable(waiting: readonly Param[], specs: readonly ParamSpec[]): string {
  const declared = new Set(specs.map(({ name }) => name))
  for (const param of waiting) {
    const unknown = mentioned(param).find(name => !declared.has(name))
    if (unknown !== undefined) return `parameter "${param.name}" references non-existent parameter "${unknown}"`
  }
  return 'circular dependency detected in parameter references'
}

function mentioned(param: Param): readonly string[] {
  return expressionsInValue(param.value).flatMap(expression => {
    const match = /^params(?:\.([^.[\]]+)|\['([^']+)'\]|\["([^"]+)"\])/.exec(expression)
    return match ? [match[1] ?? match[2] ?? match[3] ?? ''] : []
  })
}

/** A text given for an object (an expression nobody could resolve) hides none of the default's keys. */
function defaultObjects(specs: readonly ParamSpec[], given: readonly Param[]): readonly Param[] {
  return specs.flatMap(spec => {
    const value = given.find(({ name }) => name === spec.name)?.value
    const hidden = typeOfParam(spec) === 'object' && typeof value === 'string'
    return hidden && spec.default !== undefined ? [{ name: spec.name, value: spec.default }] : []
  })
}

/**
 * An array or object param that is a result of an earlier step is known only in the Pod: every use of it becomes the
 * same use of the result.
 */
function stepResultReplacements(
  specs: readonly ParamSpec[],
  given: readonly Param[],
  action: StepActionSpec,
): Replacements {
  const strings = new Map<string, string>()
  const used = new Set(textsIn(action).flatMap(expressionsIn))
  for (const spec of specs) {
    const value = given.find(({ name }) => name === spec.name)?.value
    if (typeOfParam(spec) === 'string' || typeof value !== 'string') continue
    const result = /^\$\((steps\.[^.()]+\.results\.[^.()[\]]+)(?:\[\*\])?\)$/.exec(value)?.[1]
    if (result === undefined) continue
    for (const expression of used) {
      const rest = new RegExp(
        `^params(?:\\.${quoted(spec.name)}|\\['${quoted(spec.name)}'\\]|\\["${quoted(spec.name)}"\\])(.*)$`,
      ).exec(expression)?.[1]
      if (rest !== undefined && /^(\[(\*|\d+)\]|\.[^.]+)?$/.test(rest))
        strings.set(expression, `$(${result}${rest || '[*]'})`)
    }
  }
  return { strings, arrays: new Map(), objects: new Map() }
}

function quoted(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
