/** The objects that a PipelineRun makes: its children and the claims they share. Names, labels and specs are Tekton's. */
import { ON_ERROR_ANNOTATION } from '../resources/annotations.js'
import type { PersistentVolumeClaim } from '../resources/core.js'
import type { NewMeta, OwnerReference } from '../resources/meta.js'
import type {
  CustomRun,
  Param,
  PipelineRun,
  PipelineTask,
  PipelineTaskRunSpec,
  TaskRun,
  WorkspaceBinding,
} from '../resources/tekton.js'
import { MANAGED_BY_LABEL, mergePodTemplates } from '../run/defaults.js'
import { type Combination, childNames } from '../run/matrix.js'
import { CANCEL_MESSAGES, type Child } from '../run/pipeline-task-state.js'
import { runClaimName } from '../run/pipeline-workspaces.js'
import { isCustomTask } from '../run/result-references.js'
import { defaultTimeoutMs, type Settings } from '../run/settings.js'
import { childTimeout } from '../run/timeouts.js'
import { isDone } from '../status/conditions.js'
import type { Action } from './decision.js'

export type ChildKind = 'TaskRun' | 'PipelineRun' | 'CustomRun'

/** One pipeline task whose children are to be made, with everything replaced. */
export interface Start {
  readonly task: PipelineTask
  readonly isFinal: boolean
  /** Without a matrix: undefined. */
  readonly combinations: readonly Combination[] | undefined
  readonly bindings: readonly WorkspaceBinding[]
}

/** On a PipelineRun that a PipelineRun made: the Pipelines it is inside of, outermost first, parted by blanks. */
export const ANCESTORS_ANNOTATION = 'tektite.dev/ancestor-pipelines'

/** With the run's own Pipeline: a child that refers to one of them would make runs without end. */
export function ancestorPipelines(run: PipelineRun): readonly string[] {
  const outer = run.metadata.annotations?.[ANCESTORS_ANNOTATION]?.split(' ') ?? []
  return [...outer, run.spec.pipelineRef?.name ?? ''].filter(name => name !== '')
}

export function childKind(task: PipelineTask): ChildKind {
  if (isCustomTask(task)) return 'CustomRun'
  return task.pipelineRef || task.pipelineSpec ? 'PipelineRun' : 'TaskRun'
}

/** `labels` and `annotations` are the run's, with what it gains in this pass. */
export function createChildren(
  run: PipelineRun,
  start: Start,
  meta: Pick<NewMeta, 'labels' | 'annotations'>,
  settings: Settings,
): readonly Action[] {
  const { task, combinations } = start
  const names = childNames(run.metadata.name, task.name, combinations?.length ?? 1)
  return names.map((name, index) => createChild(run, start, name, combinations?.[index]?.params ?? [], meta, settings))
}

function createChild(
  run: PipelineRun,
  start: Start,
  name: string,
  combination: readonly Param[],
  meta: Pick<NewMeta, 'labels' | 'annotations'>,
  settings: Settings,
): Action {
  const { task } = start
  const own = taskRunSpecFor(run, task)
  const params = [...combination, ...(task.params ?? [])]
  const timeout = childTimeout(run, task, start.isFinal, defaultTimeoutMs(settings))
  const metadata: NewMeta = {
    name,
    namespace: run.metadata.namespace,
    labels: childLabels(run, start, own, meta.labels ?? {}, settings),
    annotations: {
      ...childAnnotations(task, own, meta.annotations ?? {}),
      ...(childKind(task) === 'PipelineRun' && { [ANCESTORS_ANNOTATION]: ancestorPipelines(run).join(' ') }),
    },
    ownerReferences: [ownerReference(run)],
  }
  const given = {
    ...(params.length > 0 && { params }),
    ...(start.bindings.length > 0 && { workspaces: start.bindings }),
  }
  const serviceAccountName =
    own.serviceAccountName || run.spec.taskRunTemplate?.serviceAccountName || settings.serviceAccount
  const kind = childKind(task)
  if (kind === 'PipelineRun') {
    const object = {
      apiVersion: 'tekton.dev/v1',
      kind,
      metadata,
      spec: {
        ...(task.pipelineRef ? { pipelineRef: task.pipelineRef } : { pipelineSpec: task.pipelineSpec ?? {} }),
        ...given,
        taskRunTemplate: { ...run.spec.taskRunTemplate, serviceAccountName },
      },
    } as const
    return { do: 'create', kind, object }
  }
  const spec = {
    ...given,
    serviceAccountName,
    ...(task.retries !== undefined && { retries: task.retries }),
    ...(timeout !== undefined && { timeout }),
  }
  if (kind === 'CustomRun') return { do: 'create', kind, object: customRun(task, metadata, spec) }
  const podTemplate = mergePodTemplates(run.spec.taskRunTemplate?.podTemplate, own.podTemplate)
  const object: Omit<TaskRun, 'metadata' | 'status'> & { readonly metadata: NewMeta } = {
    apiVersion: 'tekton.dev/v1',
    kind,
    metadata,
    spec: {
      ...(task.taskRef ? { taskRef: task.taskRef } : { taskSpec: inlineSpec(task) }),
      ...spec,
      ...(podTemplate && { podTemplate }),
      ...(own.stepSpecs && { stepSpecs: own.stepSpecs }),
      ...(own.sidecarSpecs && { sidecarSpecs: own.sidecarSpecs }),
      ...(own.computeResources && { computeResources: own.computeResources }),
    },
  }
  return { do: 'create', kind, object }
}

