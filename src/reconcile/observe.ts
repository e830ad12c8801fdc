/** Reads everything a decision depends on, by derived names only: the cost of a look depends on the run, never on how many runs there are. */
import type { Cluster } from '../cluster/cluster.js'
import type { PersistentVolumeClaim, Secret } from '../resources/core.js'
import type { Kinds } from '../resources/kinds.js'
import type { Key } from '../resources/meta.js'
import type {
  CustomRun,
  PipelineRun,
  PipelineSpec,
  PipelineTask,
  Reference,
  StepActionSpec,
  TaskRun,
  TaskSpec,
} from '../resources/tekton.js'
import { claimName, podName } from '../run/names.js'
import type { Lookup, PipelineRunWorld, Settings, TaskRunWorld } from './decision.js'
import { expectedChildren } from './pipeline-run.js'

/** The ConfigMap that carries the entrypoint binary into Pods: named by content, so that it never changes. */
export interface EntrypointSource {
  readonly name: string
  /** Base64. */
  readonly binary: () => string
}

export interface ObserveDeps {
  readonly cluster: Cluster
  readonly settings: Settings
  readonly entrypoint: EntrypointSource
}

export async function observePipelineRun(deps: ObserveDeps, run: PipelineRun, now: number): Promise<PipelineRunWorld> {
  const { cluster, settings } = deps
  const pipeline = await lookUpPipeline(cluster, run)
  const spec = run.status?.pipelineSpec ?? (pipeline.is === 'found' ? pipeline.value : undefined)
  const [tasks, found] = await Promise.all([
    lookUpTasks(cluster, run, spec),
    Promise.all(
      (spec ? expectedChildren(run, spec) : []).map(child => getChild(cluster, child, run.metadata.namespace)),
    ),
  ])
  const existing = found.filter(child => child !== undefined)
  const ours = (child: TaskRun | PipelineRun | CustomRun) => isOwnedBy(child, run.metadata.uid)
  return {
    now,
    settings,
    pipeline,
    tasks,
    children: existing.filter(ours),
    strangers: existing.filter(child => !ours(child)).map(child => child.metadata.name),
  }
}

export async function observeTaskRun(deps: ObserveDeps, run: TaskRun, now: number): Promise<TaskRunWorld> {
  const { cluster, settings, entrypoint } = deps
  const { namespace, uid } = run.metadata
  const task = await lookUpTask(cluster, run)
  const spec = run.status?.taskSpec ?? (task.is === 'found' ? task.value : undefined)
  const attempt = run.status?.retriesStatus?.length ?? 0
  const [pod, stepActions, claims, serviceAccount, existing] = await Promise.all([
    cluster.get('Pod', { namespace, name: podName(run.metadata.name, attempt) }),
    lookUpStepActions(cluster, namespace, spec),
    getClaims(cluster, run),
    cluster.get('ServiceAccount', { namespace, name: run.spec.serviceAccountName ?? settings.defaultServiceAccount }),
    cluster.get('ConfigMap', { namespace, name: entrypoint.name }),
  ])
  const secrets = await getSecrets(cluster, namespace, serviceAccount?.secrets?.map(secret => secret.name) ?? [])
  const ours = pod !== undefined && isOwnedBy(pod, uid)
  return {
    now,
    settings,
    task,
    stepActions,
    pod: ours ? pod : undefined,
    stranger: pod !== undefined && !ours,
    claims,
    serviceAccount,
    secrets,
    entrypoint: { name: entrypoint.name, binary: entrypoint.binary, existing },
  }
}

async function lookUpPipeline(cluster: Cluster, run: PipelineRun): Promise<Lookup<PipelineSpec>> {
  const { namespace, name } = run.metadata
  if (run.status?.pipelineSpec) return { is: 'found', value: run.status.pipelineSpec }
  if (run.spec.pipelineSpec) return { is: 'found', value: run.spec.pipelineSpec }
  const reference = run.spec.pipelineRef ?? {}
  const failed = (why: string): Lookup<PipelineSpec> => ({
    is: 'failed',
    reason: 'CouldntGetPipeline',
    message: `Error retrieving pipeline for pipelinerun ${namespace}/${name}: error when listing pipelines for pipelineRun ${name}: ${why}`,
  })
  if (reference.resolver) return failed(unsupportedResolver('pipelineRef', reference))
  const found = await cluster.get('Pipeline', { namespace, name: reference.name ?? '' })
  return found === undefined
    ? failed(`pipelines.tekton.dev "${reference.name ?? ''}" not found`)
    : { is: 'found', value: found.spec, from: found.metadata }
}

