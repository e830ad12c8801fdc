/** Finds what references name: in the same namespace by name, anywhere else through a ResolutionRequest. */
import type { Cluster } from '../../cluster/cluster.js'
import { ownedBy } from '../../pod/build-pod.js'
import { KINDS, type Kinds } from '../../resources/kinds.js'
import type { OwnerReference } from '../../resources/meta.js'
import { problemsText } from '../../resources/problem.js'
import type {
  PipelineRun,
  PipelineSpec,
  PipelineTask,
  Reference,
  StepActionSpec,
  TaskRun,
  TaskSpec,
} from '../../resources/tekton.js'
import { taskRunName } from '../../run/names.js'
import { pipelineReference, resolutionRequest, stepReference, taskReference } from '../../run/resolution-request.js'
import type { Settings } from '../../run/settings.js'
import { expressionsInValue } from '../../run/substitute.js'
import type { Lookup } from '../decision.js'
import { specProblems } from '../malformed.js'
import { ownerReference } from '../pipeline-run/children.js'
import { type ResolvableKind, type Resolved, readResolution } from '../resolved.js'
import { invalidDefinition } from '../unseen.js'

export interface LookUpDeps {
  readonly cluster: Cluster
  readonly settings: Settings
}

/** Whoever refers: a lookup that fails says so in their words. */
interface Asker {
  readonly namespace: string
  /** See `RequestOf.base`. */
  readonly base: string
  readonly owner: OwnerReference
  /** Whose requests are as good as our own: of the PipelineRun that asked before it made this TaskRun. */
  readonly owners: readonly string[]
  /** Next comes its Pod: what no webhook looked at is looked at now. */
  readonly isToRun?: true
  readonly failed: (why: Why) => { readonly reason: string; readonly message: string }
}

type Why =
  | Exclude<Resolved<ResolvableKind>, { is: 'found' | 'pending' }>
  | { readonly is: 'missing'; readonly message: string }

async function lookUp<K extends ResolvableKind>(
  { cluster, settings }: LookUpDeps,
  kind: K,
  reference: Reference,
  asker: Asker,
): Promise<Lookup<Kinds[K]['spec']>> {
  const { namespace, failed, isToRun = false } = asker
  if (!reference.resolver) {
    const { name = '' } = reference
    const found = await cluster.get(kind, { namespace, name })
    if (found) {
      const problems = specProblems(kind, found.spec)
      if (problems.length > 0) {
        const message = `${kind} "${name}" is malformed: ${problemsText(problems)}`
        return { is: 'failed', ...failed({ is: 'missing', message }) }
      }
      const message = isToRun ? invalidDefinition(kind, found, settings) : undefined
      if (message !== undefined) return { is: 'failed', ...failed({ is: 'refused', message }) }
      return { is: 'found', value: found.spec, from: found.metadata }
    }
    return {
      is: 'failed',
      ...failed({ is: 'missing', message: `${KINDS[kind].plural}.tekton.dev "${name}" not found` }),
    }
  }
  const request = resolutionRequest({ ...asker, reference })
  const name = request.metadata.name ?? ''
  const existing = await cluster.get('ResolutionRequest', { namespace, name })
  if (existing === undefined) return { is: 'pending', request }
  // Anybody may take the name, and put what they like into the answer.
  if (!existing.metadata.ownerReferences?.some(owner => asker.owners.includes(owner.uid))) {
    const message = `error requesting remote resource: a ResolutionRequest "${namespace}/${name}" exists and was not made for this run. Delete it, or start the run under another name`
    return { is: 'failed', ...failed({ is: 'failed', message }) }
  }
  const resolved = readResolution(kind, existing, settings)
  if (resolved.is === 'found' || resolved.is === 'pending') return resolved
  return { is: 'failed', ...failed(resolved) }
}

const NOT_A: Readonly<Record<ResolvableKind, string>> = {
  Pipeline: 'resource is not a pipeline',
  Task: 'resource is not a task',
  StepAction: 'resource is not a StepAction',
}

function explain(why: Why, kind: ResolvableKind): string {
  return why.is === 'otherKind' ? NOT_A[kind] : why.message
}

export function lookUpPipeline(deps: LookUpDeps, run: PipelineRun): Promise<Lookup<PipelineSpec>> {
  const { namespace, name, uid } = run.metadata
  const retrieving = `Error retrieving pipeline for pipelinerun ${namespace}/${name}:`
  return lookUp(deps, 'Pipeline', pipelineReference(run, run.spec.pipelineRef ?? {}), {
    namespace,
    base: name,
    owner: ownerReference(run),
    owners: [uid],
    failed(why) {
      const message = explain(why, 'Pipeline')
      switch (why.is) {
        case 'missing':
          return {
            reason: 'CouldntGetPipeline',
            message: `${retrieving} error when getting Pipeline for PipelineRun ${name}: tekton client cannot get pipeline ${run.spec.pipelineRef?.name ?? ''} from local cluster: ${message}`,
          }
        case 'failed':
          return {
            reason: 'CouldntGetPipeline',
            message: `${retrieving} resolver failed to get Pipeline ${run.spec.pipelineRef?.name ?? ''}: ${message}`,
          }
        case 'otherKind':
          return {
            reason: 'CouldntGetPipeline',
            message: `${retrieving} failed to read runtime object as Pipeline: ${message}`,
          }
        case 'refused':
          return {
            reason: 'PipelineValidationFailed',
            message: `Failed dryRunValidation for PipelineRun ${name}: [User error] failed to read runtime object as Pipeline: ${message}`,
          }
        default:
          throw new Error(`unknown failure ${JSON.stringify(why satisfies never)}`)
      }
    },
  })
}

