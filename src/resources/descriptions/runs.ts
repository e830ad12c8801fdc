/** Types of PipelineRuns, TaskRuns and CustomRuns: what is asked for. */
import type { Description } from './description.js'

const PARAMS = 'Values for the parameters.'
const WORKSPACES = 'Folders for the workspaces that are declared.'
const CANCEL_TASK = 'TaskRunCancelled stops the run.'
const RESOURCES = 'PipelineResources. They no longer exist: use params, workspaces and results.'
const MANAGED_BY = 'Who takes care of the run. Other engines than the one that is named leave it alone.'
const SERVICE_ACCOUNT = 'The ServiceAccount the Pods run as. Its Secrets are their credentials for git and registries.'
const POD_TEMPLATE = 'What the Pods get besides: volumes, where they may run, the user they run as.'
const STEP_RESOURCES = 'Resources of single steps, in place of what the Task says.'
const SIDECAR_RESOURCES = 'Resources of single sidecars, in place of what the Task says.'

export const RUN_TYPES = {
  PipelineRunSpec: {
    about: 'Which Pipeline is run, and with what.',
    fields: {
      pipelineRef: 'The Pipeline, by name or through a resolver.',
      pipelineSpec: 'The Pipeline itself, in place of a reference.',
      params: PARAMS,
      status:
        'What is asked of the run: Cancelled stops it at once, CancelledRunFinally and StoppedRunFinally run the finally tasks first, PipelineRunPending keeps it from starting.',
      timeouts: 'How long the run and its parts may take.',
      timeout: 'How long the run may take; called timeouts.pipeline from v1 on.',
      taskRunTemplate: 'What holds for the Pods of all its tasks.',
      serviceAccountName: `${SERVICE_ACCOUNT} Called taskRunTemplate.serviceAccountName from v1 on.`,
      podTemplate: `${POD_TEMPLATE} Called taskRunTemplate.podTemplate from v1 on.`,
      workspaces: WORKSPACES,
      taskRunSpecs: 'What holds for single tasks, in place of what holds for all.',
      managedBy: MANAGED_BY,
      resources: RESOURCES,
    },
  },
  Timeouts: {
    about: 'How long the run and its parts may take, as in 10m or 1h30m. 0 is no limit.',
    fields: {
      pipeline: 'The whole run: 1h unless set.',
      tasks: 'The tasks, without those in finally.',
      finally: 'The tasks in finally.',
    },
  },
  TaskRunTemplate: {
    about: 'What holds for the Pods of all tasks.',
    fields: { podTemplate: POD_TEMPLATE, serviceAccountName: SERVICE_ACCOUNT },
  },
  PipelineTaskRunSpec: {
    about: 'What holds for one task, in place of what holds for all.',
    fields: {
      pipelineTaskName: 'The task, as the Pipeline calls it.',
      serviceAccountName: SERVICE_ACCOUNT,
      taskServiceAccountName: `${SERVICE_ACCOUNT} Called serviceAccountName from v1 on.`,
      podTemplate: POD_TEMPLATE,
      taskPodTemplate: `${POD_TEMPLATE} Called podTemplate from v1 on.`,
      stepSpecs: STEP_RESOURCES,
      stepOverrides: `${STEP_RESOURCES} Called stepSpecs from v1 on.`,
      sidecarSpecs: SIDECAR_RESOURCES,
      sidecarOverrides: `${SIDECAR_RESOURCES} Called sidecarSpecs from v1 on.`,
      metadata: 'Labels and annotations of its TaskRun.',
      computeResources: 'Resources of the whole Pod.',
      timeout: 'How long one try may take, in place of what the Pipeline says.',
    },
  },
  TaskRunSpec: {
    about: 'Which Task is run, and with what.',
    fields: {
      taskRef: 'The Task, by name or through a resolver.',
      taskSpec: 'The Task itself, in place of a reference.',
      params: PARAMS,
      serviceAccountName: SERVICE_ACCOUNT,
      status: `What is asked of the run: ${CANCEL_TASK}`,
      statusMessage: 'Why it is stopped.',
      retries: 'How often it is tried again when it fails.',
      timeout: 'How long one try may take: 1h unless set, 0 for no limit.',
      podTemplate: POD_TEMPLATE,
      workspaces: WORKSPACES,
      debug: 'Where the run stops and waits for you. Needs alpha features.',
      stepSpecs: STEP_RESOURCES,
      stepOverrides: `${STEP_RESOURCES} Called stepSpecs from v1 on.`,
      sidecarSpecs: SIDECAR_RESOURCES,
      sidecarOverrides: `${SIDECAR_RESOURCES} Called sidecarSpecs from v1 on.`,
      computeResources: 'Resources of the whole Pod.',
      managedBy: MANAGED_BY,
      resources: RESOURCES,
    },
  },
  TaskRunDebug: {
    about: 'Where a run stops and waits for you.',
    fields: { breakpoints: 'The places.' },
  },
  TaskBreakpoints: {
    about: 'Places where a run stops and waits for you.',
    fields: {
      onFailure: 'enabled keeps a step that failed, so that you can look at it.',
      beforeSteps: 'Steps before which the run stops.',
    },
  },
  ContainerResources: {
    about: 'Resources of one step or sidecar.',
    fields: {
      name: 'The step or sidecar.',
      computeResources: 'CPU, memory and other resources that it asks for and is limited to.',
      resources: 'The same; called computeResources from v1 on.',
    },
  },
  WorkspaceBinding: {
    about: 'What a workspace is, for this run: exactly one of the sources.',
    fields: {
      name: 'The workspace that is declared.',
      subPath: 'A folder in the source, in place of the whole. It is made when it is missing.',
      emptyDir: 'A folder of its own for each Pod, empty at first and gone with it.',
      persistentVolumeClaim: 'A PersistentVolumeClaim that exists.',
      volumeClaimTemplate: 'A PersistentVolumeClaim that is made for this run, and deleted with it.',
      configMap: 'The entries of a ConfigMap, as files.',
      secret: 'The entries of a Secret, as files.',
      projected: 'Files of several sources in one folder.',
      csi: 'A volume of a storage driver.',
    },
  },
  PodTemplate: {
    about: 'What Pods get besides what their tasks say.',
    fields: {
      nodeSelector: 'Labels a node must have.',
      env: 'Environment variables of every step.',
      tolerations: 'Taints of nodes that are no obstacle.',
      affinity: 'Which nodes, and which Pods beside it, are wanted or not.',
      securityContext: 'The user and groups all its containers run as, and other limits.',
      volumes: 'Volumes that steps may mount.',
      runtimeClassName: 'The RuntimeClass that runs it.',
      automountServiceAccountToken: 'Whether the token of the ServiceAccount is mounted.',
      dnsPolicy: 'Where names are looked up.',
      dnsConfig: 'Name servers and search domains of its own.',
      enableServiceLinks: 'Whether Services appear as environment variables.',
      priorityClassName: 'The PriorityClass: which Pods go first.',
      schedulerName: 'The scheduler that finds a node for it.',
      imagePullSecrets: 'Secrets its images are pulled with.',
      hostAliases: 'Lines for its hosts file.',
      hostNetwork: 'Whether it is in the network of the node.',
      hostUsers: 'Whether its users are those of the node.',
      topologySpreadConstraints: 'How Pods are spread over nodes and zones.',
    },
  },
  CustomRunSpec: {
    about: 'Work that a controller of somebody else does.',
    fields: {
      customRef: 'The object that says what to do.',
      customSpec: 'What to do, in place of a reference.',
      params: PARAMS,
      status: 'What is asked of the run: RunCancelled stops it.',
      statusMessage: 'Why it is stopped.',
      retries: 'How often it is tried again; whether it is, is up to the controller.',
      serviceAccountName: 'The ServiceAccount it is done as.',
      timeout: 'How long one try may take.',
      workspaces: WORKSPACES,
    },
  },
  CustomRef: {
    about: 'An object of the kind that the controller looks after.',
    fields: { apiVersion: 'Its group and version.', kind: 'Its kind.', name: 'Its name.' },
  },
  CustomSpec: {
    about: 'The spec of such an object.',
    fields: {
      apiVersion: 'Its group and version.',
      kind: 'Its kind.',
      metadata: 'Its labels and annotations.',
      spec: 'As the controller reads it.',
    },
  },
  ResolutionRequestSpec: {
    about: 'What is to be fetched. The label resolution.tekton.dev/type names the resolver that is asked.',
    fields: { params: 'What the resolver is asked for.', url: 'Where it is, for resolvers that go by a URL alone.' },
  },
} as const satisfies Readonly<Record<string, Description>>
