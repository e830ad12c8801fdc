/** `matrix`: one pipeline task, many children. */
import type { Matrix, Param, PipelineTask } from '../resources/tekton.js'
import { childName } from './names.js'
import { expressionsWithin } from './result-references.js'
import { isList } from './substitute.js'

/** What one child gets on top of its task's own params. */
export interface Combination {
  /** Sorted by name. */
  readonly params: readonly Param[]
  /** Names of the `include` entries that are part of it. */
  readonly names: readonly string[]
}

/** Of a matrix without variables. The first param varies fastest, as in Tekton (whose docs list another order). */
export function fanOut(matrix: Matrix): readonly Combination[] {
  let combinations: readonly Combination[] = (matrix.params ?? []).length === 0 ? [] : [{ params: [], names: [] }]
  for (const { name, value } of matrix.params ?? []) {
    const values = isList(value) ? value : []
    combinations = values.flatMap(one => combinations.map(before => joined(before, [{ name, value: one }])))
  }
  const onlyInclude = (matrix.params ?? []).length === 0
  for (const entry of matrix.include ?? []) {
    combinations = onlyInclude ? [...combinations, fromInclude(entry)] : including(combinations, entry)
  }
  return combinations
}

/** Goes into every combination it does not contradict; one that fits none of them by any value is one of its own. */
function including(combinations: readonly Combination[], entry: Entry): readonly Combination[] {
  const added = new Map((entry.params ?? []).map(param => [param.name, param.value]))
  let related = false
  let shares = false
  const merged = combinations.map(combination => {
    const shared = combination.params.filter(param => added.has(param.name))
    const equal = shared.filter(param => added.get(param.name) === param.value)
    shares ||= shared.length > 0
    related ||= equal.length > 0
    if (equal.length < shared.length) return combination
    const names = new Set(shared.map(param => param.name))
    const extra = (entry.params ?? []).filter(param => !names.has(param.name))
    return joined(combination, extra, entry.name)
  })
  return shares && !related ? [...merged, fromInclude(entry)] : merged
}

type Entry = NonNullable<Matrix['include']>[number]

function fromInclude(entry: Entry): Combination {
  return joined({ params: [], names: [] }, entry.params ?? [], entry.name)
}

function joined(before: Combination, params: readonly Param[], name?: string): Combination {
  const all = [...before.params, ...params]
  return {
    params: all.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
    names: name ? [...before.names, name] : before.names,
  }
}

/** Counted without making the combinations: a product of sizes can be huge. At least as many as there will be. */
export function largestFanOut(matrix: Matrix): number {
  const sizes = (matrix.params ?? []).map(param => (isList(param.value) ? param.value.length : 0))
  const product = sizes.length === 0 ? 0 : sizes.reduce((all, size) => all * size, 1)
  return product + (matrix.include ?? []).length
}

export function hasEmptyArray(matrix: Matrix): boolean {
  return (matrix.params ?? []).some(param => isList(param.value) && param.value.length === 0)
}

/** Tekton's message, of a matrix without variables. */
export function matrixProblem(task: PipelineTask, matrix: Matrix): string | undefined {
  const wrong = (wanted: string, param: Param) => {
    const type = typeof param.value === 'string' ? 'string' : isList(param.value) ? 'array' : 'object'
    return `parameters of type ${wanted} only are allowed, but param "${param.name}" has type "${type}" in pipelineTask "${task.name}"`
  }
  const notText = (matrix.include ?? [])
    .flatMap(entry => entry.params ?? [])
    .find(param => typeof param.value !== 'string')
  if (notText) return wrong('string', notText)
  const notList = (matrix.params ?? []).find(param => !isList(param.value))
  return notList && wrong('array', notList)
}

/** False while the number of children hangs on the result of another task. */
export function isSizeKnown(matrix: Matrix): boolean {
  return expressionsWithin(matrix.params).length === 0 && (matrix.params ?? []).every(param => isList(param.value))
}

/** One combination has no index. Where shortening would swallow the index, the index is put back. */
export function childNames(run: string, task: string, count: number): readonly string[] {
  if (count === 1) return [childName(run, `-${task}`)]
  return Array.from({ length: count }, (_, index) => {
    const suffix = `-${index}`
    const name = childName(run, `-${task}${suffix}`)
    if (name.endsWith(suffix)) return name
    return childName(run, `-${task}`).slice(0, 63 - `-${count}`.length) + suffix
  })
}
