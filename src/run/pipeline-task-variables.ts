/** What a pipeline task can know once its parents are done, put into it: results, matrix sizes, for finally also how tasks ended. */
import type { ParamValue, PipelineTask, WhenExpression } from '../resources/tekton.js'
import { artifactValuesJson } from '../status/artifacts.js'
import { executionStatus } from './execution-status.js'
import { artifactsOf, producerOf, type TaskState } from './pipeline-task-state.js'
import { substituteTaskFields } from './pipeline-variables.js'
import {
  expressionsWithin,
  linkingReferences,
  parseResultReference,
  type ResultReference,
} from './result-references.js'
import { findResult, type Producer, resultReplacements } from './results.js'
import type { Replacements } from './substitute.js'
import { substituteTaskSpec } from './substitute-task.js'

export interface ResolvedTask {
  readonly task: PipelineTask
  /** As in `task`. */
  readonly when: readonly WhenExpression[] | undefined
  /** As the status lists it: Tekton takes how other tasks ended into account, but does not write it down. */
  readonly listedWhen: readonly WhenExpression[] | undefined
  /** Results it waited for in vain. */
  readonly missing: readonly ResultReference[]
  /** Tekton's message on an array that is too short. */
  readonly outOfBounds: string | undefined
}

export interface TaskResolver {
  resolve(task: PipelineTask, isFinal: boolean): ResolvedTask
  /** What is known of the results that any value mentions. */
  known(value: unknown): Replacements
}

/** Without a name, the first one. */
const ARTIFACTS = /^tasks\.([^.]+)\.(inputs|outputs)(?:\.([^.)]+))?$/
const MATRIX_LENGTH = /^tasks\.([^.[\]]+)\.matrix\.(?:([^.[\]]+)\.)?length$/

/** Looks up only what a task mentions, so that a pass costs what the pipeline is long, not its square. */
export function createTaskResolver(
  stateOf: (task: string) => TaskState | undefined,
  all: () => readonly TaskState[],
): TaskResolver {
  const producers = new Map<string, Producer>()

  function producer(name: string): Producer | undefined {
    const cached = producers.get(name)
    if (cached) return cached
    const state = stateOf(name)
    if (state === undefined) return undefined
    const made = producerOf(state)
    producers.set(name, made)
    return made
  }

  function matrixLength(expression: string): string | undefined {
    const [, name, result] = MATRIX_LENGTH.exec(expression) ?? []
    const state = name === undefined ? undefined : stateOf(name)
    if (name === undefined || state === undefined || state.children.length === 0) return undefined
    if (result === undefined) return `${state.children.length}`
    const gathered = producer(name)?.results.get(result)
    return gathered === undefined ? '0' : `${(gathered as readonly string[]).length}`
  }

  function artifactValues(expression: string): string | undefined {
    const [, name, side, artifact] = ARTIFACTS.exec(expression) ?? []
    const state = name === undefined ? undefined : stateOf(name)
    if (state === undefined) return undefined
    const all = artifactsOf(state)[side === 'inputs' ? 'inputs' : 'outputs'] ?? []
    const found = artifact === undefined ? all[0] : all.find(one => one.name === artifact)
    return found && artifactValuesJson(found)
  }

  /** @param more what else an expression can stand for in this place */
  function known(value: unknown, more: (expression: string) => string | undefined = () => undefined): Replacements {
    const found = new Map<string, ParamValue>()
    for (const expression of expressionsWithin(value)) {
      const reference = parseResultReference(expression)
      const outcome = reference && findResult(reference, producer(reference.task))
      const text = matrixLength(expression) ?? more(expression)
      if (outcome?.is === 'found') found.set(expression, outcome.value)
      else if (text !== undefined) found.set(expression, text)
    }
    return resultReplacements(found)
  }

  return {
    known,
    resolve(task, isFinal) {
      const missing: ResultReference[] = []
      let outOfBounds: string | undefined
      for (const reference of linkingReferences(task)) {
        const outcome = findResult(reference, producer(reference.task))
        if (outcome.is === 'missing') missing.push(reference)
        if (outcome.is === 'outOfBounds') outOfBounds ??= outcome.message
      }
      const { taskSpec, ...fields } = task
      const outside = substituteTaskFields(
        fields,
        known(fields, expression => {
          if (expression === 'context.pipelineTask.retries') return `${task.retries ?? 0}`
          return isFinal ? executionStatus(expression, stateOf, all()) : undefined
        }),
      )
      const inside = taskSpec && substituteTaskSpec(taskSpec, known(taskSpec, artifactValues))
      const resolved = inside ? { ...outside, taskSpec: inside } : outside
      const { when } = resolved
      const listedWhen =
        when && isFinal ? substituteTaskFields({ ...task, when: task.when ?? [] }, known(task.when)).when : when
      return { task: resolved, when, listedWhen, missing, outOfBounds }
    },
  }
}
