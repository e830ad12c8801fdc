/** The same run once more, as a new object: what it asked for, without what happened to it. */
import {
  FROM_FAILED_ANNOTATION,
  FROM_FAILED_CLAIMS_ANNOTATION,
  GIT_REPORT_LABEL,
  RERUN_OF_ANNOTATION,
  RERUN_OF_UID_ANNOTATION,
} from '../resources/annotations.js'
import type { New, NewMeta } from '../resources/meta.js'
import { SCHEDULE_UID_LABEL } from '../resources/schedules.js'
import type { Param, PipelineRun, TaskRun } from '../resources/tekton.js'
import { isDone, succeededCondition } from '../status/conditions.js'
import { runClaimName } from './pipeline-workspaces.js'

export interface RerunOptions {
  /** Take over what succeeded: of a PipelineRun. */
  readonly fromFailed?: boolean
  /** Instead of those of the same name. */
  readonly params?: readonly Param[]
  /** Which of `claimsOf` are still there: a run from a failed one goes on with them. */
  readonly claims?: ReadonlySet<string>
}

/** Why this cannot be asked of it, with the way out. */
export function rerunProblem(run: PipelineRun | TaskRun, { fromFailed }: RerunOptions): string | undefined {
  if (!fromFailed) return undefined
  const { kind, metadata } = run
  const what = `${kind} "${metadata.name}"`
  if (kind === 'TaskRun') return `${what} is one task: there is nothing of it to take over. Rerun it whole`
  if (!isDone(run)) return `${what} is not done: wait for it, or cancel it, and then rerun it from what failed`
  if (succeededCondition(run)?.status === 'True') return `${what} succeeded: nothing of it failed. Rerun it whole`
  return undefined
}

/** Names of the claims that its `volumeClaimTemplate`s made. */
export function claimsOf(run: PipelineRun | TaskRun): readonly string[] {
  if (run.kind === 'TaskRun') return []
  return templates(run).map(binding => runClaimName(run, binding))
}

export function rerunOf(run: PipelineRun | TaskRun, options: RerunOptions = {}): New<PipelineRun> | New<TaskRun> {
  const { apiVersion } = run
  const metadata = metadataOf(run, options)
  // Two branches, since a type cannot say that the spec stays one of its kind.
  if (run.kind === 'TaskRun') {
    const { status: _, statusMessage: __, ...spec } = run.spec
    return { apiVersion, kind: run.kind, metadata, spec: withParams(spec, options) }
  }
  const { status: _, ...spec } = run.spec
  return { apiVersion, kind: run.kind, metadata, spec: withParams(spec, options) }
}

function withParams<Spec extends { readonly params?: readonly Param[] }>(
  spec: Spec,
  { params = [] }: RerunOptions,
): Spec {
  if (params.length === 0) return spec
  const given = new Set(params.map(param => param.name))
  return { ...spec, params: [...(spec.params ?? []).filter(param => !given.has(param.name)), ...params] }
}

function metadataOf(run: PipelineRun | TaskRun, options: RerunOptions): NewMeta {
  const { metadata } = run
  const labels = kept(metadata.labels, isOfOneRun)
  const annotations = {
    ...kept(metadata.annotations, isOfOneRun),
    [RERUN_OF_ANNOTATION]: metadata.name,
    [RERUN_OF_UID_ANNOTATION]: metadata.uid,
    ...(options.fromFailed && { [FROM_FAILED_ANNOTATION]: metadata.name }),
    ...(options.fromFailed && run.kind === 'PipelineRun' && goingOn(run, options)),
  }
  return {
    namespace: metadata.namespace,
    generateName: metadata.generateName ?? `${metadata.name.replace(/-r-[a-z0-9]{5}$/, '')}-r-`,
    ...(Object.keys(labels).length > 0 && { labels }),
    annotations,
  }
}

function goingOn(run: PipelineRun, { claims = new Set() }: RerunOptions): Readonly<Record<string, string>> {
  const pairs = templates(run).flatMap(binding => {
    const claim = runClaimName(run, binding)
    return claims.has(claim) ? [`${binding.name}=${claim}`] : []
  })
  return pairs.length === 0 ? {} : { [FROM_FAILED_CLAIMS_ANNOTATION]: pairs.join(',') }
}

function templates(run: PipelineRun) {
  return (run.spec.workspaces ?? []).filter(binding => binding.volumeClaimTemplate !== undefined)
}

function kept(
  from: Readonly<Record<string, string>> | undefined,
  isLeftOut: (key: string) => boolean,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(from ?? {}).filter(([key]) => !isLeftOut(key)))
}

/** What says whose child a run is, and what controllers wrote down about it. What it was asked with stays: how it is retried, or which git host is told. */
const OF_ONE_RUN: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'tekton.dev/pipelineRun',
  'tekton.dev/pipelineRunUID',
  'tekton.dev/pipelineTask',
  'tekton.dev/memberOf',
  'tekton.dev/pipelinerunSpanContext',
  'tekton.dev/taskrunSpanContext',
  'tektite.dev/ancestor-pipelines',
  'tektite.dev/status-message',
  'tektite.dev/failure-class',
  'tektite.dev/from-failed',
  'tektite.dev/from-failed-claims',
  'tektite.dev/inherit-from',
  'tektite.dev/inherited-from',
  'tektite.dev/not-inherited',
  GIT_REPORT_LABEL,
  // The schedule must neither wait for it nor stop it.
  SCHEDULE_UID_LABEL,
])

function isOfOneRun(key: string): boolean {
  return OF_ONE_RUN.has(key) || key.startsWith('chains.tekton.dev/') || key.startsWith('results.tekton.dev/')
}