/** Several entries for one task: the last one wins, field by field. */
function taskRunSpecFor(run: PipelineRun, task: PipelineTask): Partial<PipelineTaskRunSpec> {
  const own = (run.spec.taskRunSpecs ?? []).filter(spec => spec.pipelineTaskName === task.name)
  return Object.assign({}, ...own) as Partial<PipelineTaskRunSpec>
}

function inlineSpec(task: PipelineTask): NonNullable<TaskRun['spec']['taskSpec']> {
  const { metadata, apiVersion, kind, spec, steps, ...rest } = task.taskSpec ?? {}
  return { ...rest, steps: steps ?? [] }
}

function customRun(
  task: PipelineTask,
  metadata: NewMeta,
  spec: Readonly<Record<string, unknown>>,
): Omit<CustomRun, 'metadata' | 'status'> & { readonly metadata: NewMeta } {
  const { apiVersion, kind, metadata: own, spec: raw } = task.taskSpec ?? {}
  const what = task.taskRef
    ? { customRef: task.taskRef }
    : // Handed over verbatim: what is in it is the custom controller's language.
      { customSpec: { apiVersion, kind, ...(own && { metadata: own }), spec: raw } }
  return { apiVersion: 'tekton.dev/v1beta1', kind: 'CustomRun', metadata, spec: { ...what, ...spec } }
}

/** `taskRunSpecs` over the PipelineRun's own over the inline task's; what says whose child it is, over all. */
function childLabels(
  run: PipelineRun,
  { task, isFinal }: Start,
  own: Partial<PipelineTaskRunSpec>,
  inherited: Readonly<Record<string, string>>,
  settings: Settings,
): Readonly<Record<string, string>> {
  return {
    [MANAGED_BY_LABEL]: settings.managedByLabelValue,
    ...task.taskSpec?.metadata?.labels,
    ...inherited,
    ...own.metadata?.labels,
    'tekton.dev/pipelineRun': run.metadata.name,
    'tekton.dev/pipelineRunUID': run.metadata.uid,
    'tekton.dev/pipelineTask': task.name,
    'tekton.dev/memberOf': isFinal ? 'finally' : 'tasks',
  }
}

function childAnnotations(
  task: PipelineTask,
  own: Partial<PipelineTaskRunSpec>,
  inherited: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  // kubectl's copy of the PipelineRun would make `kubectl apply` compare a TaskRun with a PipelineRun.
  const kept = Object.entries(inherited).filter(
    ([key]) => !key.startsWith('chains.tekton.dev/') && key !== 'kubectl.kubernetes.io/last-applied-configuration',
  )
  return {
    ...task.taskSpec?.metadata?.annotations,
    ...Object.fromEntries(kept),
    ...own.metadata?.annotations,
    ...(task.onError === 'continue' && { [ON_ERROR_ANNOTATION]: 'continue' }),
  }
}

function ownerReference(run: PipelineRun): OwnerReference {
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    name: run.metadata.name,
    uid: run.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  }
}

/** The claims of `volumeClaimTemplate`: one for the whole run, gone with it. */
export function createClaims(run: PipelineRun, bindings: readonly WorkspaceBinding[]): readonly Action[] {
  return bindings.flatMap((binding): readonly Action[] => {
    const template = binding.volumeClaimTemplate
    if (template === undefined) return []
    const { labels, annotations } = template.metadata ?? {}
    const object: Omit<PersistentVolumeClaim, 'metadata' | 'status'> & { readonly metadata: NewMeta } = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        name: runClaimName(run, binding),
        namespace: run.metadata.namespace,
        ...(labels && { labels }),
        ...(annotations && { annotations }),
        ownerReferences: [ownerReference(run)],
      },
      spec: template.spec,
    }
    return [{ do: 'create', kind: 'PersistentVolumeClaim', object }]
  })
}

/** Those that are not done and have not been told yet. */
export function cancelChildren(
  children: readonly Child[],
  why: keyof typeof CANCEL_MESSAGES,
): readonly Extract<Action, { do: 'cancel' }>[] {
  return children
    .filter(child => !isDone(child) && !isTold(child))
    .map(child => ({
      do: 'cancel',
      kind: child.kind as ChildKind,
      key: { namespace: child.metadata.namespace, name: child.metadata.name },
      uid: child.metadata.uid,
      message: CANCEL_MESSAGES[why](child.kind),
    }))
}

function isTold(child: Child): boolean {
  const told = { TaskRun: 'TaskRunCancelled', CustomRun: 'RunCancelled', PipelineRun: 'Cancelled' } as const
  return child.spec['status'] === told[child.kind as ChildKind]
}
