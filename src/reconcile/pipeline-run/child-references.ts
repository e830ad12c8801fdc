/** `status.childReferences`: which children a PipelineRun has, in spec order. What was listed once stays listed. */
import { groupBy } from '../../lib/group-by.js'
import { apiVersionOf } from '../../resources/kinds.js'
import type { ChildReference, PipelineRun, PipelineTask } from '../../resources/tekton.js'
import { type Combination, childNames } from '../../run/matrix.js'
import { paramReplacements } from '../../run/params.js'
import type { Child, TaskState } from '../../run/pipeline-task-state.js'
import { replaceString } from '../../run/substitute.js'
import { type ChildKind, childKind } from './children.js'

export function childReferences(run: PipelineRun, states: readonly TaskState[]): readonly ChildReference[] {
  const listed = groupBy(run.status?.childReferences ?? [], reference => reference.pipelineTaskName)
  return states.flatMap(state => {
    const before = listed.get(state.task.name) ?? []
    return state.resolved ? [...before, ...unlisted(run, state, before)] : before
  })
}

function unlisted(run: PipelineRun, state: TaskState, listed: readonly ChildReference[]): readonly ChildReference[] {
  const { task = state.task, combinations } = state.resolved ?? {}
  const known = new Set(listed.map(reference => reference.name))
  const existing = new Set(state.children.map(child => child.metadata.name))
  const names = childNames(run.metadata.name, task.name, combinations?.length ?? 1)
  return names.flatMap((name, index): readonly ChildReference[] => {
    if (known.has(name) || (state.phase.is !== 'starting' && !existing.has(name))) return []
    const displayName = displayNameOf(task, combinations?.[index])
    return [
      {
        apiVersion: apiVersionOf(childKind(task)),
        kind: childKind(task),
        name,
        ...(displayName && { displayName }),
        pipelineTaskName: task.name,
        ...(state.when && state.when.length > 0 && { whenExpressions: state.when }),
      },
    ]
  })
}

/** The names of its `include` entries, else the task's display name; both with the child's own params. */
function displayNameOf(task: PipelineTask, combination: Combination | undefined): string | undefined {
  const name = combination && combination.names.length > 0 ? combination.names.join(' ') : task.displayName
  if (!name?.includes('$(')) return name
  const texts = [...(combination?.params ?? []), ...(task.params ?? [])].filter(
    param => typeof param.value === 'string',
  )
  return replaceString(name, paramReplacements(texts))
}

/** For a run that ends before its tasks are looked at: the children that exist are listed all the same. */
export function withOrphans(run: PipelineRun, children: readonly Child[]): readonly ChildReference[] {
  const listed = run.status?.childReferences ?? []
  const names = new Set(listed.map(reference => reference.name))
  const orphans = children
    .filter(child => !names.has(child.metadata.name))
    .map(child => {
      const kind = child.kind as ChildKind
      const pipelineTaskName = pipelineTaskOf(child)
      return { apiVersion: apiVersionOf(kind), kind, name: child.metadata.name, pipelineTaskName }
    })
  const order = ({ pipelineTaskName, name }: ChildReference) => `${pipelineTaskName} ${name}`
  return [...listed, ...orphans.sort((a, b) => (order(a) < order(b) ? -1 : 1))]
}

export function pipelineTaskOf(child: Child): string {
  return child.metadata.labels?.['tekton.dev/pipelineTask'] ?? ''
}
