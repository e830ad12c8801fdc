/** Reads everything a decision depends on, by derived names only: the cost of a look depends on the run, never on how many runs there are. */
import type { Cluster } from '../cluster/cluster.js'
import type { SecretFacts } from '../pod/credentials.js'
import { KINDS, type Kinds } from '../resources/kinds.js'
import type { Key } from '../resources/meta.js'
import { problemsText } from '../resources/problem.js'
import { storedProblems } from '../resources/shape.js'
import { tektonSpecShape } from '../resources/shapes-tekton.js'
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
import type { Settings } from '../run/settings.js'
import { withDefaultBindings } from '../run/workspaces.js'
import type { Lookup, PipelineRunWorld, PodMaterial, TaskRunWorld } from './decision.js'
import { lookUpNested } from './look-up-nested.js'
import { soundPart } from './malformed.js'
import { expectedChildren } from './pipeline-run.js'

/** The ConfigMap that carries the entrypoint binary into Pods: named by content, so that it never changes. */
export interface EntrypointSource {
  readonly name: string
  /** Base64. */
  readonly binary: () => string
}

export interface ObserveDeps {
  readonly cluster: Cluster
  /** As they are now: an installation may change them while it runs. */
  readonly settings: () => Settings
  readonly entrypoint: EntrypointSource
}

export async function observePipelineRun(deps: ObserveDeps, run: PipelineRun, now: number): Promise<PipelineRunWorld> {
  const { cluster } = deps
  const settings = deps.settings()
  const pipeline = await lookUpPipeline(cluster, run)
  const spec = run.status?.pipelineSpec ?? (pipeline.is === 'found' ? pipeline.value : undefined)
  const [tasks, pipelines, found] = await Promise.all([
    lookUpTasks(cluster, run, spec),
    lookUpNested(cluster, run, spec),
    Promise.all(
      (spec ? expectedChildren(run, spec, settings) : []).map(child =>
        getChild(cluster, child, run.metadata.namespace),
      ),
    ),
  ])
  // A child that is not what it should be ends in a pass of its own; until then its parent sees what is sound of it.
  const existing = found.filter(child => child !== undefined).map(soundPart)
  const ours = (child: TaskRun | PipelineRun | CustomRun) => isOwnedBy(child, run.metadata.uid)
  return {
    now,
    settings,
    pipeline,
    tasks,
    pipelines,
    children: existing.filter(ours),
    strangers: existing.filter(child => !ours(child)).map(child => child.metadata.name),
  }
}

export async function observeTaskRun(deps: ObserveDeps, run: TaskRun, now: number): Promise<TaskRunWorld> {
  const { cluster } = deps
  const settings = deps.settings()
  const { namespace, uid } = run.metadata
  const task = await lookUpTask(cluster, run)
  const spec = run.status?.taskSpec ?? (task.is === 'found' ? task.value : undefined)
  const attempt = run.status?.retriesStatus?.length ?? 0
  const [pod, stepActions] = await Promise.all([
    cluster.get('Pod', { namespace, name: podName(run.metadata.name, attempt) }),
    lookUpStepActions(cluster, namespace, spec),
  ])
  const ours = pod !== undefined && isOwnedBy(pod, uid)
  const makesPod = pod === undefined && !run.status?.podName && run.spec.status !== 'TaskRunCancelled'
  return {
    now,
    settings,
    task,
    stepActions,
    pod: ours ? pod : undefined,
    stranger: pod !== undefined && !ours && (pod.metadata.deletionTimestamp === undefined ? 'stays' : 'leaves'),
    toMakePod: makesPod
      ? await readPodMaterial(
          deps,
          withDefaultBindings(run, spec?.workspaces, settings.taskRunWorkspaceBinding),
          settings,
        )
      : undefined,
  }
}

async function readPodMaterial(deps: ObserveDeps, run: TaskRun, settings: Settings): Promise<PodMaterial> {
  const { cluster, entrypoint } = deps
  const { namespace } = run.metadata
  const account = run.spec.serviceAccountName || settings.serviceAccount
  const [claims, serviceAccount, limitRanges, existing] = await Promise.all([
    getClaims(cluster, run),
    cluster.get('ServiceAccount', { namespace, name: account }),
    cluster.list('LimitRange', { namespace }),
    cluster.get('ConfigMap', { namespace, name: entrypoint.name }),
  ])
  const names = serviceAccount?.secrets?.flatMap(({ name }) => name || []) ?? []
  return {
    claims,
    // The one that every namespace of a cluster has; our own store does not make it.
    serviceAccountExists: serviceAccount !== undefined || account === settings.serviceAccount,
    secrets: settings.flags.disableCredsInit ? [] : await getSecrets(cluster, namespace, [...new Set(names)]),
    limitRanges,
    entrypoint: { name: entrypoint.name, binary: entrypoint.binary, exists: existing !== undefined },
  }
}

