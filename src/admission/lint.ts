/** Things that are allowed and yet almost surely not meant. Warnings only. */
import type { CustomResourceDefinition } from '../resources/custom-resources.js'
import type { AnyResource } from '../resources/kinds.js'
import type { New } from '../resources/meta.js'
import { isPlainKind, type PlainKind } from '../resources/plain-kinds.js'
import { complete, type Problem, problem } from '../resources/problem.js'
import type {
  EmbeddedTask,
  Pipeline,
  PipelineRun,
  PipelineSpec,
  PipelineTask,
  Task,
  TaskRun,
} from '../resources/tekton.js'
import { retryBudgetWarnings } from '../run/retry-budgets.js'
import { definitionWarnings } from './custom/definition.js'
import { celWarnings } from './lint-cel.js'
import { gitStatusWarnings } from './lint-git-status.js'
import { interceptorParamWarnings } from './lint-interceptors.js'
import { unsignedWarnings } from './lint-unsigned.js'

/** What one object shows by itself. */
export function lintObject(object: New<AnyResource>): readonly Problem[] {
  const kind = String(object.kind)
  if (isPlainKind(kind)) return [onlyKept(kind)]
  if (isA<CustomResourceDefinition>(object, 'CustomResourceDefinition')) return definitionWarnings(object.spec)
  return [
    ...gitStatusWarnings(object),
    ...retryBudgetWarnings(object.metadata.annotations),
    ...unsignedWarnings(object),
    ...inlineTasks(object).flatMap(({ spec, path }) => scriptWarnings(spec, path)),
    ...celWarnings(object),
    ...interceptorParamWarnings(object),
  ]
}

function onlyKept(kind: PlainKind): Problem {
  const message = `nothing here acts on kind ${kind}: the object is kept as it is`
  return complete(message, 'kind', 'to have it carried out, apply it to a Kubernetes cluster')
}

/** What shows only when objects are seen together. The object is the one that the warning is about. */
export function lintReferences(
  objects: readonly New<AnyResource>[],
): readonly { readonly object: New<AnyResource>; readonly problem: Problem }[] {
  const tasks = new Map(
    objects.flatMap(object => (isA<Task>(object, 'Task') ? [[placeOf(object), object] as const] : [])),
  )
  return objects.flatMap(object =>
    pipelineTasks(object).flatMap(({ task, path }) => {
      const { taskRef } = task
      if (!taskRef?.name || taskRef.resolver || taskRef.apiVersion || (taskRef.kind ?? 'Task') !== 'Task') return []
      const found = tasks.get(`${object.metadata.namespace}/${taskRef.name}`)
      if (!found) return []
      const declared = (found.spec.workspaces ?? []).map(workspace => workspace.name)
      return (task.workspaces ?? []).flatMap((binding, i) => {
        if (declared.includes(binding.name)) return []
        const message = `pipeline task "${task.name}" binds workspace "${binding.name}", but Task "${taskRef.name}" declares ${declared.length > 0 ? `only ${declared.join(', ')}` : 'no workspaces'}`
        const hint = `declare it in spec.workspaces of Task "${taskRef.name}", or remove the binding: the Task never sees the files`
        const name = `${object.kind} ${JSON.stringify(object.metadata.name ?? object.metadata.generateName ?? '')}`
        return [{ object, problem: problem(message, `${path}.workspaces[${i}]`, { hint, object: name }) }]
      })
    }),
  )
}

/**
 * `$$(NAME)` in a script. In `args` it is Kubernetes' way to write a literal `$(NAME)`; a script is not expanded by
 * Kubernetes, so the shell sees its own process id followed by `(NAME)`.
 */
function scriptWarnings(spec: EmbeddedTask, path: string): readonly Problem[] {
  const inherited = (spec.stepTemplate?.env ?? []).map(env => env.name)
  return (spec.steps ?? []).flatMap((step, i) => {
    const names = new Set([...(step.env ?? []).map(env => env.name), ...inherited])
    const used = [...(step.script ?? '').matchAll(/\$\$\(([A-Za-z_][A-Za-z0-9_]*)\)/g)].map(match => match[1] ?? '')
    return [...new Set(used)]
      .filter(name => names.has(name))
      .map(name => {
        const message = `the shell reads $$(${name}) as its own process id followed by "(${name})"; the value of env ${name} is not put in`
        return problem(message, `${path}.steps[${i}].script`, { hint: `write "$${name}" in the script` })
      })
  })
}

interface Inline {
  readonly spec: EmbeddedTask
  readonly path: string
}

function inlineTasks(object: New<AnyResource>): readonly Inline[] {
  if (isA<Task>(object, 'Task')) return [{ spec: object.spec, path: 'spec' }]
  if (isA<TaskRun>(object, 'TaskRun')) {
    return object.spec.taskSpec ? [{ spec: object.spec.taskSpec, path: 'spec.taskSpec' }] : []
  }
  return pipelineTasks(object).flatMap(({ task, path }) =>
    task.taskSpec ? [{ spec: task.taskSpec, path: `${path}.taskSpec` }] : [],
  )
}

function pipelineTasks(object: New<AnyResource>): readonly { readonly task: PipelineTask; readonly path: string }[] {
  if (isA<Pipeline>(object, 'Pipeline')) return tasksOf(object.spec, 'spec')
  if (isA<PipelineRun>(object, 'PipelineRun') && object.spec.pipelineSpec) {
    return tasksOf(object.spec.pipelineSpec, 'spec.pipelineSpec')
  }
  return []
}

function tasksOf(spec: PipelineSpec, path: string): readonly { readonly task: PipelineTask; readonly path: string }[] {
  const own = [
    ...(spec.tasks ?? []).map((task, i) => ({ task, path: `${path}.tasks[${i}]` })),
    ...(spec.finally ?? []).map((task, i) => ({ task, path: `${path}.finally[${i}]` })),
  ]
  return own.flatMap(one => [
    one,
    ...(one.task.pipelineSpec ? tasksOf(one.task.pipelineSpec, `${one.path}.pipelineSpec`) : []),
  ])
}

function isA<T extends AnyResource>(object: New<AnyResource>, kind: T['kind']): object is New<T> & New<AnyResource> {
  return object.kind === kind
}

function placeOf(object: New<AnyResource>): string {
  return `${object.metadata.namespace}/${object.metadata.name ?? ''}`
}
