/** `$(tasks.<task>.results.<result>…)` in all its spellings: what is asked for, and by which fields of a pipeline task. */
import type { EmbeddedTask, ParamValue, PipelineTask } from '../resources/tekton.js'
import { expressionsIn } from './substitute.js'

/** One result of one task, or a part of it. */
export interface ResultReference {
  /** The text between `$(` and `)`. */
  readonly expression: string
  readonly from: 'tasks' | 'finally'
  readonly task: string
  readonly result: string
  readonly part:
    | { readonly is: 'plain' }
    /** `[*]` */
    | { readonly is: 'whole' }
    | { readonly is: 'element'; readonly index: number }
    | { readonly is: 'member'; readonly key: string }
  /** The bracket spelling `results['r']` is replaced, but as in Tekton it orders nothing. */
  readonly links: boolean
}

const PART = String.raw`(?:\[(?<index>\*|\d+)\]|\.(?<key>[^.[\]]+))?$`
const DOTTED = new RegExp(String.raw`^(?<from>tasks|finally)\.(?<task>[^.[\]]+)\.results\.(?<result>[^.[\]]+)${PART}`)
const BRACKETED = new RegExp(
  String.raw`^(?<from>tasks|finally)\.(?<task>[^.[\]]+)\.results\[(?<quote>['"])(?<result>[^'"]+)\k<quote>\]${PART}`,
)

export function parseResultReference(expression: string): ResultReference | undefined {
  const dotted = DOTTED.exec(expression)?.groups
  const found = dotted ?? BRACKETED.exec(expression)?.groups
  const { from, task, result, index, key } = found ?? {}
  if (from === undefined || task === undefined || result === undefined) return undefined
  return {
    expression,
    from: from === 'tasks' ? 'tasks' : 'finally',
    task,
    result,
    part: partOf(index, key),
    links: dotted !== undefined,
  }
}

function partOf(index: string | undefined, key: string | undefined): ResultReference['part'] {
  if (index === '*') return { is: 'whole' }
  if (index !== undefined) return { is: 'element', index: Number(index) }
  return key === undefined ? { is: 'plain' } : { is: 'member', key }
}

/** The references that make a task wait for another: in params, matrix, `when`, and the steps and sidecars of an inline task. */
export function linkingReferences(task: PipelineTask): readonly ResultReference[] {
  const fields = [task.params, task.matrix, task.when, task.taskSpec?.steps, task.taskSpec?.sidecars]
  return referencesAmong(expressionsWithin(fields)).filter(reference => reference.links && reference.from === 'tasks')
}

export function referencesInValue(value: ParamValue): readonly ResultReference[] {
  return referencesAmong(expressionsWithin(value))
}

function referencesAmong(expressions: readonly string[]): readonly ResultReference[] {
  return expressions.flatMap(expression => parseResultReference(expression) ?? [])
}

/** Every expression in any text at any depth; each once, in order of first use. */
export function expressionsWithin(value: unknown): readonly string[] {
  const found = new Set<string>()
  collect(value, found)
  return [...found]
}

function collect(value: unknown, found: Set<string>): void {
  if (typeof value === 'string') {
    if (value.includes('$(')) for (const expression of expressionsIn(value)) found.add(expression)
  } else if (Array.isArray(value)) {
    for (const inner of value) collect(inner, found)
  } else if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) collect(inner, found)
  }
}

/** A task whose `taskRef` or `taskSpec` names both an apiVersion and a kind belongs to somebody else's controller. */
export function isCustomTask(task: PipelineTask): boolean {
  const named = (one: { readonly apiVersion?: string; readonly kind?: string } | EmbeddedTask | undefined) =>
    Boolean(one?.apiVersion) && Boolean(one?.kind)
  return named(task.taskRef) || named(task.taskSpec)
}
