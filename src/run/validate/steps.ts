/** Steps, sidecars and volumes of a Task. */
import { parseDuration } from '../../lib/duration.js'
import type { VolumeMount } from '../../resources/core.js'
import { invalidValue, missing, type Problem, problem } from '../../resources/problem.js'
import type { Sidecar, Step, TaskSpec } from '../../resources/tekton.js'
import { fieldGate, flagGate, type Rules } from './gates.js'
import { isDnsLabel } from './names.js'
import { goQuote } from './quote.js'
import { validateReference } from './references.js'
import { firstIndexes } from './repeats.js'
import { validateResults } from './results.js'
import { namesOf, unknownVariableProblems, type VariableNames } from './variables.js'
import { validateWhen } from './when.js'

export function validateSteps(spec: TaskSpec, path: string, rules: Rules): readonly Problem[] {
  const first = firstIndexes(spec.steps.map(step => step.name))
  // Only those with a fault: nearly always none, and every step would look at all of them.
  const badMounts = (spec.stepTemplate?.volumeMounts ?? []).filter(
    mount => isReservedPath(mount) || isReservedName(mount),
  )
  const results = namesOf((spec.results ?? []).map(result => result.name))
  return spec.steps.flatMap((step, i) => [
    ...oneStep(step, spec, `${path}.steps[${i}]`, results, badMounts, rules),
    ...nameProblems(step, first.get(step.name) ?? i, i, `${path}.steps[${i}]`),
    ...validateWhen(step.when ?? [], `${path}.steps[${i}]`, rules),
    // The odd path is Tekton's: the step's index comes after the field.
    ...validateResults(step.results ?? [], `${path}.steps.results[${i}]`, 'step').map(one => ({
      ...one,
      at: `${path}.steps[${i}].results`,
    })),
  ])
}

function oneStep(
  step: Step,
  spec: TaskSpec,
  path: string,
  results: VariableNames,
  templateMounts: readonly VolumeMount[],
  rules: Rules,
): readonly Problem[] {
  const closed = artifactGate(step, path, rules)
  // As Tekton: of a step whose feature is switched off nothing else is said.
  if (closed.length > 0) return closed
  return [
    ...(step.ref ? besideRef(step, path) : withoutRef(step, spec, path)),
    ...(step.ref ? validateReference(step.ref, path, rules, `${path}.ref`) : []),
    ...timeoutProblems(step, path),
    ...mountProblems(step, path, templateMounts),
    ...onErrorProblems(step, path),
    ...stepGates(step, path, rules),
    ...stepVariableProblems(step, results, path),
  ]
}

const ARTIFACTS =
  /\$\((?:steps\.[^.\s()$]+\.(?:outputs|inputs)\b|step\.artifacts\.path\)|outputs\.|inputs\.|artifacts\.path\))/

function artifactGate(step: Step, path: string, rules: Rules): readonly Problem[] {
  const env = (step.env ?? []).map(one => one.value ?? '')
  const texts = [step.script ?? '', ...(step.command ?? []), ...(step.args ?? []), ...env]
  if (!texts.some(text => ARTIFACTS.test(text))) return []
  const message = 'feature flag enable-artifacts should be set to true to use artifacts feature.'
  return flagGate(rules, 'enableArtifacts', message, path)
}

function stepGates(step: Step, path: string, rules: Rules): readonly Problem[] {
  return [
    ...(step.script?.trim().startsWith('#!win')
      ? fieldGate(rules, 'windows script support', 'alpha', `${path}.script`)
      : []),
    ...(step.stdoutConfig ? fieldGate(rules, 'step stdout stream support', 'alpha', `${path}.stdoutConfig`) : []),
    ...(step.stderrConfig ? fieldGate(rules, 'step stderr stream support', 'alpha', `${path}.stderrConfig`) : []),
    ...(step.workspaces?.length ? fieldGate(rules, 'step workspaces', 'beta', `${path}.workspaces`) : []),
  ]
}

