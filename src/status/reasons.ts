/**
 * Every reason we write into a condition. They are Tekton's words: no synonym for one that exists, no retired one.
 * `docs/errors.md` is checked against this table.
 */

export const TASK_RUN_REASONS = {
  /** Unknown: seen for the first time, the clock runs. */
  Started: 'Started',
  /** Unknown: the Pod waits for a node, an image, a volume. */
  Pending: 'Pending',
  /** Unknown: at least one step's container has started. */
  Running: 'Running',
  /** True: every step ended well, or was allowed to fail. */
  Succeeded: 'Succeeded',
  /** False: the Pod failed and no more exact reason is known. */
  Failed: 'Failed',
  /** False: a step exited with a code other than 0. */
  StepFailed: 'StepFailed',
  /** False: a step was killed for using more memory than its limit. */
  StepOOM: 'StepOOM',
  /** False: the Pod failed and a sidecar exited with a code other than 0. */
  SidecarFailed: 'SidecarFailed',
  /** False: the Pod failed and a sidecar was killed for using more memory than its limit. */
  SidecarOOM: 'SidecarOOM',
  /** False: an init container exited with a code other than 0. */
  InitContainerFailed: 'InitContainerFailed',
  /** False: an init container was killed for using more memory than its limit. */
  InitContainerOOM: 'InitContainerOOM',
  /** False: the node evicted the Pod. */
  PodEvicted: 'PodEvicted',
  /** False: the Pod execution failed, in a pipeline task with `onError: continue`. */
  FailureIgnored: 'FailureIgnored',
  /** Unknown: an attempt failed and another one follows. */
  ToBeRetried: 'ToBeRetried',
  /** Unknown: `spec.status: TaskRunPending`, not started yet. */
  TaskRunPending: 'TaskRunPending',
  /** False: `spec.status: TaskRunCancelled`. */
  TaskRunCancelled: 'TaskRunCancelled',
  /** False: an attempt ran longer than `spec.timeout`. */
  TaskRunTimeout: 'TaskRunTimeout',
  /** False: an image could not be pulled, or its name is none. */
  TaskRunImagePullFailed: 'TaskRunImagePullFailed',
  /** Unknown: an image could not be pulled yet and is tried again. */
  PullImageFailed: 'PullImageFailed',
  /** False: a container refers to a ConfigMap, Secret or key that is missing. */
  CreateContainerConfigError: 'CreateContainerConfigError',
  /** False: the Pod or one of its containers could not be made. */
  PodCreationFailed: 'PodCreationFailed',
  /** False: the kubelet or an admission plug-in refused the Pod. */
  PodAdmissionFailed: 'PodAdmissionFailed',
  /** Unknown: a quota of the namespace is used up, and the Pod is tried again. */
  ExceededResourceQuota: 'ExceededResourceQuota',
  /** Unknown: no node has room for the Pod now. */
  ExceededNodeResources: 'ExceededNodeResources',
  /** False: params, workspaces, resources or results do not fit the Task. */
  TaskRunValidationFailed: 'TaskRunValidationFailed',
  /** False: with `results-from: sidecar-logs`, a result is larger than `max-result-size`. */
  TaskRunResultLargerThanAllowedLimit: 'TaskRunResultLargerThanAllowedLimit',
  /** False: the Task or a StepAction does not exist or cannot be used. */
  TaskRunResolutionFailed: 'TaskRunResolutionFailed',
  /** False: a fetched Task or StepAction would be refused if it were created here. */
  TaskValidationFailed: 'TaskValidationFailed',
  /** Unknown: the Task is being fetched. */
  ResolvingTaskRef: 'ResolvingTaskRef',
  /** Unknown: a StepAction is being fetched. */
  ResolvingStepActionRef: 'ResolvingStepActionRef',
  /** False: a param's value is not one of its `enum`. */
  InvalidParamValue: 'InvalidParamValue',
  /** False: a claim of a `volumeClaimTemplate` could not be made. */
  CouldntCreateWorkspacePVC: 'CouldntCreateWorkspacePVC',
} as const

export type TaskRunReason = keyof typeof TASK_RUN_REASONS

/** Why a step ended, in `status.steps[].terminationReason`; the runtime's own words (`Completed`, `Error`, `OOMKilled`) pass through. */
export const TERMINATION_REASONS = {
  /** Exited with 0. */
  Completed: 'Completed',
  /** Exited with another code. */
  Error: 'Error',
  /** Killed by the kernel for its memory. */
  OOMKilled: 'OOMKilled',
  /** Exited with another code, and `onError: continue` allows it. */
  Continued: 'Continued',
  /** Not run: an earlier step failed, or its `when` does not hold. */
  Skipped: 'Skipped',
  /** Ran longer than the step's `timeout`. */
  TimeoutExceeded: 'TimeoutExceeded',
  /** Ended by the Pod's cancel annotation. */
  Cancelled: 'Cancelled',
} as const

/** Put before a message whose cause is the author's to repair. */
export const USER_ERROR = '[User error] '

