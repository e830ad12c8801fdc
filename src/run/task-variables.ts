/** Everything that `$(…)` can mean inside one TaskRun's task. What is not here stays as it stands. */
import type { ParamSpec, ParamValue, ResultSpec, Step, TaskRun, TaskSpec } from '../resources/tekton.js'
import { effectiveParams, paramReplacements } from './params.js'
import {
  expressionsIn,
  expressionsInValue,
  isList,
  mergeReplacements,
  NOTHING,
  type Replacements,
  replaceValue,
  stringReplacements,
} from './substitute.js'
import { usageReplacements } from './workspaces.js'

export const TASK_ARTIFACTS_PATH = '/tekton/artifacts/provenance.json'
const RETRY_COUNT = 'context.task.retry-count'

const MAX_NAME = 63

/** The container of step `index`: `step-<name>`, or `step-unnamed-<index>`. */
export function stepContainerName(step: Pick<Step, 'name'>, index: number): string {
  return containerName(`step-${step.name || `unnamed-${index}`}`)
}

export function sidecarContainerName(sidecar: { readonly name: string }): string {
  return containerName(`sidecar-${sidecar.name}`)
}

function containerName(name: string): string {
  return name.slice(0, MAX_NAME).replace(/[^a-zA-Z0-9]+$/, '')
}

/** Values of params by name, where defaults may mention other params (one pass, as in Tekton; given values are never scanned). */
export function taskParams(run: TaskRun, specs: readonly ParamSpec[]): Replacements {
  const given = run.spec.params ?? []
  const plain = effectiveParams(specs, given)
  const known = paramReplacements(plain.filter(param => isGiven(param.name) || !hasExpressions(param.value)))
  const resolved = plain.map(param =>
    isGiven(param.name) ? param : { ...param, value: replaceValue(param.value, known) },
  )
  return paramReplacements(resolved)

  function isGiven(name: string): boolean {
    return given.some(param => param.name === name)
  }
}

function hasExpressions(value: ParamValue): boolean {
  return expressionsInValue(value).length > 0
}

/** What a task knows besides its params and workspaces. `taskName` is the referenced Task's, or the run's own. */
export function contextReplacements(run: TaskRun, taskName: string): Replacements {
  return stringReplacements({
    'context.taskRun.name': run.metadata.name,
    'context.taskRun.namespace': run.metadata.namespace,
    'context.taskRun.uid': run.metadata.uid,
    'context.task.name': taskName,
    'credentials.path': '/tekton/creds',
    'artifacts.path': TASK_ARTIFACTS_PATH,
  })
}

export function retryCountReplacements(attempt: number): Replacements {
  return stringReplacements({ [RETRY_COUNT]: String(attempt) })
}

/** Where files lie: results of the task, exit codes of its steps. */
export function pathReplacements(spec: Pick<TaskSpec, 'results' | 'steps'>): Replacements {
  const exitCodes = spec.steps.map((step, index) => {
    const container = stepContainerName(step, index)
    return [`steps.${container}.exitCode.path`, `/tekton/steps/${container}/exitCode`] as const
  })
  const results = resultPaths(spec.results, 'results', '/tekton/results')
  return { ...NOTHING, strings: new Map([...exitCodes, ...results]) }
}

/** What differs from step to step. */
export function stepReplacements(step: Pick<Step, 'name' | 'results' | 'workspaces'>, index: number): Replacements {
  const folder = `/tekton/steps/${stepContainerName(step, index)}`
  const paths = new Map([
    ...resultPaths(step.results, 'step.results', `${folder}/results`),
    ['step.artifacts.path', `${folder}/artifacts/provenance.json`] as const,
  ])
  return mergeReplacements({ ...NOTHING, strings: paths }, usageReplacements(step.workspaces))
}

function resultPaths(results: readonly ResultSpec[] | undefined, prefix: string, folder: string) {
  return (results ?? []).flatMap(({ name }) =>
    [`${prefix}.${name}.path`, `${prefix}['${name}'].path`, `${prefix}["${name}"].path`].map(
      spelling => [spelling, `${folder}/${name}`] as const,
    ),
  )
}

/** `$(params.a[9])` where `a` is an array of fewer elements, sorted; these stop a run before it starts. */
export function indicesOutOfRange(spec: TaskSpec, known: Replacements): readonly string[] {
  const { description: _, params: __, ...used } = spec
  const wrong = textsIn(used)
    .flatMap(expressionsIn)
    .filter(expression => {
      const [, name, index] = /^(params(?:\.[^[\]]+|\['[^']+'\]|\["[^"]+"\]))\[(\d+)\]$/.exec(expression) ?? []
      const array = name === undefined ? undefined : known.arrays.get(name)
      return array !== undefined && Number(index) >= array.length
    })
  return [...new Set(wrong)].sort().map(expression => `$(${expression})`)
}

/** Every text in a value, at any depth. */
export function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return (isList(value as ParamValue) ? (value as readonly unknown[]) : Object.values(value)).flatMap(textsIn)
}
