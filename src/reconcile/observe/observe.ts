/** Reads everything a decision depends on, by derived names only: the cost of a look depends on the run, never on how many runs there are. */
import type { Cluster } from '../../cluster/cluster.js'
import type { ClaimFacts } from '../../pod/coschedule.js'
import type { SecretFacts } from '../../pod/credentials.js'
import type { ImageAnswers, ImagesQuestion } from '../../pod/image-commands.js'
import { SELECTED_NODE_ANNOTATION } from '../../resources/annotations.js'
import type { LimitRange, PersistentVolumeClaim } from '../../resources/core.js'
import type { Kinds } from '../../resources/kinds.js'
import type { Key } from '../../resources/meta.js'
import type { CustomRun, PipelineRun, PipelineSpec, TaskRun, TaskSpec } from '../../resources/tekton.js'
import { claimName, podName } from '../../run/names.js'
import { snapshotPipeline } from '../../run/pipeline-variables.js'
import type { Settings } from '../../run/settings.js'
import { withDefaultBindings } from '../../run/workspaces.js'
import type { Decision, Lookup, PipelineRunWorld, PodMaterial, TaskRunWorld } from '../decision.js'
import { hasListed, isNew, type Look } from '../look.js'
import { soundPart } from '../malformed.js'
import { expectedChildren } from '../pipeline-run/pipeline-run.js'
import { pipelineNameOf } from '../pipeline-run/resolve-pipeline.js'
import { inheritsFrom } from '../task-run/inherit.js'
import { firstCheckOfVolumes, waitsForVolumes } from '../task-run/task-run-volumes.js'
import type { EntrypointSource } from './entrypoint-source.js'
import { type FinishedChildren, NO_FINISHED_CHILDREN } from './finished-children.js'
import { type LookUpDeps, lookUpPipeline, lookUpStepActions, lookUpTask, lookUpTasks } from './look-up.js'
import { lookUpNested } from './look-up-nested.js'

export interface ObserveDeps {
  readonly cluster: Cluster
  /** As they are now: an installation may change them while it runs. */
  readonly settings: () => Settings
  readonly entrypoint: EntrypointSource
  readonly finished?: FinishedChildren
  /** What a watch knows of a namespace; undefined when it is to be read. */
  readonly limitRanges?: (namespace: string) => readonly LimitRange[] | undefined
  /** Asks registries what images run; without it none is asked. */
  readonly askImages?: (question: ImagesQuestion) => Promise<ImageAnswers>
  /** Whether a namespace enforces Pod Security's restricted profile. Without it nothing does. */
  readonly isRestricted?: (namespace: string, now: number) => Promise<boolean>
}

export async function observePipelineRun(
  deps: ObserveDeps,
  run: PipelineRun,
  now: number,
  look: Look = 'all',
): Promise<PipelineRunWorld> {
  const { cluster } = deps
  const settings = deps.settings()
  const pipeline = await pipelineOf({ cluster, settings }, run)
  const spec = run.status?.pipelineSpec ?? (pipeline.is === 'found' ? pipeline.value : undefined)
  const expected = look === 'listed' ? (run.status?.childReferences ?? []) : expectedOf(run, spec, settings)
  const [tasks, pipelines, found] = await Promise.all([
    // Of a run that has begun, the Tasks that count are those of what begins now: `lookUpStarted`.
    hasListed(run) ? [] : lookUpTasks({ cluster, settings }, run, knownPipeline(run, pipeline, settings)),
    lookUpNested(cluster, run, spec),
    Promise.all(expected.map(child => findChild(deps, child, run))),
  ])
  // A child that is not what it should be ends in a pass of its own; until then its parent sees what is sound of it.
  const existing = found.filter(child => child !== undefined).map(soundPart)
  const ours = (child: TaskRun | PipelineRun | CustomRun) => isOwnedBy(child, run.metadata.uid)
  return {
    now,
    settings,
    pipeline,
    tasks: new Map(tasks),
    pipelines,
    children: existing.filter(ours),
    strangers: existing.filter(child => !ours(child)).map(child => child.metadata.name),
  }
}

/** With the Tasks of what the decision begins, where they were not looked up; undefined when there are none. */
export async function lookUpStarted(
  deps: ObserveDeps,
  run: PipelineRun,
  world: PipelineRunWorld,
  started: ReadonlySet<string>,
): Promise<PipelineRunWorld | undefined> {
  const { cluster } = deps
  const { settings, tasks } = world
  const isWanted = (task: string) => started.has(task) && !tasks.has(task)
  const found = await lookUpTasks({ cluster, settings }, run, run.status?.pipelineSpec, isWanted)
  return found.size === 0 ? undefined : { ...world, tasks: new Map([...tasks, ...found]) }
}

export async function observeTaskRun(
  deps: ObserveDeps,
  run: TaskRun,
  now: number,
  look: Look = 'all',
): Promise<TaskRunWorld> {
  const { cluster } = deps
  const settings = deps.settings()
  const { namespace, uid } = run.metadata
  const task = await taskOf({ cluster, settings }, run)
  const spec = run.status?.taskSpec ?? (task.is === 'found' ? task.value : undefined)
  const attempt = run.status?.retriesStatus?.length ?? 0
  const from = inheritsFrom(run)
  const [pod, stepActions, earlier] = await Promise.all([
    look === 'listed' && isNew(run)
      ? undefined
      : cluster.get('Pod', { namespace, name: podName(run.metadata.name, attempt) }),
    lookUpStepActions({ cluster, settings }, run, spec),
    from === undefined ? undefined : cluster.get('TaskRun', { namespace, name: from }),
  ])
  const ours = pod !== undefined && isOwnedBy(pod, uid)
  const waitsLong = ours && waitsForVolumes(pod) && now >= firstCheckOfVolumes(pod)
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
          now,
        )
      : undefined,
    earlier,
    awaitedEntrypoint: waitsLong ? await deps.entrypoint.read(cluster, namespace) : undefined,
  }
}

