/** The objects that a PipelineRun makes: its children and the claims they share. Names, labels and specs are Tekton's. */
import {
  FROM_FAILED_ANNOTATION,
  FROM_FAILED_CLAIMS_ANNOTATION,
  GIT_STATUS_ANNOTATIONS,
  INHERIT_FROM_ANNOTATION,
  INHERITED_FROM_ANNOTATION,
  NOT_INHERITED_ANNOTATION,
  ON_ERROR_ANNOTATION,
  RERUN_OF_ANNOTATION,
  RERUN_OF_UID_ANNOTATION,
  STATUS_MESSAGE_ANNOTATION,
} from '../../resources/annotations.js'
import type { NewMeta, OwnerReference } from '../../resources/meta.js'
import type {
  CustomRun,
  Param,
  PipelineRun,
  PipelineTask,
  PipelineTaskRunSpec,
  PodTemplate,
  TaskRun,
  WorkspaceBinding,
} from '../../resources/tekton.js'
import { mergePodTemplates } from '../../run/defaults.js'
import { type Combination, childNames } from '../../run/matrix.js'
import { CANCEL_MESSAGES, type Child } from '../../run/pipeline-task-state.js'
import { isCustomTask } from '../../run/result-references.js'
import { defaultTimeoutMs, type Settings } from '../../run/settings.js'
import { childTimeout } from '../../run/timeouts.js'
import { isDone } from '../../status/conditions.js'
import { handedOn, SPAN_ANNOTATIONS } from '../../status/span-context.js'
import type { Action } from '../decision.js'
import { withoutReport } from '../report-due.js'
import type { Origin } from '../resolved.js'
import { metadataAtCreation } from '../task-run/task-metadata.js'
import { ANCESTORS_ANNOTATION, ancestorsAnnotation } from './ancestors.js'
import { labelValue, PIPELINE_LABEL } from './pipeline-metadata.js'

export type ChildKind = 'TaskRun' | 'PipelineRun' | 'CustomRun'

/** One pipeline task whose children are to be made, with everything replaced. */
export interface Start {
  readonly task: PipelineTask
  readonly isFinal: boolean
  /** Without a matrix: undefined. */
  readonly combinations: readonly Combination[] | undefined
  readonly bindings: readonly WorkspaceBinding[]
  /** The Task that it refers to, where that is known. */
  readonly from?: Origin | undefined
  /** The earlier run that it may take its outcome over from. */
  readonly earlierRun?: string | undefined
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
  const count = combinations?.length ?? 1
  const earlier = start.earlierRun === undefined ? [] : childNames(start.earlierRun, task.name, count)
  return childNames(run.metadata.name, task.name, count).map((name, index) =>
    createChild(run, start, { name, earlier: earlier[index] }, combinations?.[index]?.params ?? [], meta, settings),
  )
}

function createChild(
  run: PipelineRun,
  start: Start,
  { name, earlier }: { readonly name: string; readonly earlier: string | undefined },
  combination: readonly Param[],
  meta: Pick<NewMeta, 'labels' | 'annotations'>,
  settings: Settings,
): Action {
  const { task, isFinal } = start
  const kind = childKind(task)
  const own = taskRunSpecFor(run, task)
  const params = [...combination, ...(task.params ?? [])]
  const defaultMs = defaultTimeoutMs(settings)
  const metadata: NewMeta = { name, namespace: run.metadata.namespace, ownerReferences: [ownerReference(run)] }
  const identity = identityLabels(run, start)
  const labels = { ...withoutReport(meta.labels), ...identity }
  const annotations = inheritedAnnotations(meta.annotations ?? {})
  const timeout = childTimeout(run, task, isFinal, defaultMs)
  // Where another engine works on the same cluster, it must not take the child of a run that is not its own.
  const managed = settings.managedBy === undefined ? {} : { managedBy: settings.managedBy }
  const given = {
    ...(params.length > 0 && { params }),
    ...(start.bindings.length > 0 && { workspaces: start.bindings }),
  }
  if (kind === 'PipelineRun') {
    const object = {
      apiVersion: 'tekton.dev/v1',
      kind,
      metadata: {
        ...metadata,
        labels: { ...labels, ...(task.pipelineRef?.name && { [PIPELINE_LABEL]: labelValue(task.pipelineRef.name) }) },
        annotations: {
          ...annotations,
          [ANCESTORS_ANNOTATION]: ancestorsAnnotation(run),
          ...(earlier !== undefined && { [FROM_FAILED_ANNOTATION]: earlier }),
        },
      },
      spec: {
        ...(task.pipelineRef ? { pipelineRef: task.pipelineRef } : { pipelineSpec: task.pipelineSpec ?? {} }),
        ...given,
        ...(timeout !== undefined && { timeouts: { pipeline: timeout } }),
        ...(run.spec.taskRunTemplate && { taskRunTemplate: run.spec.taskRunTemplate }),
        ...managed,
      },
    } as const
    return { do: 'create', kind, object }
  }
  const spec = {
    ...given,
    serviceAccountName:
      own.serviceAccountName || run.spec.taskRunTemplate?.serviceAccountName || settings.serviceAccount,
    ...(task.retries !== undefined && { retries: task.retries }),
    ...(timeout !== undefined && { timeout }),
  }
  if (kind === 'CustomRun') {
    return { do: 'create', kind, object: customRun(task, { ...metadata, labels, annotations }, spec) }
  }
  const podTemplate = mergePodTemplates(run.spec.taskRunTemplate?.podTemplate, own.podTemplate)
  // The TaskRun would get it in its first pass: said now, it is one write less.
  const ofTask = metadataAtCreation(start.from, settings)
  const object: Omit<TaskRun, 'metadata' | 'status'> & { readonly metadata: NewMeta } = {
    apiVersion: 'tekton.dev/v1',
    kind,
    metadata: {
      ...metadata,
      // `taskRunSpecs` over the PipelineRun's own over the inline task's; what says whose child it is, over all.
      labels: {
        ...ofTask.labels,
        ...task.taskSpec?.metadata?.labels,
        ...withoutReport(meta.labels),
        ...own.metadata?.labels,
        ...identity,
      },
      annotations: {
        ...ofTask.annotations,
        ...taskRunAnnotations(run, task, own, annotations),
        ...(earlier !== undefined && { [INHERIT_FROM_ANNOTATION]: earlier }),
      },
    },
    spec: {
      ...(task.taskRef ? { taskRef: task.taskRef } : { taskSpec: inlineSpec(task) }),
      ...spec,
      ...managed,
      ...(podTemplate && { podTemplate }),
      ...(own.stepSpecs && { stepSpecs: own.stepSpecs }),
      ...(own.sidecarSpecs && { sidecarSpecs: own.sidecarSpecs }),
      ...(own.computeResources && { computeResources: own.computeResources }),
    },
  }
  return { do: 'create', kind, object }
}