/** One object that a reference names. `failed` says it in the words of whoever refers to it. */
async function lookUp<K extends 'Pipeline' | 'Task' | 'StepAction'>(
  cluster: Cluster,
  kind: K,
  reference: Reference & { readonly place: string; readonly namespace: string },
  failed: (why: string) => { readonly reason: string; readonly message: string },
): Promise<Lookup<Kinds[K]['spec']>> {
  const { place, namespace, resolver, name = '' } = reference
  if (resolver) return { is: 'failed', ...failed(unsupportedResolver(place, resolver)) }
  const found = await cluster.get(kind, { namespace, name })
  if (found === undefined) return { is: 'failed', ...failed(`${KINDS[kind].plural}.tekton.dev "${name}" not found`) }
  const problems = storedProblems(tektonSpecShape(kind, KINDS[kind].version) ?? 'object', found.spec, 'spec')
  if (problems.length > 0)
    return { is: 'failed', ...failed(`${kind} "${name}" is malformed: ${problemsText(problems)}`) }
  return { is: 'found', value: found.spec, from: found.metadata }
}

async function lookUpPipeline(cluster: Cluster, run: PipelineRun): Promise<Lookup<PipelineSpec>> {
  const { namespace, name } = run.metadata
  const spec = run.status?.pipelineSpec ?? run.spec.pipelineSpec
  if (spec) return { is: 'found', value: spec }
  const reference = { ...run.spec.pipelineRef, namespace, place: 'pipelineRef' }
  return lookUp(cluster, 'Pipeline', reference, why => ({
    reason: 'CouldntGetPipeline',
    message: `Error retrieving pipeline for pipelinerun ${namespace}/${name}: error when listing pipelines for pipelineRun ${name}: ${why}`,
  }))
}

async function lookUpTask(cluster: Cluster, run: TaskRun): Promise<Lookup<TaskSpec>> {
  const { namespace, name } = run.metadata
  const spec = run.status?.taskSpec ?? run.spec.taskSpec
  if (spec) return { is: 'found', value: spec }
  return lookUp(cluster, 'Task', { ...run.spec.taskRef, namespace, place: 'taskRef' }, why => ({
    reason: 'TaskRunResolutionFailed',
    message: `error when listing tasks for taskRun ${name}: ${why}`,
  }))
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
  const looked = tasks.map(async ({ name, taskRef }) => {
    const reference = { ...taskRef, namespace, place: `spec.tasks "${name}" taskRef` }
    const found = await lookUp(cluster, 'Task', reference, why => ({
      reason: 'CouldntGetTask',
      message: taskRef?.resolver ? why : `Couldn't retrieve Task "${taskRef?.name ?? ''}": ${why}`,
    }))
    return [name, found] as const
  })
  return new Map(await Promise.all(looked))
}

/** A reference with an apiVersion names a custom task, whatever its kind: nobody looks that up. */
function isTaskReference(task: PipelineTask): boolean {
  return task.taskRef !== undefined && task.taskRef.apiVersion === undefined
}

async function lookUpStepActions(
  cluster: Cluster,
  namespace: string,
  spec: TaskSpec | undefined,
): Promise<ReadonlyMap<number, Lookup<StepActionSpec>>> {
  const references = (spec?.steps ?? []).flatMap(({ ref }, index) => (ref ? [{ ref, index }] : []))
  const looked = references.map(async ({ ref, index }) => {
    const reference = { ...ref, namespace, place: `spec.steps[${index}].ref` }
    const found = await lookUp(cluster, 'StepAction', reference, message => ({
      reason: 'TaskRunResolutionFailed',
      message,
    }))
    return [index, found] as const
  })
  return new Map(await Promise.all(looked))
}

async function getClaims(cluster: Cluster, run: TaskRun): Promise<ReadonlySet<string>> {
  const names = (run.spec.workspaces ?? []).flatMap(({ name, volumeClaimTemplate: template }) =>
    template ? [claimName(template.metadata?.name, name, run.metadata.uid)] : [],
  )
  const claims = await Promise.all(
    names.map(name => cluster.get('PersistentVolumeClaim', { namespace: run.metadata.namespace, name })),
  )
  return new Set(claims.flatMap(claim => (claim ? [claim.metadata.name] : [])))
}

/** Their values stay behind: no decision needs them, and what is not known cannot be shown. */
async function getSecrets(
  cluster: Cluster,
  namespace: string,
  names: readonly string[],
): Promise<readonly SecretFacts[]> {
  const secrets = await Promise.all(names.map(name => cluster.get('Secret', { namespace, name })))
  return secrets.flatMap(secret =>
    secret
      ? [
          {
            name: secret.metadata.name,
            type: secret.type ?? 'Opaque',
            annotations: secret.metadata.annotations ?? {},
            keys: Object.keys(secret.data ?? {}),
          },
        ]
      : [],
  )
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

function unsupportedResolver(place: string, resolver: string): string {
  return `${place} uses the resolver "${resolver}", which this version of Tektite does not have yet; apply the object to the cluster and refer to it by name`
}
