/** What a TaskRun's Pod needs to exist, in the order it is made. */
import { buildPod, ownedBy } from '../../pod/build-pod.js'
import { credentialsOf } from '../../pod/credentials.js'
import type { AwaitedImage, ImagesQuestion } from '../../pod/image-commands.js'
import type { PersistentVolumeClaim } from '../../resources/core.js'
import type { New } from '../../resources/meta.js'
import type { TaskRun, TaskSpec, WorkspaceBinding } from '../../resources/tekton.js'
import { claimName } from '../../run/names.js'
import { boundWorkspaces } from '../../run/prepare-task.js'
import { taskParams } from '../../run/task-variables.js'
import type { EvaluateCel } from '../../run/when.js'
import type { Action, EntrypointThere, PodMaterial, TaskRunWorld } from '../decision.js'
import type { Meta } from './task-metadata.js'

export type PodActions =
  | { readonly is: 'made'; readonly actions: readonly Action[] }
  /** What the author has to change. */
  | { readonly is: 'wrong'; readonly message: string }
  /** What is missing in the cluster. */
  | { readonly is: 'impossible'; readonly message: string }
  /** Registries have to be asked first. */
  | { readonly is: 'unasked'; readonly question: ImagesQuestion }
  /** The image's registry does not say what it runs. */
  | ({ readonly is: 'awaited' } & AwaitedImage)

export interface Attempt {
  /** Attempts before this one. */
  readonly attempt: number
  readonly timeoutMs: number
  readonly meta: Meta
  readonly evaluateCel: EvaluateCel
}

export function createPod(
  run: TaskRun,
  task: TaskSpec,
  world: TaskRunWorld,
  { attempt, timeoutMs, meta, evaluateCel }: Attempt,
): PodActions {
  const { settings } = world
  const { claims, serviceAccountExists, secrets, limitRanges, restricted, nodes, entrypoint, images } =
    materialOf(world)
  const account = run.spec.serviceAccountName || settings.serviceAccount
  if (!serviceAccountExists && !settings.flags.disableCredsInit) {
    return { is: 'impossible', message: `translating TaskSpec to Pod: serviceaccounts "${account}" not found` }
  }
  const credentials = credentialsOf(secrets, settings.flags)
  if (typeof credentials === 'string') return { is: 'wrong', message: credentials }
  const workspaces = boundWorkspaces(run, task)
  const own = wantedClaims(run)
  const shared = workspaces.bound.flatMap(({ claim }) =>
    claim === '' || own.some(({ metadata }) => metadata.name === claim) ? [] : [claim],
  )
  const built = buildPod({
    run,
    labels: meta.labels,
    annotations: meta.annotations,
    task,
    workspaces,
    known: taskParams(run, task.params ?? []),
    attempt,
    timeoutMs,
    serviceAccountName: account,
    settings,
    credentials,
    limitRanges,
    restricted,
    entrypoint: { name: entrypoint.name, offer: entrypoint.offer, nodes },
    claims: new Map(shared.map(name => [name, claims.get(name)])),
    images,
    evaluateCel,
  })
  if (built.is === 'impossible') return { ...built, message: `translating TaskSpec to Pod: ${built.message}` }
  if (built.is !== 'built') return built
  const needs: Action[] = []
  if (built.usesConfigMap) needs.push(...entrypointActions(run, entrypoint))
  for (const claim of own) {
    const name = claim.metadata.name ?? ''
    if (!claims.has(name)) needs.push({ do: 'create', kind: 'PersistentVolumeClaim', object: claim })
  }
  for (const object of built.extra) needs.push({ do: 'create', kind: 'ConfigMap', object })
  return { is: 'made', actions: [...needs, { do: 'create', kind: 'Pod', object: built.pod }] }
}

/** Tekton's words around what hindered. */
export function podNotMade({ metadata: { namespace, name }, spec }: TaskRun, why: string): string {
  const hint = spec.taskRef ? `missing or invalid Task ${namespace}/${spec.taskRef.name ?? ''}` : 'invalid TaskSpec'
  return `failed to create task run pod "${name}": ${why}. Maybe ${hint}`
}

function materialOf({ toMakePod }: TaskRunWorld): PodMaterial {
  if (toMakePod) return toMakePod
  throw new Error('a Pod is to be made in a pass that did not read what it is made of')
}

/** Named by its content and shared by all runs of the namespace: it has no owner, and is never changed. */
export function entrypointActions(
  run: TaskRun,
  { name, binaryData, exists, impostor }: EntrypointThere,
): readonly Action[] {
  const { namespace } = run.metadata
  if (exists && impostor === undefined) return []
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace, name, labels: ENTRYPOINT_LABELS },
    immutable: true,
    binaryData: binaryData(),
  } as const
  return [
    ...(impostor === undefined
      ? []
      : [{ do: 'delete', kind: 'ConfigMap', key: { namespace, name }, uid: impostor } as const]),
    { do: 'create', kind: 'ConfigMap', object },
  ]
}

/** By these one finds them, and those of earlier releases, in all namespaces. */
const ENTRYPOINT_LABELS = { 'app.kubernetes.io/name': 'tektite', 'app.kubernetes.io/component': 'entrypoint' }

function wantedClaims(run: TaskRun): readonly New<PersistentVolumeClaim>[] {
  return (run.spec.workspaces ?? []).flatMap(binding => (binding.volumeClaimTemplate ? [claimOf(run, binding)] : []))
}

function claimOf(run: TaskRun, { name, volumeClaimTemplate: template }: WorkspaceBinding): New<PersistentVolumeClaim> {
  const { labels, annotations } = template?.metadata ?? {}
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      namespace: run.metadata.namespace,
      name: claimName(template?.metadata?.name, name, run.metadata.uid),
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ownerReferences: [ownedBy(run)],
    },
    spec: template?.spec ?? {},
  }
}