export const PIPELINE_RUN_REASONS = {
  /** Unknown: seen for the first time, the clock runs. */
  Started: 'Started',
  /** Unknown: some tasks are not done. */
  Running: 'Running',
  /** True: every task ran and ended well, or was allowed to fail. */
  Succeeded: 'Succeeded',
  /** True: nothing failed, but some tasks were skipped. */
  Completed: 'Completed',
  /** False: a task failed, or did not come to run in time. */
  Failed: 'Failed',
  /** False: cancelled or stopped by `spec.status`, or a task was cancelled. */
  Cancelled: 'Cancelled',
  /** False: `timeouts.pipeline` or `timeouts.tasks` ran out. */
  PipelineRunTimeout: 'PipelineRunTimeout',
  /** Unknown: `spec.status: PipelineRunPending`, not started yet. */
  PipelineRunPending: 'PipelineRunPending',
  /** Unknown: a task failed or was cancelled, the running ones end, no new ones begin. */
  PipelineRunStopping: 'PipelineRunStopping',
  /** Unknown: `CancelledRunFinally`, the rest of the tasks end and the finally tasks run. */
  CancelledRunningFinally: 'CancelledRunningFinally',
  /** Unknown: `StoppedRunFinally`, the rest of the tasks end and the finally tasks run. */
  StoppedRunningFinally: 'StoppedRunningFinally',
  /** Unknown: `timeouts.tasks` ran out and the finally tasks run. */
  PipelineRunTimeoutRunningFinally: 'PipelineRunTimeoutRunningFinally',
  /** Unknown: the Pipeline is being fetched. */
  ResolvingPipelineRef: 'ResolvingPipelineRef',
  /** Unknown: a Task is being fetched. */
  ResolvingTaskRef: 'ResolvingTaskRef',
  /** False: the Pipeline does not exist or cannot be used. */
  CouldntGetPipeline: 'CouldntGetPipeline',
  /** False: a Task does not exist or cannot be used. */
  CouldntGetTask: 'CouldntGetTask',
  /** False: the spec does not hold together, or a task did not emit a result that another one needs. */
  PipelineValidationFailed: 'PipelineValidationFailed',
  /** False: a cycle, a duplicate, or an unknown task in `runAfter`. */
  PipelineInvalidGraph: 'PipelineInvalidGraph',
  /** False: a param without a default was not given. */
  ParameterMissing: 'ParameterMissing',
  /** False: a param's value has another type than the Pipeline declares. */
  ParameterTypeMismatch: 'ParameterTypeMismatch',
  /** False: an object param lacks a key. */
  ObjectParameterMissKeys: 'ObjectParameterMissKeys',
  /** False: `$(params.a[9])` of a shorter array. */
  ParamArrayIndexingInvalid: 'ParamArrayIndexingInvalid',
  /** False: a param's value is not one of its `enum`. */
  InvalidParamValue: 'InvalidParamValue',
  /** False: a workspace that the Pipeline requires is not bound. */
  InvalidWorkspaceBindings: 'InvalidWorkspaceBindings',
  /** False: an optional workspace of the Pipeline is handed to a Task that requires it. */
  RequiredWorkspaceMarkedOptional: 'RequiredWorkspaceMarkedOptional',
  /** False: `taskRunSpecs` names a task that is not in the Pipeline. */
  InvalidTaskRunSpecs: 'InvalidTaskRunSpecs',
  /** False: a reference to a result that its task does not declare. */
  InvalidTaskResultReference: 'InvalidTaskResultReference',
  /** False: a pipeline result refers to a result that its task does not declare. */
  InvalidPipelineResultReference: 'InvalidPipelineResultReference',
  /** False: a pipeline result could not be read although its task succeeded. */
  CouldntGetPipelineResult: 'CouldntGetPipelineResult',
  /** False: a matrix param is no array, or an `include` param no text. */
  InvalidMatrixParameterTypes: 'InvalidMatrixParameterTypes',
  /** False: a CEL expression in `when` cannot be evaluated. */
  CELEvaluationFailed: 'CELEvaluationFailed',
  /** False: a child could not be made, or its name is taken by an object of somebody else. */
  CreateRunFailed: 'CreateRunFailed',
  /** False: a claim of a `volumeClaimTemplate` could not be made. */
  CouldntCreateWorkspacePVC: 'CouldntCreateWorkspacePVC',
} as const

export type PipelineRunReason = keyof typeof PIPELINE_RUN_REASONS

export const RESOLUTION_REASONS = {
  /** Unknown: asked, not answered yet. */
  ResolutionInProgress: 'ResolutionInProgress',
  /** False: the resolver cannot fetch it. */
  ResolutionFailed: 'ResolutionFailed',
  /** False: nobody answered in time. */
  ResolutionTimedOut: 'ResolutionTimedOut',
} as const

/** Why a pipeline task did not run, in `status.skippedTasks[].reason`. */
export const SKIP_REASONS = {
  /** Its `when` does not hold. Tasks that only run after it do run. */
  When: 'When Expressions evaluated to false',
  /** A task before it was skipped, and not for its `when`. */
  Parents: 'Parent Tasks were skipped',
  /** Another task failed or was cancelled before this one began. */
  Stopping: 'PipelineRun was stopping',
  /** `CancelledRunFinally`. */
  GracefullyCancelled: 'PipelineRun was gracefully cancelled',
  /** `StoppedRunFinally`. */
  GracefullyStopped: 'PipelineRun was gracefully stopped',
  /** It needs a result that its task, skipped or allowed to fail, did not emit. */
  MissingResults: 'Results were missing',
  /** `timeouts.pipeline` ran out before it began. */
  PipelineTimeout: 'PipelineRun timeout has been reached',
  /** `timeouts.tasks` ran out before it began. */
  TasksTimeout: 'PipelineRun Tasks timeout has been reached',
  /** `timeouts.finally` ran out before it began. */
  FinallyTimeout: 'PipelineRun Finally timeout has been reached',
  /** Its matrix has no combination. */
  EmptyMatrix: 'Matrix Parameters have an empty array',
} as const

export type SkipReason = (typeof SKIP_REASONS)[keyof typeof SKIP_REASONS]
