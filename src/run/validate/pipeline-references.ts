/** What the texts of pipeline tasks refer to: context, status of other tasks, results, and prefixes nobody knows. */
import { invalidValue, listed, type Problem, problem } from '../../resources/problem.js'
import type { ParamValue, PipelineSpec, PipelineTask } from '../../resources/tekton.js'
import { parseResultReference, type ResultReference, referencesInValue } from '../result-references.js'
import { expressionsInValue, isList } from '../substitute.js'
import { goQuote } from './quote.js'
import { namesOf, unknownVariable } from './variables.js'

/** A param or when expression of a task. */
interface Spot {
  readonly expressions: readonly string[]
  readonly texts: readonly string[]
  /** As Tekton prints it. */
  readonly path: string
  readonly at: string
}

export function validateReferences(spec: PipelineSpec, path: string): readonly Problem[] {
  const { tasks = [], finally: last = [] } = spec
  const names = new Set(tasks.map(task => task.name))
  const lastNames = new Set(last.map(task => task.name))
  const producers = new Map(tasks.map(task => [task.name, task]))
  return [
    ...tasks.flatMap((task, i) => {
      const spots = spotsOf(task, `${path}.tasks[${i}]`)
      return [
        ...spots.flatMap(prefixProblems),
        ...spots.flatMap(statusInTasks),
        ...spots.flatMap(spot => artifactProblems(spot, names)),
        ...resultUse(task, producers, `${path}.tasks[${i}]`),
      ]
    }),
    ...last.flatMap((task, i) => {
      const place = `${path}.finally[${i}]`
      const spots = spotsOf(task, place)
      return [
        ...runAfterProblems(task, place),
        ...spots.flatMap(prefixProblems),
        ...spots.flatMap(spot => statusInFinally(spot, names)),
        ...spots.flatMap(spot => artifactProblems(spot, names)),
        ...spots.flatMap(spot => resultsInFinally(spot, names, lastNames)),
        ...resultUse(task, producers, place),
      ]
    }),
    ...contextProblems(tasks, `${path}.tasks`),
    ...contextProblems(last, `${path}.finally`),
  ]
}

function spotsOf(task: PipelineTask, path: string): readonly Spot[] {
  const spot = (value: ParamValue, shown: string, at: string): Spot => ({
    expressions: expressionsInValue(value),
    texts: typeof value === 'string' ? [value] : isList(value) ? value : Object.values(value),
    path: shown,
    at,
  })
  return [
    ...(task.params ?? []).map((param, i) =>
      spot(param.value, `${path}.params[${param.name}].value`, `${path}.params[${i}].value`),
    ),
    ...(task.matrix?.params ?? []).map((param, i) =>
      spot(param.value, `${path}.matrix.params[${param.name}].value`, `${path}.matrix.params[${i}].value`),
    ),
    ...(task.matrix?.include ?? []).flatMap(({ params = [] }, i) =>
      params.map((param, j) => {
        const place = `${path}.matrix.include[${i}].params`
        return spot(param.value, `${place}[${param.name}].value`, `${place}[${j}].value`)
      }),
    ),
    ...(task.when ?? []).map(({ input = '', values = [], cel = '' }, i) =>
      spot([input, ...values, cel], `${path}.when[${i}]`, `${path}.when[${i}]`),
    ),
  ]
}

function at(spot: Spot, found: Problem): Problem {
  return spot.at === spot.path ? found : { ...found, at: spot.at }
}

const TASK_ARTIFACT = /^tasks\.([^.]+)\.(?:inputs|outputs)(?:\.[^.]+)?$/
const PREFIXES = ['params', 'tasks', 'finally', 'context', 'workspaces', 'results']
const VARIABLE = /\$\(([_a-zA-Z0-9.-]+)(?:\[[^\]()$]*\])*\)/g

/** `$(HOME)` in a param is nearly always a shell variable in the wrong brackets. */
function prefixProblems(spot: Spot): readonly Problem[] {
  const unknown = spot.texts
    .flatMap(text => [...text.matchAll(VARIABLE)])
    .filter(([, name = '']) => !PREFIXES.includes(name.split('.')[0] ?? ''))
  return [...new Set(unknown.map(([whole]) => whole))].map(whole => {
    const message = `invalid variable reference ${goQuote(whole)}, must start with a valid prefix: params, tasks, finally, context, workspaces, or results; if you meant a shell variable, use \${VAR} instead`
    return at(spot, invalidValue(message, spot.path))
  })
}

/** Texts that hold a result reference are results' business, as in Tekton. */
function statusExpressions(spot: Spot): readonly string[] {
  if (spot.expressions.some(expression => parseResultReference(expression) !== undefined)) return []
  return spot.expressions.filter(text => text.startsWith('tasks.') && /\.(status|reason)$/.test(text))
}

