/**
 * Objects of some files, put together as a run would put them together: what a run would end with before its first step
 * is known without starting it. A reference that leads out of the files is only worth a warning: the cluster may have it.
 */
import type { AnyResource } from '../resources/kinds.js'
import type { New } from '../resources/meta.js'
import { type Problem, problem } from '../resources/problem.js'
import type {
  Pipeline,
  PipelineRun,
  PipelineSpec,
  PipelineTask,
  Reference,
  StepAction,
  StepActionSpec,
  Task,
  TaskRun,
  TaskSpec,
} from '../resources/tekton.js'
import { pipelineProblem, taskProblem } from '../run/pipeline-problems.js'
import { snapshotPipeline } from '../run/pipeline-variables.js'
import { prepareTask } from '../run/prepare-task.js'
import type { Settings } from '../run/settings.js'
import { withDefaultBindings } from '../run/workspaces.js'

export interface ReferenceFindings {
  readonly problems: readonly Finding[]
  readonly warnings: readonly Finding[]
}

interface Finding {
  /** The one of the objects that it is about. */
  readonly object: New<AnyResource>
  readonly problem: Problem
}

export function checkReferences(objects: readonly New<AnyResource>[], settings: Settings): ReferenceFindings {
  const problems: Finding[] = []
  const warnings: Finding[] = []
  const byName = new Map(
    objects.map(object => [`${object.kind}/${object.metadata.namespace}/${object.metadata.name ?? ''}`, object]),
  )

  for (const object of objects) {
    const named = `${object.kind} ${JSON.stringify(object.metadata.name ?? object.metadata.generateName ?? '')}`
    /** What a reference by name leads to; undefined, with a warning, when that is not in the files. */
    const follow = <T extends AnyResource>(kind: T['kind'], ref: Reference, path: string): New<T> | undefined => {
      if (ref.resolver !== undefined || ref.apiVersion !== undefined || !ref.name) return undefined
      const found = byName.get(`${kind}/${object.metadata.namespace}/${ref.name}`)
      if (found === undefined) {
        const message = `${kind} "${ref.name}" is in none of the files`
        const hint = 'the cluster must have it; or add its file, and what depends on it is checked too'
        warnings.push({ object, problem: problem(message, path, { hint, object: named }) })
      }
      return found as New<T> | undefined
    }
    const fail = (found: { readonly reason: string; readonly message: string } | undefined): void => {
      if (found === undefined) return
      const hint = `the run would end with the reason ${found.reason}`
      problems.push({
        object,
        problem: problem(found.message, '', { complete: true, at: 'spec', hint, object: named }),
      })
    }
    const taskOf = (task: PipelineTask, path: string): TaskSpec | undefined =>
      task.taskSpec
        ? { ...task.taskSpec, steps: task.taskSpec.steps ?? [] }
        : task.taskRef && follow<Task>('Task', task.taskRef, `${path}.taskRef`)?.spec
    const nestedOf = (task: PipelineTask, path: string): PipelineSpec | undefined =>
      task.pipelineSpec ??
      (task.pipelineRef && follow<Pipeline>('Pipeline', task.pipelineRef, `${path}.pipelineRef`)?.spec)

    if (isA<PipelineRun>(object, 'PipelineRun'))
      fail(pipelineRunProblem(asStored(object), settings, { follow, taskOf, nestedOf }))
    if (isA<TaskRun>(object, 'TaskRun')) fail(taskRunProblem(asStored(object), settings, follow))
    if (isA<Pipeline>(object, 'Pipeline')) {
      for (const { task, path } of tasksOf(object.spec, 'spec')) {
        taskOf(task, path)
        nestedOf(task, path)
      }
    }
  }
  return { problems, warnings }
}

type Follow = <T extends AnyResource>(kind: T['kind'], ref: Reference, path: string) => New<T> | undefined

interface Bodies {
  readonly follow: Follow
  readonly taskOf: (task: PipelineTask, path: string) => TaskSpec | undefined
  readonly nestedOf: (task: PipelineTask, path: string) => PipelineSpec | undefined
}

function pipelineRunProblem(run: PipelineRun, settings: Settings, { follow, taskOf, nestedOf }: Bodies) {
  const { pipelineRef, pipelineSpec } = run.spec
  const found = pipelineRef && follow<Pipeline>('Pipeline', pipelineRef, 'spec.pipelineRef')
  const written = pipelineSpec ?? found?.spec
  if (written === undefined) return undefined
  const name = pipelineRef?.name ?? run.metadata.name
  const early = pipelineProblem(run, written, name)
  if (early) return early
  const snapshot = snapshotPipeline(run, written, name, settings)
  if (snapshot.is === 'problem') {
    const message = `[User error] Failed to apply parameters to Pipeline ${run.metadata.namespace}/${name}: ${snapshot.message}`
    return { reason: 'PipelineValidationFailed', message }
  }
  const tasks = new Map<string, TaskSpec | undefined>()
  const nested = new Map<string, PipelineSpec | undefined>()
  for (const { task, path } of tasksOf(snapshot.spec, pipelineSpec ? 'spec.pipelineSpec' : 'spec')) {
    tasks.set(task.name, taskOf(task, path))
    nested.set(task.name, nestedOf(task, path))
    // What stands in no file could declare anything.
    if (task.taskRef && !task.taskRef.apiVersion && tasks.get(task.name) === undefined) return undefined
  }
  return taskProblem(run, snapshot.spec, {
    taskSpec: task => tasks.get(task.name),
    nested: task => nested.get(task.name),
  })
}

function taskRunProblem(run: TaskRun, settings: Settings, follow: Follow) {
  const { taskRef, taskSpec } = run.spec
  const spec = taskSpec ?? (taskRef && follow<Task>('Task', taskRef, 'spec.taskRef')?.spec)
  if (spec === undefined) return undefined
  const stepActions = new Map<number, StepActionSpec>()
  for (const [i, { ref }] of spec.steps.entries()) {
    if (ref === undefined) continue
    const action = follow<StepAction>('StepAction', ref, `spec.taskSpec.steps[${i}].ref`)
    if (action === undefined) return undefined
    stepActions.set(i, action.spec)
  }
  const bound = withDefaultBindings(run, spec.workspaces, settings.taskRunWorkspaceBinding)
  const prepared = prepareTask({
    run: bound,
    spec,
    taskName: taskSpec ? undefined : taskRef?.name,
    stepActions,
    settings,
  })
  return prepared.is === 'wrong' ? prepared : undefined
}

function tasksOf({ tasks = [], finally: last = [] }: PipelineSpec, path: string) {
  return [
    ...tasks.map((task, i) => ({ task, path: `${path}.tasks[${i}]` })),
    ...last.map((task, i) => ({ task, path: `${path}.finally[${i}]` })),
  ]
}

/** A run that does not exist yet, as the store would hand it out. */
function asStored<R extends PipelineRun | TaskRun>(run: New<R>): R {
  const { name, generateName = '', ...meta } = run.metadata
  const stored = { ...meta, name: name ?? generateName, uid: '', resourceVersion: '', creationTimestamp: '' }
  return { ...run, metadata: stored } as unknown as R
}

function isA<T extends AnyResource>(object: New<AnyResource>, kind: T['kind']): object is New<T> & New<AnyResource> {
  return object.kind === kind
}
