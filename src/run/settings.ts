import type { PodTemplate, WorkspaceBinding } from '../resources/tekton.js'

/** What an installation sets for all runs: the part of Tekton's `config-defaults` and `feature-flags` that something here reads. */
export interface Settings {
  /** 0 means no timeout. */
  readonly timeoutMinutes: number
  readonly serviceAccount: string
  readonly managedByLabelValue: string
  readonly podTemplate: PodTemplate | undefined
  /** Put on references with neither name nor resolver; '' for none. */
  readonly resolverType: string
  readonly maxMatrixCombinations: number
  /** Names that a podTemplate's env may not set. */
  readonly forbiddenEnv: readonly string[]
  /** Used for every required workspace that a TaskRun leaves unbound. */
  readonly taskRunWorkspaceBinding: Omit<WorkspaceBinding, 'name'> | undefined
  /** `workspaces` refuses two claims in one TaskRun as Tekton's default does; a single machine has no such limit. */
  readonly coschedule: 'workspaces' | 'disabled'
}

/** Tekton's own defaults, but for `coschedule`. */
export const DEFAULT_SETTINGS: Settings = {
  timeoutMinutes: 60,
  serviceAccount: 'default',
  managedByLabelValue: 'tekton-pipelines',
  podTemplate: undefined,
  resolverType: '',
  maxMatrixCombinations: 256,
  forbiddenEnv: [],
  taskRunWorkspaceBinding: undefined,
  coschedule: 'disabled',
}

export function defaultTimeoutMs(settings: Settings): number {
  return settings.timeoutMinutes * 60_000
}
