/** What each reason of a TaskRun means, and the way out. */
import type { TaskRunReason } from '../status/reasons.js'
import type { Advice } from './explanation.js'

const LOGS = 'Read its log: tektite taskrun logs {name} -n {namespace}'
const MEMORY =
  'Raise the limit: computeResources.limits.memory of the step, or of taskRunSpecs in the PipelineRun. tektite.dev/retries-memory tries again, with the same limit'
const POD = 'Look at the Pod: kubectl describe pod {pod} -n {namespace}'

export const TASK_RUN_ADVICE: Readonly<Record<TaskRunReason, Advice>> = {
  Started: { says: 'It has been taken up, and has no Pod yet.' },
  Pending: { says: 'Its Pod is there, and no step has begun.', wayOut: POD },
  Running: { says: 'It runs.' },
  Succeeded: { says: 'It succeeded.' },
  Failed: { says: 'Its Pod failed, and not by one of its steps.', wayOut: POD },
  StepFailed: { says: 'A step did not end well.', wayOut: LOGS },
  StepOOM: { says: 'A step was killed for the memory that it used.', wayOut: MEMORY },
  SidecarFailed: { says: 'The Pod failed and a sidecar ended with an error.', wayOut: LOGS },
  SidecarOOM: {
    says: 'A sidecar was killed for the memory that it used.',
    wayOut: 'Raise the limit: computeResources.limits.memory of the sidecar, or of sidecarSpecs',
  },
  InitContainerFailed: {
    says: 'What prepares the Pod failed before any step began.',
    wayOut: 'Read its log: kubectl logs {pod} -n {namespace} --all-containers',
  },
  InitContainerOOM: {
    says: 'What prepares the Pod was killed for its memory before any step began.',
    wayOut: 'Raise the least memory that containers get: a LimitRange of the namespace may be too low',
  },
  PodEvicted: {
    says: 'The node put the Pod out: it was short of memory, disk or processes, or the Pod used more disk than its limit.',
    wayOut:
      'Ask for what is used in computeResources; tektite.dev/retries-infrastructure: "2" on the run tries again by itself',
  },
  FailureIgnored: {
    says: 'It failed, which its pipeline allows (onError: continue).',
    wayOut: LOGS,
  },
  ToBeRetried: { says: 'An attempt failed, and another one follows.' },
  TaskRunPending: {
    says: 'It is held back by spec.status: TaskRunPending.',
    wayOut: `Let it go: kubectl patch taskrun {name} -n {namespace} --type merge -p '{"spec":{"status":null}}'`,
  },
  TaskRunCancelled: {
    says: 'It was cancelled.',
    wayOut: 'Run it again: tektite taskrun rerun {name} -n {namespace}',
  },
  TaskRunTimeout: {
    says: 'It ran longer than it may.',
    wayOut:
      'Raise timeout of the task, or timeouts of the PipelineRun; see what it was doing: tektite taskrun logs {name} -n {namespace}',
  },
  TaskRunImagePullFailed: {
    says: 'An image could not be pulled.',
    wayOut: 'Correct the name of the image, or give the service account imagePullSecrets for its registry',
  },
  PullImageFailed: {
    says: 'An image could not be pulled yet, and is tried again.',
    wayOut: 'Look whether the registry answers, and whether it limits how often it is asked',
  },
  CreateContainerConfigError: {
    says: 'A container cannot be made as it is written: a Secret, a ConfigMap or a key is missing, or its image wants to be root.',
    wayOut: 'Create what the message names, or mark it optional: true',
  },
  PodCreationFailed: {
    says: 'The Pod, or one of its containers, could not be made.',
    wayOut: 'Mend what the message names: command, image, volumes or service account of the task',
  },
  PodAdmissionFailed: {
    says: 'The node, or a policy of the cluster, refused the Pod.',
    wayOut:
      'Change what the message names in podTemplate or in the steps; policies: kubectl describe namespace {namespace}',
  },
  ExceededResourceQuota: {
    says: 'A quota of the namespace is used up; it begins when there is room.',
    wayOut: 'See what is used: kubectl describe resourcequota -n {namespace}',
  },
  ExceededNodeResources: {
    says: 'No node has room for its Pod now; it begins when one has.',
    wayOut: 'Ask for less in computeResources, or add a node: kubectl describe pod {pod} -n {namespace}',
  },
  TaskRunValidationFailed: {
    says: 'What the run gives does not fit the Task: params, workspaces, resources or results.',
    wayOut: 'Compare with what the Task declares, then mend the run or the Task',
  },
  TaskRunResultLargerThanAllowedLimit: {
    says: 'A result is larger than max-result-size.',
    wayOut: 'Write it into a workspace and hand on its path, or raise max-result-size in ConfigMap feature-flags',
  },
  TaskRunResolutionFailed: {
    says: 'The Task, or a StepAction of it, does not exist or cannot be used.',
    wayOut: 'Look for it: kubectl get tasks,stepactions -n {namespace}; mend the reference or create it',
  },
  TaskValidationFailed: {
    says: 'The Task that was fetched is not one that could be created here.',
    wayOut: 'Mend the Task where it comes from; tektite validate -f FILE says all that is wrong with it',
  },
  ResolvingTaskRef: {
    says: 'Its Task is being fetched.',
    wayOut: 'See how far that is: kubectl get resolutionrequests -n {namespace}',
  },
  ResolvingStepActionRef: {
    says: 'A StepAction of it is being fetched.',
    wayOut: 'See how far that is: kubectl get resolutionrequests -n {namespace}',
  },
  InvalidParamValue: {
    says: 'A param has a value that is not one of those that it may have (enum).',
    wayOut: 'Give one of the values that the message, or the Task, lists',
  },
  CouldntCreateWorkspacePVC: {
    says: 'The claim for a workspace could not be made.',
    wayOut: 'Mend the volumeClaimTemplate; what is allowed: kubectl describe resourcequota,limitrange -n {namespace}',
  },
}
