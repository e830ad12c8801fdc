/** What the rules go by, and features that an installation may have switched off: the texts are Tekton's. */
import { mustNotSet, type Problem, problem } from '../../resources/problem.js'
import type { FeatureFlags, Settings } from '../settings.js'
import { goQuote } from './quote.js'
import type { CelCheck } from './when.js'

/** What the validators need from outside. */
export interface Rules {
  readonly settings: Settings
  /** Without one, CEL texts are accepted as they are. */
  readonly celCheck?: CelCheck
}

/** Fields that `enable-api-fields` may close. Tekton names no path; `at` is where the field stands. */
export function fieldGate(
  { settings }: Rules,
  feature: string,
  wanted: 'alpha' | 'beta',
  at: string,
): readonly Problem[] {
  const level = settings.flags.enableApiFields
  if (level === 'alpha' || level === wanted) return []
  const allowed = wanted === 'alpha' ? '"alpha"' : '"alpha" or "beta"'
  const message = `${feature} requires "enable-api-fields" feature gate to be ${allowed} but it is ${goQuote(level)}`
  return [problem(message, '', { at, hint: `ConfigMap feature-flags says enable-api-fields: ${level}` })]
}

/** A feature with a flag of its own. */
export function flagGate(
  { settings }: Rules,
  flag: keyof FeatureFlags,
  message: string,
  path: string,
  at = path,
): readonly Problem[] {
  if (settings.flags[flag] !== false) return []
  return [problem(message, path, { at, hint: 'the switch is in ConfigMap feature-flags' })]
}

/** `disable-inline-spec`. */
export function inlineGate(
  { settings }: Rules,
  where: 'pipeline' | 'pipelinerun' | 'taskrun',
  path: string,
): readonly Problem[] {
  if (!settings.flags.disableInlineSpec.includes(where)) return []
  const hint = `ConfigMap feature-flags has disable-inline-spec for ${where}: refer to an object by name instead`
  return [mustNotSet(path, hint)]
}