/** A step that refers to a StepAction leaves to it what the StepAction defines. */
function besideRef(step: Step, path: string): readonly Problem[] {
  const filled = (list: readonly unknown[] | undefined): boolean => (list?.length ?? 0) > 0
  const fields: readonly [boolean, string, string][] = [
    [Boolean(step.image), 'image', 'image'],
    [filled(step.command), 'command', 'command'],
    [filled(step.args), 'args', 'args'],
    [Boolean(step.script), 'script', 'script'],
    [Boolean(step.workingDir), 'working dir', 'workingDir'],
    [step.env !== undefined, 'env', 'env'],
    [filled(step.volumeMounts), 'volumeMounts', 'volumeMounts'],
    [filled(step.results), 'results', 'results'],
  ]
  const hint = 'the StepAction defines it; pass values with params'
  return fields
    .filter(([set]) => set)
    .map(([, name, field]) => problem(`${name} cannot be used with Ref`, `${path}.${field}`, { hint }))
}

function withoutRef(step: Step, spec: TaskSpec, path: string): readonly Problem[] {
  const problems: Problem[] = []
  if ((step.params?.length ?? 0) > 0) problems.push(problem('params cannot be used without Ref', `${path}.params`))
  if (!step.image && !spec.stepTemplate?.image) {
    problems.push({ ...missing(`${path}.Image`, 'name an image here or in stepTemplate'), at: path })
  }
  if (step.script && (step.command?.length ?? 0) > 0) {
    const hint = 'a script is its own command: put the interpreter in its first line (#!/usr/bin/env bash)'
    problems.push(problem('script cannot be used with command', `${path}.script`, { hint }))
  }
  return problems
}

function nameProblems({ name }: Step, before: number, i: number, path: string): readonly Problem[] {
  if (!name) return []
  return [
    ...(before < i ? [invalidValue(name, `${path}.name`, undefined, `step ${before} has the same name`)] : []),
    ...(isDnsLabel(name)
      ? []
      : [
          problem(`invalid value ${goQuote(name)}`, `${path}.name`, {
            details:
              'Task step name must be a valid DNS Label, For more info refer to https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#names',
            hint: 'use lower-case letters, digits and "-", at most 63',
          }),
        ]),
  ]
}

function timeoutProblems(step: Step, path: string): readonly Problem[] {
  const ms = step.timeout === undefined ? 0 : parseDuration(step.timeout)
  return ms !== undefined && ms < 0
    ? [{ ...invalidValue(`${step.timeout}`, `${path}.negative timeout`), at: `${path}.timeout` }]
    : []
}

/** The template's mounts come after the step's own, as far as the step does not mount something else there. */
function mountProblems(step: Step, path: string, fromTemplate: readonly VolumeMount[]): readonly Problem[] {
  const own = step.volumeMounts ?? []
  const inherited = step.ref ? [] : fromTemplate.filter(mount => !own.some(one => one.mountPath === mount.mountPath))
  return [...own, ...inherited].flatMap((mount, i) => {
    const place = `${path}.volumeMounts[${i}]`
    const problems: Problem[] = []
    if (isReservedPath(mount)) {
      const which = `(volumeMount ${goQuote(mount.name)} mounted at ${goQuote(mount.mountPath)})`
      const hint = '/tekton belongs to the engine; mount it elsewhere, such as /data'
      problems.push(problem(`volumeMount cannot be mounted under /tekton/ ${which}`, `${place}.mountPath`, { hint }))
    }
    if (isReservedName(mount)) {
      problems.push(
        problem(`volumeMount name ${goQuote(mount.name)} cannot start with "tekton-internal-"`, `${place}.name`),
      )
    }
    return problems
  })
}

function isReservedPath({ mountPath }: VolumeMount): boolean {
  return mountPath.startsWith('/tekton/') && !mountPath.startsWith('/tekton/home')
}

function isReservedName({ name }: VolumeMount): boolean {
  return name.startsWith('tekton-internal-')
}

function onErrorProblems({ onError }: Step, path: string): readonly Problem[] {
  if (!onError || onError.startsWith('$(params') || onError === 'continue' || onError === 'stopAndFail') return []
  return [
    invalidValue(goQuote(onError), `${path}.onError`, 'Task step onError must be either "continue" or "stopAndFail"'),
  ]
}

