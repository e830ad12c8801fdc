/** A step over the task's `stepTemplate`: what the step says wins, lists merge by their key. */
import type { EnvVar, SecurityContext, VolumeMount } from '../resources/core.js'
import type { Step, StepTemplate } from '../resources/tekton.js'
import { mergeResources } from './compute-resources.js'

export function overTemplate(template: StepTemplate | undefined, step: Step): Step {
  if (template === undefined) return step
  const { env, volumeMounts, securityContext, computeResources, command, args, ...scalars } = template
  const own = step.command !== undefined || Boolean(step.script)
  const merged = {
    env: byKey(env, step.env, (one: EnvVar) => one.name),
    volumeMounts: byKey(volumeMounts, step.volumeMounts, (one: VolumeMount) => one.mountPath),
    securityContext: mergeSecurity(securityContext, step.securityContext),
    computeResources: mergeResources(computeResources, step.computeResources),
  }
  return {
    ...scalars,
    // The template's command is meant for steps that bring none: a script is one.
    ...(command && !own && { command }),
    ...(args && !step.script && { args }),
    ...withoutEmpty(step),
    ...(merged.env && { env: merged.env }),
    ...(merged.volumeMounts && { volumeMounts: merged.volumeMounts }),
    ...(merged.securityContext && { securityContext: merged.securityContext }),
    ...(merged.computeResources && { computeResources: merged.computeResources }),
  }
}

/** Tekton writes empty texts where nothing was said; they hide nothing of the template. An empty list does. */
function withoutEmpty(step: Step): Step {
  return Object.fromEntries(Object.entries(step).filter(([, value]) => value !== '' && value !== undefined)) as Step
}

/** The template's entries in their order, replaced where the step has the same key, then the step's own. */
function byKey<T>(
  base: readonly T[] | undefined,
  own: readonly T[] | undefined,
  key: (one: T) => string,
): readonly T[] | undefined {
  if (!base || !own) return own ?? base
  const replaced = base.map(entry => own.find(one => key(one) === key(entry)) ?? entry)
  return [...replaced, ...own.filter(one => !base.some(entry => key(entry) === key(one)))]
}

function mergeSecurity(
  base: SecurityContext | undefined,
  own: SecurityContext | undefined,
): SecurityContext | undefined {
  return base && own ? { ...base, ...own } : (own ?? base)
}
