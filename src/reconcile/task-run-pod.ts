/** What a TaskRun's Pod needs to exist, in the order it is made. */
import { buildPod, ownedBy } from '../pod/build-pod.js'
import { credentialsOf } from '../pod/credentials.js'
import { ENTRYPOINT_KEY } from '../pod/volumes.js'
import { RELEASE, RELEASE_ANNOTATION } from '../resources/annotations.js'
import type { PersistentVolumeClaim } from '../resources/core.js'
import type { New } from '../resources/meta.js'
import type { TaskRun, TaskSpec, WorkspaceBinding } from '../resources/tekton.js'
import { MANAGED_BY_LABEL } from '../run/defaults.js'
import { claimName } from '../run/names.js'
import { boundWorkspaces } from '../run/prepare-task.js'
import { taskParams } from '../run/task-variables.js'
import type { EvaluateCel } from '../run/when.js'
import type { Action, Decision, PodMaterial, TaskRunWorld } from './decision.js'
import { withoutReport } from './report-due.js'

export interface Meta {
  /** As they will be once `added` is. */
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** What the run lacks; empty when it lacks nothing, so that nothing is written. */
  readonly added: Pick<Decision<unknown>, 'labels' | 'annotations'>
}

export type PodActions =
  | { readonly is: 'made'; readonly actions: readonly Action[] }
  /** What the author has to change. */
  | { readonly is: 'wrong'; readonly message: string }
  /** What is missing in the cluster. */
  | { readonly is: 'impossible'; readonly message: string }

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
  const { claims, serviceAccountExists, secrets, limitRanges, entrypoint } = materialOf(world)
  const account = run.spec.serviceAccountName || settings.serviceAccount
  if (!serviceAccountExists && !settings.flags.disableCredsInit) {
    return { is: 'impossible', message: `translating TaskSpec to Pod: serviceaccounts "${account}" not found` }
  }
  const credentials = credentialsOf(secrets, settings.flags)
  if (typeof credentials === 'string') return { is: 'wrong', message: credentials }
  const built = buildPod({
    run,
    labels: meta.labels,
    annotations: meta.annotations,
    task,
    workspaces: boundWorkspaces(run, task),
    known: taskParams(run, task.params ?? []),
    attempt,
    timeoutMs,
    serviceAccountName: account,
    settings,
    credentials,
    limitRanges,
    entrypoint: entrypoint.name,
    evaluateCel,
  })
  if (built.is === 'wrong') return built
  const needs: Action[] = []
  if (!entrypoint.exists) needs.push(createEntrypoint(run, entrypoint))
  for (const claim of wantedClaims(run)) {
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
function createEntrypoint(run: TaskRun, { name, binary }: PodMaterial['entrypoint']): Action {
  return {
    do: 'create',
    kind: 'ConfigMap',
    object: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: run.metadata.namespace, name },
      immutable: true,
      binaryData: { [ENTRYPOINT_KEY]: binary() },
    },
  }
}

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

/** Labels and annotations of the Task, under the run's own. */
export function inheritedMeta(run: TaskRun, { task, settings }: Pick<TaskRunWorld, 'task' | 'settings'>): Meta {
  const from = task.is === 'found' ? task.from : undefined
  const own = { labels: run.metadata.labels ?? {}, annotations: run.metadata.annotations ?? {} }
  const inherited = {
    labels: {
      [MANAGED_BY_LABEL]: settings.managedByLabelValue,
      ...from?.labels,
      ...(from && { 'tekton.dev/task': from.name }),
    },
    annotations: {
      ...Object.fromEntries(
        Object.entries(from?.annotations ?? {}).filter(
          ([key]) =>
            key !== 'kubectl.kubernetes.io/last-applied-configuration' && !key.startsWith('chains.tekton.dev/'),
        ),
      ),
      // Of Tekton's controller. What was built without knowing its version says so too.
      [RELEASE_ANNOTATION]: RELEASE,
    },
  }
  const labels = lacking(inherited.labels, own.labels)
  const annotations = lacking(inherited.annotations, own.annotations)
  return {
    labels: { ...inherited.labels, ...withoutReport(own.labels) },
    annotations: { ...inherited.annotations, ...own.annotations },
    added: { ...(labels && { labels }), ...(annotations && { annotations }) },
  }
}

function lacking(
  inherited: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> | undefined {
  const missing = Object.entries(inherited).filter(([key]) => !Object.hasOwn(own, key))
  return missing.length > 0 ? Object.fromEntries(missing) : undefined
}
