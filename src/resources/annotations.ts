/** Annotations that more than one folder knows. Those under `tektite.dev/` are ours, and mean nothing to a real Tekton. */

/** On a PersistentVolumeClaim of a throw-away engine: the folder of this machine that it stands for. */
export const HOST_PATH_ANNOTATION = 'tektite.dev/host-path'

/** On a TaskRun: its pipeline task has `onError: continue`. */
export const ON_ERROR_ANNOTATION = 'pipeline.tekton.dev/pipeline-task-on-error'

/** On a nested PipelineRun that was cancelled from outside: why, as `spec.statusMessage` says it of a TaskRun. */
export const STATUS_MESSAGE_ANNOTATION = 'tektite.dev/status-message'

/** On a Pod: HOME of its containers where their image does not say. A kubelet without images would use its user's own. */
export const HOME_ANNOTATION = 'tektite.dev/home'

/** On TaskRuns and Pods: the build of the controller that made them what they are. */
export const RELEASE_ANNOTATION = 'pipeline.tekton.dev/release'
/** What it says: no release of Tekton's. */
export const RELEASE = 'unknown'