/** Of several entries for one task the last one counts; account and Pod template add up, as in Tekton. */
function taskRunSpecFor(run: PipelineRun, task: PipelineTask): Partial<PipelineTaskRunSpec> {
  const all = (run.spec.taskRunSpecs ?? []).filter(spec => spec.pipelineTaskName === task.name)
  const serviceAccountName = all.findLast(spec => spec.serviceAccountName)?.serviceAccountName
  const podTemplate = all.reduce<PodTemplate | undefined>(
    (merged, spec) => mergePodTemplates(merged, spec.podTemplate),
    undefined,
  )
  return { ...all.at(-1), ...(serviceAccountName && { serviceAccountName }), ...(podTemplate && { podTemplate }) }
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

function identityLabels(run: PipelineRun, { task, isFinal }: Start): Readonly<Record<string, string>> {
  return {
    'tekton.dev/pipelineRun': run.metadata.name,
    'tekton.dev/pipelineRunUID': run.metadata.uid,
    'tekton.dev/pipelineTask': task.name,
    'tekton.dev/memberOf': isFinal ? 'finally' : 'tasks',
  }
}

function inheritedAnnotations(inherited: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(inherited).filter(([key]) => !isOwn(key)))
}

const OWN: ReadonlySet<string> = new Set([
  ANCESTORS_ANNOTATION,
  STATUS_MESSAGE_ANNOTATION,
  FROM_FAILED_ANNOTATION,
  FROM_FAILED_CLAIMS_ANNOTATION,
  RERUN_OF_ANNOTATION,
  RERUN_OF_UID_ANNOTATION,
  INHERIT_FROM_ANNOTATION,
  INHERITED_FROM_ANNOTATION,
  NOT_INHERITED_ANNOTATION,
  'kubectl.kubernetes.io/last-applied-configuration',
  ...Object.values(GIT_STATUS_ANNOTATIONS),
])

/** What is about the PipelineRun alone: signatures, most of our own words, and kubectl's copy, which would make `kubectl apply` compare a TaskRun with a PipelineRun. */
function isOwn(key: string): boolean {
  return key.startsWith('chains.tekton.dev/') || OWN.has(key)
}

function taskRunAnnotations(
  run: PipelineRun,
  task: PipelineTask,
  own: Partial<PipelineTaskRunSpec>,
  inherited: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const span = handedOn(run.status?.spanContext)
  return {
    ...task.taskSpec?.metadata?.annotations,
    ...inherited,
    ...own.metadata?.annotations,
    ...(span !== undefined && { [SPAN_ANNOTATIONS.TaskRun]: span }),
    ...(task.onError === 'continue' && { [ON_ERROR_ANNOTATION]: 'continue' }),
  }
}

export function ownerReference(run: PipelineRun): OwnerReference {
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    name: run.metadata.name,
    uid: run.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  }
}

/** Those that are not done and have not been told yet. A nested pipeline may be let clean up behind itself. */
export function cancelChildren(
  children: readonly Child[],
  why: keyof typeof CANCEL_MESSAGES,
  nested: 'Cancelled' | 'CancelledRunFinally' = 'Cancelled',
): readonly Extract<Action, { do: 'cancel' }>[] {
  const words = { TaskRun: 'TaskRunCancelled', CustomRun: 'RunCancelled', PipelineRun: nested } as const
  return children.flatMap(child => {
    const kind = child.kind as ChildKind
    const told = child.spec['status' as keyof typeof child.spec]
    if (isDone(child) || told === words[kind] || told === 'Cancelled') return []
    const key = { namespace: child.metadata.namespace, name: child.metadata.name }
    const message = CANCEL_MESSAGES[why](kind)
    return [{ do: 'cancel', kind, key, uid: child.metadata.uid, status: words[kind], message }]
  })
}