const STEP_RESULT = /\$\(steps\.[_a-zA-Z0-9-]+\.results\.[_a-zA-Z0-9.-]+(?:\[[0-9*]+\])?\)/
const STEP_ARTIFACT = /\$\(steps\.[_a-zA-Z0-9-]+\.(?:outputs|inputs)(?:\.[^()$]*)?\)|\$\(step\.artifacts\.path\)/

/** Results and artifacts of earlier steps are known only inside the Pod, so only some fields can have them. */
function stepVariableProblems(step: Step, taskResults: VariableNames, path: string): readonly Problem[] {
  const misused = textsBeforeThePod(step).flatMap(([field, text = '', place = field]) => {
    const problems: Problem[] = []
    const at = `${path}.${place}`
    if (STEP_RESULT.test(text)) {
      const message = 'stepResult substitutions are only allowed in env, command and args. Found usage in'
      problems.push(problem(message, `${path}.${field}`, { at, hint: 'hand the result to the step in env' }))
    }
    if (field !== 'script' && STEP_ARTIFACT.test(text)) {
      const message = 'stepArtifact substitutions are only allowed in env, command, args and script. Found usage in'
      problems.push(problem(message, `${path}.${field}`, { at }))
    }
    return problems
  })
  if (step.script === undefined) return misused
  const script = { text: step.script, path: `${path}.script`, at: `${path}.script`, spreads: false }
  const stepResults = namesOf((step.results ?? []).map(result => result.name))
  return [
    ...misused,
    ...unknownVariableProblems(script, 'results', taskResults),
    ...(step.results ? unknownVariableProblems(script, 'step.results', stepResults) : []),
  ]
}

/** Fields that are settled when the Pod is made: Tekton's path, the text, and the real path where Tekton leaves out an index. */
function textsBeforeThePod(
  step: Step,
): readonly (readonly [field: string, text: string | undefined, place?: string])[] {
  return [
    ['script', step.script],
    ['image', step.image],
    ['imagePullPolicy', step.imagePullPolicy],
    ['workingDir', step.workingDir],
    ...(step.envFrom ?? []).flatMap(
      ({ prefix, configMapRef, secretRef }, i) =>
        [
          ['envFrom.prefix', prefix, `envFrom[${i}].prefix`],
          ['envFrom.configMapRef', configMapRef?.name, `envFrom[${i}].configMapRef`],
          ['envFrom.secretRef', secretRef?.name, `envFrom[${i}].secretRef`],
        ] as const,
    ),
    ...(step.volumeMounts ?? []).flatMap(({ name, mountPath, subPath }, i) => {
      const place = `volumeMounts[${i}]`
      return [
        ['volumeMounts.name', name, `${place}.name`],
        ['volumeMounts.mountPath', mountPath, `${place}.mountPath`],
        ['volumeMounts.subPath', subPath, `${place}.subPath`],
      ] as const
    }),
  ]
}

/** Tekton reports sidecars without an index; the real place travels along. */
export function validateSidecars(sidecars: readonly Sidecar[], path: string, rules: Rules): readonly Problem[] {
  return sidecars.flatMap((sidecar, i) => {
    const at = `${path}.sidecars[${i}]`
    const problems: Problem[] = []
    if (sidecar.workspaces?.length) problems.push(...fieldGate(rules, 'sidecar workspaces', 'beta', `${at}.workspaces`))
    if (sidecar.name === 'tekton-log-results') {
      const message = `Invalid: cannot use reserved sidecar name ${sidecar.name} `
      problems.push(problem(message, `${path}.sidecars.name`, { at: `${at}.name` }))
    }
    if (!sidecar.image) problems.push({ ...missing(`${path}.sidecars.image`), at })
    if (sidecar.script && (sidecar.command?.length ?? 0) > 0) {
      problems.push(problem('script cannot be used with command', `${path}.sidecars.script`, { at: `${at}.script` }))
    }
    return problems
  })
}