function statusInTasks(spot: Spot): readonly Problem[] {
  if (statusExpressions(spot).length === 0) return []
  const message =
    'pipeline tasks can not refer to execution status of any other pipeline task or aggregate status of tasks'
  return [at(spot, invalidValue(message, spot.path, undefined, 'move the task to spec.finally'))]
}

function statusInFinally(spot: Spot, names: ReadonlySet<string>): readonly Problem[] {
  return statusExpressions(spot)
    .filter(expression => expression !== 'tasks.status')
    .map(expression => expression.replace(/^tasks\./, '').replace(/\.(status|reason)$/, ''))
    .filter(task => !names.has(task))
    .map(task => undefinedTask(spot, task, names))
}

/** Ours: Tekton finds out about artifacts of a task that does not exist when the run is under way. */
function artifactProblems(spot: Spot, names: ReadonlySet<string>): readonly Problem[] {
  return spot.expressions
    .flatMap(expression => TASK_ARTIFACT.exec(expression)?.[1] ?? [])
    .filter(task => !names.has(task))
    .map(task => undefinedTask(spot, task, names))
}

function undefinedTask(spot: Spot, task: string, names: ReadonlySet<string>): Problem {
  const hint = `tasks here: ${listed(names)}`
  return at(spot, invalidValue(`pipeline task ${task} is not defined in the pipeline`, spot.path, undefined, hint))
}

function runAfterProblems(task: PipelineTask, path: string): readonly Problem[] {
  if ((task.runAfter?.length ?? 0) === 0) return []
  const message = `no runAfter allowed under spec.finally, final task ${task.name} has runAfter specified`
  return [invalidValue(message, path, undefined, 'finally tasks run together, after all tasks')]
}

function resultsInFinally(spot: Spot, names: ReadonlySet<string>, lastNames: ReadonlySet<string>): readonly Problem[] {
  return spot.expressions
    .flatMap(expression => parseResultReference(expression) ?? [])
    .flatMap(({ task }) => {
      const wrong = 'invalid task result reference, final task has task result reference from a'
      if (lastNames.has(task)) return [at(spot, invalidValue(`${wrong} final task ${task}`, spot.path))]
      if (names.has(task)) return []
      return [at(spot, invalidValue(`${wrong} task ${task} which is not defined in the pipeline`, spot.path))]
    })
}

/** Results that cannot be had that way: of matrixed tasks except as a whole. */
function resultUse(task: PipelineTask, producers: ReadonlyMap<string, PipelineTask>, path: string): readonly Problem[] {
  const values: readonly ParamValue[] = [
    ...(task.params ?? []).map(param => param.value),
    ...(task.matrix?.params ?? []).map(param => param.value),
    ...(task.when ?? []).map(({ input = '', values = [] }) => [input, ...values]),
  ]
  const seen = new Set<string>()
  return values.flatMap(referencesInValue).flatMap((reference: ResultReference) => {
    const producer = producers.get(reference.task)
    if (!producer || seen.has(reference.expression)) return []
    seen.add(reference.expression)
    if (!producer.matrix) return []
    const declared = producer.taskSpec?.results?.find(result => result.name === reference.result)
    if (declared?.type && declared.type !== 'string') {
      const message = `Matrixed PipelineTasks emitting results must have an underlying type string, but result ${declared.name} has type ${declared.type} in pipelineTask`
      return [invalidValue(message, '', undefined)].map(one => ({ ...one, at: path }))
    }
    if (reference.part.is === 'whole') return []
    const message = `A matrixed pipelineTask can only be consumed in aggregate using [*] notation, but is currently set to ${reference.expression}`
    return [problem(message, '', { at: path, hint: `write $(${reference.expression.replace(/\[\d+\]$/, '')}[*])` })]
  })
}

const PIPELINE_RUN = namesOf(['name', 'namespace', 'uid'])
const PIPELINE = namesOf(['name'])
const PIPELINE_TASK = namesOf(['retries'])

function contextProblems(tasks: readonly PipelineTask[], path: string): readonly Problem[] {
  return tasks.flatMap((task, i) =>
    [
      ...(task.params ?? []),
      ...(task.matrix?.params ?? []),
      ...(task.matrix?.include ?? []).flatMap(one => one.params ?? []),
    ]
      .flatMap(param => (typeof param.value === 'string' ? [param.value] : Object.values(param.value)))
      .flatMap(text => {
        const unknown =
          unknownVariable(text, 'context.pipelineRun', PIPELINE_RUN) ??
          unknownVariable(text, 'context.pipeline', PIPELINE) ??
          unknownVariable(text, 'context.pipelineTask', PIPELINE_TASK)
        if (unknown === undefined) return []
        const hint = `${unknown}: known are context.pipelineRun.name, .namespace and .uid, context.pipeline.name, context.pipelineTask.retries`
        return [
          problem(`non-existent variable in ${goQuote(text)}`, `${path}.value`, { at: `${path}[${i}].params`, hint }),
        ]
      }),
  )
}