async function lookUpTasks(
  cluster: Cluster,
  run: PipelineRun,
  spec: PipelineSpec | undefined,
): Promise<ReadonlyMap<string, Lookup<TaskSpec>>> {
  const { namespace } = run.metadata
  // What has a child, or never will, is decided: its Task was needed to create it and to check what refers to it.
  const decided = new Set([
    ...(run.status?.childReferences ?? []).map(child => child.pipelineTaskName),
    ...(run.status?.skippedTasks ?? []).map(skipped => skipped.name),
  ])
  const all = [...(spec?.tasks ?? []), ...(spec?.finally ?? [])]
  const tasks = all.filter(task => isTaskReference(task) && !decided.has(task.name))
  const looked = tasks.map(async (task): Promise<readonly [string, Lookup<TaskSpec>]> => {
    const reference = task.taskRef ?? {}
    if (reference.resolver) {
      const why = unsupportedResolver(`spec.tasks "${task.name}" taskRef`, reference)
      return [task.name, { is: 'failed', reason: 'CouldntGetTask', message: why }]
    }
    const found = await cluster.get('Task', { namespace, name: reference.name ?? '' })
    if (found) return [task.name, { is: 'found', value: found.spec, from: found.metadata }]
    const message = `Couldn't retrieve Task "${reference.name ?? ''}": tasks.tekton.dev "${reference.name ?? ''}" not found`
    return [task.name, { is: 'failed', reason: 'CouldntGetTask', message }]
  })
  return new Map(await Promise.all(looked))
}

/** A reference with an apiVersion names a custom task, whatever its kind: nobody looks that up. */
function isTaskReference(task: PipelineTask): boolean {
  return task.taskRef !== undefined && task.taskRef.apiVersion === undefined
}

async function lookUpTask(cluster: Cluster, run: TaskRun): Promise<Lookup<TaskSpec>> {
  const { namespace, name } = run.metadata
  if (run.status?.taskSpec) return { is: 'found', value: run.status.taskSpec }
  if (run.spec.taskSpec) return { is: 'found', value: run.spec.taskSpec }
  const reference = run.spec.taskRef ?? {}
  const failed = (why: string): Lookup<TaskSpec> => ({
    is: 'failed',
    reason: 'TaskRunResolutionFailed',
    message: `error when listing tasks for taskRun ${name}: ${why}`,
  })
  if (reference.resolver) return failed(unsupportedResolver('taskRef', reference))
  const found = await cluster.get('Task', { namespace, name: reference.name ?? '' })
  return found === undefined
    ? failed(`tasks.tekton.dev "${reference.name ?? ''}" not found`)
    : { is: 'found', value: found.spec, from: found.metadata }
}

async function lookUpStepActions(
  cluster: Cluster,
  namespace: string,
  spec: TaskSpec | undefined,
): Promise<ReadonlyMap<number, Lookup<StepActionSpec>>> {
  const looked = (spec?.steps ?? []).map(
    async ({ ref }, index): Promise<readonly [number, Lookup<StepActionSpec>][]> => {
      if (ref === undefined) return []
      const failed = (message: string): [number, Lookup<StepActionSpec>] => [
        index,
        { is: 'failed', reason: 'TaskRunResolutionFailed', message },
      ]
      if (ref.resolver) return [failed(unsupportedResolver(`spec.steps[${index}].ref`, ref))]
      const found = await cluster.get('StepAction', { namespace, name: ref.name ?? '' })
      if (found === undefined) return [failed(`stepactions.tekton.dev "${ref.name ?? ''}" not found`)]
      return [[index, { is: 'found', value: found.spec, from: found.metadata }]]
    },
  )
  return new Map((await Promise.all(looked)).flat())
}

async function getClaims(cluster: Cluster, run: TaskRun): Promise<ReadonlyMap<string, PersistentVolumeClaim>> {
  const names = (run.spec.workspaces ?? []).flatMap(({ name, volumeClaimTemplate: template }) =>
    template ? [claimName(template.metadata?.name, name, run.metadata.uid)] : [],
  )
  const claims = await Promise.all(
    names.map(name => cluster.get('PersistentVolumeClaim', { namespace: run.metadata.namespace, name })),
  )
  return new Map(claims.flatMap(claim => (claim ? [[claim.metadata.name, claim] as const] : [])))
}

async function getSecrets(cluster: Cluster, namespace: string, names: readonly string[]): Promise<readonly Secret[]> {
  const secrets = await Promise.all(names.map(name => cluster.get('Secret', { namespace, name })))
  return secrets.filter(secret => secret !== undefined)
}

function getChild(
  cluster: Cluster,
  child: { readonly kind: 'TaskRun' | 'PipelineRun' | 'CustomRun'; readonly name: string },
  namespace: string,
): Promise<TaskRun | PipelineRun | CustomRun | undefined> {
  const key: Key = { namespace, name: child.name }
  return cluster.get<'TaskRun' | 'PipelineRun' | 'CustomRun'>(child.kind, key)
}

/** By uid, never by name: a namesake that somebody planted is not our child. */
function isOwnedBy(child: Kinds['Pod' | 'TaskRun' | 'PipelineRun' | 'CustomRun'], uid: string): boolean {
  return child.metadata.ownerReferences?.some(owner => owner.controller === true && owner.uid === uid) ?? false
}

function unsupportedResolver(place: string, reference: Reference): string {
  return `${place} uses the resolver "${reference.resolver}", which this version of Tektite does not have yet; apply the object to the cluster and refer to it by name`
}
