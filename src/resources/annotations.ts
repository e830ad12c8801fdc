/** Annotations that more than one folder knows. Those under `tektite.dev/` are ours, and mean nothing to a real Tekton. */

/** On a PersistentVolumeClaim of a throw-away engine: the folder of this machine that it stands for. */
export const HOST_PATH_ANNOTATION = 'tektite.dev/host-path'

/** On a TaskRun: its pipeline task has `onError: continue`. */
export const ON_ERROR_ANNOTATION = 'pipeline.tekton.dev/pipeline-task-on-error'

/** On a nested PipelineRun that was cancelled from outside: why, as `spec.statusMessage` says it of a TaskRun. */
export const STATUS_MESSAGE_ANNOTATION = 'tektite.dev/status-message'

/** On a Pod: HOME of its containers where their image does not say. A kubelet without images would use its user's own. */
export const HOME_ANNOTATION = 'tektite.dev/home'

/** On a run or a Task, and so on its Pods: `false` leaves Secrets readable in logs. */
export const MASK_SECRETS_ANNOTATION = 'tektite.dev/mask-secrets'

/** On a PipelineRun, as Tekton: `true` has the claims of its templates deleted when it is done. */
export const AUTO_CLEANUP_ANNOTATION = 'tekton.dev/auto-cleanup-pvc'
/** On a PersistentVolumeClaim, by the scheduler: the node that its volume was made for. */
export const SELECTED_NODE_ANNOTATION = 'volume.kubernetes.io/selected-node'

/** On a Pod: containers that were asked to stop, with commas between. Ours to write. */
export const STOPPED_SIDECARS_ANNOTATION = 'tektite.dev/stopped-sidecars'

/** On TaskRuns and Pods: the build of the controller that made them what they are. */
export const RELEASE_ANNOTATION = 'pipeline.tekton.dev/release'
/** What it says: no release of Tekton's. */
export const RELEASE = 'unknown'

/** On a Pod: its first step may begin, as its sidecars are ready. */
export const READY_ANNOTATION = 'tekton.dev/ready'

/** On a TaskRun that failed: whose fault it was, one of the failure classes (docs/failures.md). */
export const FAILURE_CLASS_ANNOTATION = 'tektite.dev/failure-class'

/** On a run: which git host is told how it fares, and on what commit (docs/git-status.md). */
export const GIT_STATUS_ANNOTATIONS = {
  /** One of the kinds of git host; '' for none. */
  status: 'tektite.dev/git-status',
  repository: 'tektite.dev/git-repository',
  sha: 'tektite.dev/git-sha',
  secret: 'tektite.dev/git-token-secret',
  key: 'tektite.dev/git-token-key',
  context: 'tektite.dev/git-context',
  url: 'tektite.dev/git-target-url',
  logLines: 'tektite.dev/git-log-lines',
} as const

/** On a Secret: whose its token is. */
export const GIT_HOST_ANNOTATION = 'tektite.dev/git-host'
export const GIT_API_ANNOTATION = 'tektite.dev/git-api-url'

/** A label of runs with a git status: how far telling of it has come. Ours to write. */
export const GIT_REPORT_LABEL = 'tektite.dev/git-report'
export const GIT_REPORT = {
  /** The end of the run is still to be told. */
  due: 'due',
  /** The host knows the end. */
  sent: 'sent',
  /** The host, or we, said no; an Event says why. */
  refused: 'refused',
  /** A newer run tells of the same commit. */
  superseded: 'superseded',
} as const

/** On a PipelineRun: the earlier run whose succeeded tasks it takes over (docs/rerun.md). */
export const FROM_FAILED_ANNOTATION = 'tektite.dev/from-failed'
/** Beside it: `ignore` takes tasks over although what they wrote into a workspace may be gone. */
export const FROM_FAILED_WORKSPACES_ANNOTATION = 'tektite.dev/from-failed-workspaces'
/** Beside it: claims of the earlier run that take the place of those of `volumeClaimTemplate`: `workspace=claim`, with commas between. */
export const FROM_FAILED_CLAIMS_ANNOTATION = 'tektite.dev/from-failed-claims'
/** On a run that was made from an earlier one: that one's name, and its uid. */
export const RERUN_OF_ANNOTATION = 'tektite.dev/rerun-of'
export const RERUN_OF_UID_ANNOTATION = 'tektite.dev/rerun-of-uid'
/** On a TaskRun: the one of the earlier run whose outcome it is to take over, if it is the same. Ours to write. */
export const INHERIT_FROM_ANNOTATION = 'tektite.dev/inherit-from'
/** On a TaskRun: the one whose outcome it took over, without a Pod of its own; on a nested PipelineRun: all of it was. Ours to write. */
export const INHERITED_FROM_ANNOTATION = 'tektite.dev/inherited-from'
/** On a TaskRun: why it ran although it could have taken over an outcome. Ours to write. */
export const NOT_INHERITED_ANNOTATION = 'tektite.dev/not-inherited'

/** On a run: `true` keeps its objects, whatever else is said (docs/retention.md). */
export const KEEP_ANNOTATION = 'tektite.dev/keep'
/** On a run, in an engine that somebody sits before: `true` has each step that fails wait, as `debug.breakpoints.onFailure` does. */
export const DEBUG_ON_FAILURE_ANNOTATION = 'tektite.dev/debug-on-failure'