export function lookUpTask(deps: LookUpDeps, run: TaskRun): Promise<Lookup<TaskSpec>> {
  const { name } = run.metadata
  return lookUp(deps, 'Task', taskReference(run, run.spec.taskRef ?? {}), {
    ...askerOf(run),
    failed(why) {
      const message = explain(why, 'Task')
      if (why.is === 'refused') return { reason: 'TaskValidationFailed', message }
      const listing = run.spec.taskRef?.name ? `error when listing tasks for taskRun ${name}: ` : ''
      return { reason: 'TaskRunResolutionFailed', message: `${listing}${message}` }
    },
  })
}

export async function lookUpStepActions(
  deps: LookUpDeps,
  run: TaskRun,
  spec: TaskSpec | undefined,
): Promise<ReadonlyMap<number, Lookup<StepActionSpec>>> {
  const references = (spec?.steps ?? []).flatMap(({ ref }, index) => (ref ? [{ ref, index }] : []))
  const looked = references.map(async ({ ref, index }) => {
    const reference = spec ? stepReference(run, spec, ref) : ref
    const found = await lookUp(deps, 'StepAction', reference, {
      ...askerOf(run),
      failed: why => ({
        reason: why.is === 'refused' ? 'TaskValidationFailed' : 'TaskRunResolutionFailed',
        message: explain(why, 'StepAction'),
      }),
    })
    return [index, found] as const
  })
  return new Map(await Promise.all(looked))
}

function askerOf(run: TaskRun): Omit<Asker, 'failed'> {
  const { namespace, name, uid, ownerReferences = [] } = run.metadata
  const parents = ownerReferences.filter(owner => owner.controller === true).map(owner => owner.uid)
  return { namespace, base: name, owner: ownedBy(run), owners: [uid, ...parents], isToRun: true }
}

/**
 * @param spec with params and context replaced, so that the requests are those the TaskRuns will look for
 * @param isWanted by the name of the pipeline task
 */
export async function lookUpTasks(
  deps: LookUpDeps,
  run: PipelineRun,
  spec: PipelineSpec | undefined,
  isWanted: (task: string) => boolean = () => true,
): Promise<ReadonlyMap<string, Lookup<TaskSpec>>> {
  const { namespace, uid, name: runName } = run.metadata
  // What has a child, or never will, is decided: its Task was needed to create it and to check what refers to it.
  const decided = new Set([
    ...(run.status?.childReferences ?? []).map(child => child.pipelineTaskName),
    ...(run.status?.skippedTasks ?? []).map(skipped => skipped.name),
  ])
  const all = [...(spec?.tasks ?? []), ...(spec?.finally ?? [])]
  const tasks = all.filter(
    task => isTaskReference(task) && !decided.has(task.name) && isWanted(task.name) && !waitsForResults(task),
  )
  const looked = tasks.map(async ({ name, taskRef = {} }) => {
    const found = await lookUp(deps, 'Task', taskRef, {
      namespace,
      base: taskRunName(runName, name),
      owner: ownerReference(run),
      owners: [uid],
      failed: why => ({
        reason: 'CouldntGetTask',
        message: `Couldn't retrieve Task ${JSON.stringify(taskRef.name || describe(taskRef))}: ${explain(why, 'Task')}`,
      }),
    })
    return [name, found] as const
  })
  return new Map(await Promise.all(looked))
}

/** A reference with an apiVersion names a custom task, whatever its kind: nobody looks that up. */
function isTaskReference(task: PipelineTask): boolean {
  return task.taskRef !== undefined && task.taskRef.apiVersion === undefined
}

/** What a result decides is looked up by the TaskRun, when the result is there. */
function waitsForResults({ taskRef }: PipelineTask): boolean {
  const expressions = (taskRef?.params ?? []).flatMap(({ value }) => expressionsInValue(value))
  return expressions.some(expression => /^(tasks|finally)\./.test(expression))
}

/** As Tekton's GenerateErrorLogString: a reference without a name is named by its resolver and these two params. */
function describe({ resolver = '', params = [] }: Reference): string {
  const told = params.filter(({ name }) => name === 'name' || name === 'url')
  const lines = told.map(
    ({ name, value }) => `${name} = ${typeof value === 'string' ? value : JSON.stringify(value)}\n`,
  )
  return [`resolver type ${resolver}\n`, ...lines].join('')
}
