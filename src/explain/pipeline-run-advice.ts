/** What each reason of a PipelineRun means, and the way out. What follows from its tasks is told with those. */
import type { PipelineRunReason } from '../status/reasons.js'
import type { Advice } from './explanation.js'

const MEND = 'Mend the Pipeline; tektite validate -f FILE says all that is wrong with it'
const PARAMS = 'Compare what is given with what it declares: tektite pipelinerun describe {name} -n {namespace}'
const FINALLY = 'Nothing more begins but the finally tasks'
const RERUN = 'Run it again: tektite pipelinerun rerun {name} -n {namespace} (--from-failed takes over what succeeded)'

export const PIPELINE_RUN_ADVICE: Readonly<Record<PipelineRunReason, Advice>> = {
  Started: { says: 'It has been taken up.' },
  Running: { says: 'It runs.' },
  Succeeded: { says: 'It succeeded.' },
  Completed: { says: 'It succeeded, with tasks that were skipped.' },
  Failed: { says: 'A task of it failed.', wayOut: RERUN },
  Cancelled: { says: 'It was cancelled.', wayOut: RERUN },
  PipelineRunTimeout: {
    says: 'It took longer than it may.',
    wayOut: `Raise timeouts.pipeline (or timeouts.tasks) of the run. ${RERUN}`,
  },
  PipelineRunPending: {
    says: 'It is held back by spec.status: PipelineRunPending.',
    wayOut: `Let it go: kubectl patch pipelinerun {name} -n {namespace} --type merge -p '{"spec":{"status":null}}'`,
  },
  PipelineRunStopping: {
    says: `A task failed or was cancelled. Those that run come to their end, and no others begin.`,
  },
  CancelledRunningFinally: { says: `It was cancelled gracefully. ${FINALLY}.` },
  StoppedRunningFinally: { says: `It was stopped gracefully: what runs comes to its end. ${FINALLY}.` },
  PipelineRunTimeoutRunningFinally: {
    says: `The time for its tasks (timeouts.tasks) is over. ${FINALLY}.`,
    wayOut: 'Raise timeouts.tasks of the run',
  },
  ResolvingPipelineRef: {
    says: 'Its Pipeline is being fetched.',
    wayOut: 'See how far that is: kubectl get resolutionrequests -n {namespace}',
  },
  ResolvingTaskRef: {
    says: 'A Task of it is being fetched.',
    wayOut: 'See how far that is: kubectl get resolutionrequests -n {namespace}',
  },
  CouldntGetPipeline: {
    says: 'Its Pipeline does not exist or cannot be used.',
    wayOut: 'Look for it: tektite pipeline list -n {namespace}; mend pipelineRef or create the Pipeline',
  },
  CouldntGetTask: {
    says: 'A Task that it needs does not exist or cannot be used.',
    wayOut: 'Look for it: tektite task list -n {namespace}; mend taskRef or create the Task',
  },
  PipelineValidationFailed: {
    says: 'Its pipeline does not hold together, or a task did not write a result that another one needs.',
    wayOut: MEND,
  },
  PipelineInvalidGraph: {
    says: 'Its tasks cannot be put in order: they wait for each other, are there twice, or runAfter names one that is not there.',
    wayOut: 'See who waits for whom: tektite graph -f FILE; mend runAfter, or the results that are used',
  },
  ParameterMissing: { says: 'A param that has no default was not given.', wayOut: PARAMS },
  ParameterTypeMismatch: { says: 'A param was given as another type than it is declared with.', wayOut: PARAMS },
  ObjectParameterMissKeys: { says: 'An object param lacks a key that is declared.', wayOut: PARAMS },
  ParamArrayIndexingInvalid: {
    says: 'An index goes beyond the end of an array param.',
    wayOut: 'Give an array that is long enough, or use $(params.NAME[*])',
  },
  InvalidParamValue: {
    says: 'A param has a value that is not one of those that it may have (enum).',
    wayOut: 'Give one of the values that the message, or the Pipeline, lists',
  },
  InvalidWorkspaceBindings: {
    says: 'A workspace that the pipeline needs is not given.',
    wayOut: 'Give it under workspaces of the run, or mark it optional: true in the Pipeline',
  },
  RequiredWorkspaceMarkedOptional: {
    says: 'A Task needs a workspace that the pipeline need not have.',
    wayOut: 'Mark it optional: true in the Task as well, or not in the Pipeline',
  },
  InvalidTaskRunSpecs: {
    says: 'An entry of taskRunSpecs names a task that the pipeline does not have.',
    wayOut: 'Mend pipelineTaskName; the tasks are: tektite pipelinerun describe {name} -n {namespace}',
  },
  InvalidTaskResultReference: {
    says: 'A result is used that its task does not declare.',
    wayOut: 'Declare it under results of the Task, or mend the reference',
  },
  InvalidPipelineResultReference: {
    says: 'A result of the pipeline uses a result that its task does not declare.',
    wayOut: 'Declare it under results of the Task, or mend results of the Pipeline',
  },
  CouldntGetPipelineResult: {
    says: 'A result of the pipeline could not be read, although its task succeeded.',
    wayOut: 'See to it that the task writes the result in every case: $(results.NAME.path)',
  },
  InvalidMatrixParameterTypes: {
    says: 'A param of a matrix is no array, or one of include is no text.',
    wayOut: 'Give matrix.params arrays; a result has to be taken whole: $(tasks.NAME.results.RESULT[*])',
  },
  CELEvaluationFailed: {
    says: 'A CEL expression in when could not be evaluated.',
    wayOut: 'Try it: tektite eval cel; mend the expression that the message names',
  },
  CreateRunFailed: {
    says: 'A TaskRun, or another child, could not be made.',
    wayOut:
      'Mend what the message names. A name that is taken: delete that object, or start the run under another name',
  },
  CouldntCreateWorkspacePVC: {
    says: 'The claim for a workspace could not be made.',
    wayOut: 'Mend the volumeClaimTemplate; what is allowed: kubectl describe resourcequota,limitrange -n {namespace}',
  },
}