async function readPodMaterial(deps: ObserveDeps, run: TaskRun, settings: Settings, now: number): Promise<PodMaterial> {
  const { cluster, entrypoint } = deps
  const { namespace } = run.metadata
  const account = run.spec.serviceAccountName || settings.serviceAccount
  const [claims, serviceAccount, limitRanges, restricted, nodes, there] = await Promise.all([
    getClaims(cluster, run, settings),
    cluster.get('ServiceAccount', { namespace, name: account }),
    deps.limitRanges?.(namespace) ?? cluster.list('LimitRange', { namespace }),
    deps.isRestricted?.(namespace, now) ?? false,
    entrypoint.nodes(cluster, now),
    entrypoint.find(cluster, namespace, now),
  ])
  const names = serviceAccount?.secrets?.flatMap(({ name }) => name || []) ?? []
  return {
    claims,
    // The one that every namespace of a cluster has; our own store does not make it.
    serviceAccountExists: serviceAccount !== undefined || account === settings.serviceAccount,
    secrets: settings.flags.disableCredsInit ? [] : await getSecrets(cluster, namespace, [...new Set(names)]),
    limitRanges,
    restricted,
    nodes,
    entrypoint: there,
    ...(deps.askImages && { images: new Map() }),
  }
}

/** With what registries say of the images that the decision asks about; undefined when it asks about none. */
export async function lookUpImages(
  { askImages }: ObserveDeps,
  world: TaskRunWorld,
  { asks }: Decision<unknown>,
): Promise<TaskRunWorld | undefined> {
  const { toMakePod } = world
  if (asks === undefined || askImages === undefined || toMakePod === undefined) return undefined
  const images = new Map([...(toMakePod.images ?? []), ...(await askImages(asks))])
  return { ...world, toMakePod: { ...toMakePod, images } }
}

async function pipelineOf(deps: LookUpDeps, run: PipelineRun): Promise<Lookup<PipelineSpec>> {
  const spec = run.status?.pipelineSpec ?? run.spec.pipelineSpec
  return spec ? { is: 'found', value: spec } : lookUpPipeline(deps, run)
}

async function taskOf(deps: LookUpDeps, run: TaskRun): Promise<Lookup<TaskSpec>> {
  const spec = run.status?.taskSpec ?? run.spec.taskSpec
  return spec ? { is: 'found', value: spec } : lookUpTask(deps, run)
}

/** With everything replaced that is known at the start; undefined when that cannot be done. */
function knownPipeline(run: PipelineRun, pipeline: Lookup<PipelineSpec>, settings: Settings): PipelineSpec | undefined {
  if (run.status?.pipelineSpec) return run.status.pipelineSpec
  if (pipeline.is !== 'found') return undefined
  const snapshot = snapshotPipeline(run, pipeline.value, pipelineNameOf(run, pipeline.from), settings)
  return snapshot.is === 'snapshot' ? snapshot.spec : undefined
}

async function getClaims(
  cluster: Cluster,
  run: TaskRun,
  { flags }: Settings,
): Promise<ReadonlyMap<string, ClaimFacts>> {
  const names = (run.spec.workspaces ?? []).flatMap(binding => {
    const { name, volumeClaimTemplate: template, persistentVolumeClaim } = binding
    if (template) return [claimName(template.metadata?.name, name, run.metadata.uid)]
    return persistentVolumeClaim && flags.coschedule !== 'disabled' ? [persistentVolumeClaim.claimName] : []
  })
  const claims = await Promise.all(
    [...new Set(names)].map(name => cluster.get('PersistentVolumeClaim', { namespace: run.metadata.namespace, name })),
  )
  return new Map(claims.flatMap(claim => (claim ? [[claim.metadata.name, factsOf(claim)] as const] : [])))
}

function factsOf({ metadata, spec }: PersistentVolumeClaim): ClaimFacts {
  const selectedNode = metadata.annotations?.[SELECTED_NODE_ANNOTATION]
  return { accessModes: spec.accessModes ?? [], ...(selectedNode && { selectedNode }) }
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

type ChildName = Pick<ReturnType<typeof expectedChildren>[number], 'kind' | 'name'>

function expectedOf(run: PipelineRun, spec: PipelineSpec | undefined, settings: Settings): readonly ChildName[] {
  return spec ? expectedChildren(run, spec, settings) : []
}

async function findChild(
  { cluster, finished = NO_FINISHED_CHILDREN }: ObserveDeps,
  { kind, name }: ChildName,
  { metadata: { namespace, uid } }: PipelineRun,
): Promise<TaskRun | PipelineRun | CustomRun | undefined> {
  const kept = finished.find(uid, kind, name)
  if (kept !== undefined) return kept
  const key: Key = { namespace, name }
  const child = await cluster.get<'TaskRun' | 'PipelineRun' | 'CustomRun'>(kind, key)
  if (child !== undefined && isOwnedBy(child, uid)) finished.keep(uid, child)
  return child
}

/** By uid, never by name: a namesake that somebody planted is not our child. */
function isOwnedBy(child: Kinds['Pod' | 'TaskRun' | 'PipelineRun' | 'CustomRun'], uid: string): boolean {
  return child.metadata.ownerReferences?.some(owner => owner.controller === true && owner.uid === uid) ?? false
}
