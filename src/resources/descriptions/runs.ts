/** Types of PipelineRuns, TaskRuns and CustomRuns: what is asked for. */
import type { Description } from './description.js'

const PARAMS = 'Values for the parameters that are declared.'
const WORKSPACES = 'What the workspaces that are declared are in this run: volumes, Secrets, ConfigMaps, …'
const CANCEL_TASK = 'TaskRunCancelled stops it, TaskRunPending keeps it from starting.'
const RESOURCES = 'Removed from Tekton, and refused: use params, workspaces and results.'
const MANAGED_BY =
  'The engine that the run is for, tekton.dev/pipeline unless set. Every other engine leaves the run alone.'
const SERVICE_ACCOUNT =
  'The ServiceAccount that the Pods run as. Its Secrets are their credentials for git and registries.'
const POD_TEMPLATE = 'More about the Pods: volumes, node selection, security context, and so on.'
const STEP_RESOURCES = 'Resources of single steps, in place of what the Task says.'
const SIDECAR_RESOURCES = 'Resources of single sidecars, in place of what the Task says.'

export const RUN_TYPES = {
  PipelineRunSpec: {
    about: 'Which Pipeline runs, and with which values.',
    fields: {
      pipelineRef: 'The Pipeline, by name or through a resolver.',
      pipelineSpec: 'The Pipeline itself, in place of a reference.',
      params: PARAMS,
      status:
        'What is asked of the run. Cancelled stops it at once. CancelledRunFinally stops the tasks and runs those in finally. StoppedRunFinally lets running tasks end, then runs those in finally. PipelineRunPending keeps it from starting.',
      timeouts: 'How long the run, its tasks and its finally tasks may take.',
      timeout: 'How long the run may take; called timeouts.pipeline from v1 on.',
      taskRunTemplate: 'Settings for the TaskRuns of all tasks.',
      serviceAccountName: `${SERVICE_ACCOUNT} Called taskRunTemplate.serviceAccountName from v1 on.`,
      podTemplate: `${POD_TEMPLATE} Called taskRunTemplate.podTemplate from v1 on.`,
      workspaces: WORKSPACES,
      taskRunSpecs: 'Settings for single tasks. They take precedence over those for all.',
      managedBy: MANAGED_BY,
      resources: RESOURCES,
    },
  },
  Timeouts: {
    about: 'How long the run and its parts may take, such as 10m or 1h30m. 0 is no limit.',
    fields: {
      pipeline: 'The whole run; 1h unless set.',
      tasks: 'The tasks, without those in finally.',
      finally: 'The tasks in finally.',
    },
  },
  TaskRunTemplate: {
    about: 'Settings for the TaskRuns of all tasks.',
    fields: { podTemplate: POD_TEMPLATE, serviceAccountName: SERVICE_ACCOUNT },
  },
  PipelineTaskRunSpec: {
    about: 'Settings for one task. They take precedence over those for all.',
    fields: {
      pipelineTaskName: 'The name of the task in the Pipeline.',
      serviceAccountName: SERVICE_ACCOUNT,
      taskServiceAccountName: `${SERVICE_ACCOUNT} Called serviceAccountName from v1 on.`,
      podTemplate: POD_TEMPLATE,
      taskPodTemplate: `${POD_TEMPLATE} Called podTemplate from v1 on.`,
      stepSpecs: STEP_RESOURCES,
      stepOverrides: `${STEP_RESOURCES} Called stepSpecs from v1 on.`,
      sidecarSpecs: SIDECAR_RESOURCES,
      sidecarOverrides: `${SIDECAR_RESOURCES} Called sidecarSpecs from v1 on.`,
      metadata: 'Labels and annotations for its TaskRun.',
      computeResources: 'Resources of all steps together.',
      timeout: 'How long one try may take, in place of what the Pipeline says.',
    },
  },
  TaskRunSpec: {
    about: 'Which Task runs, and with which values.',
    fields: {
      taskRef: 'The Task, by name or through a resolver.',
      taskSpec: 'The Task itself, in place of a reference.',
      params: PARAMS,
      serviceAccountName: SERVICE_ACCOUNT,
      status: `What is asked of the run: ${CANCEL_TASK}`,
      statusMessage: 'Why the status was set, for people to read.',
      retries: 'How many times it is tried again when it fails.',
      timeout: 'How long one try may take, such as 10m; 1h unless set. 0 is no limit.',
      podTemplate: POD_TEMPLATE,
      workspaces: WORKSPACES,
      debug: 'Breakpoints, at which the run waits for you. Needs enable-api-fields alpha.',
      stepSpecs: STEP_RESOURCES,
      stepOverrides: `${STEP_RESOURCES} Called stepSpecs from v1 on.`,
      sidecarSpecs: SIDECAR_RESOURCES,
      sidecarOverrides: `${SIDECAR_RESOURCES} Called sidecarSpecs from v1 on.`,
      computeResources: 'Resources of all steps together.',
      managedBy: MANAGED_BY,
      resources: RESOURCES,
    },
  },
  TaskRunDebug: {
    about: 'How a run is looked into while it runs.',
    fields: { breakpoints: 'Where the run waits for you.' },
  },
  TaskBreakpoints: {
    about: 'Where a run waits for you.',
    fields: {
      onFailure: 'enabled: a step that fails waits, so that you can look into its container.',
      beforeSteps: 'Names of steps that wait before they start.',
    },
  },
  ContainerResources: {
    about: 'Resources of one step or sidecar.',
    fields: {
      name: 'The name of the step or sidecar.',
      computeResources: 'CPU, memory and other resources: what is requested, and the limits.',
      resources: 'The same; called computeResources from v1 on.',
    },
  },
  WorkspaceBinding: {
    about: 'What a workspace is in this run: exactly one of the sources.',
    fields: {
      name: 'The name of the workspace, as it is declared.',
      subPath: 'A folder inside the source, in place of all of it. It is created when it is missing.',
      emptyDir: 'An empty folder for each Pod, which is gone with it.',
      persistentVolumeClaim: 'A PersistentVolumeClaim that exists.',
      volumeClaimTemplate: 'A PersistentVolumeClaim that is created for this run, and deleted with it.',
      configMap: 'The entries of a ConfigMap, as files.',
      secret: 'The entries of a Secret, as files.',
      projected: 'Files of several sources in one folder.',
      csi: 'A volume of a CSI driver.',
    },
  },
  PodTemplate: {
    about: 'Settings for Pods, besides what their tasks say.',
    fields: {
      nodeSelector: 'Labels that the node must have.',
      env: 'Environment variables of every step.',
      tolerations: 'Taints of nodes that the Pod tolerates.',
      affinity: 'Which nodes, and which Pods on the same node, are preferred, required or avoided.',
      securityContext: 'The user and groups that all containers run as, and other limits.',
      volumes: 'Volumes that steps may mount.',
      runtimeClassName: 'The RuntimeClass that runs the Pod.',
      automountServiceAccountToken: 'Whether the token of the ServiceAccount is mounted.',
      dnsPolicy: 'Where host names are looked up: ClusterFirst, Default, None, …',
      dnsConfig: 'More name servers and search domains.',
      enableServiceLinks: 'Whether Services appear as environment variables.',
      priorityClassName: 'The PriorityClass of the Pod.',
      schedulerName: 'The scheduler that chooses the node.',
      imagePullSecrets: 'Secrets with credentials for registries.',
      hostAliases: 'Lines for /etc/hosts.',
      hostNetwork: 'Whether the Pod is in the network of the node.',
      hostUsers: 'Whether the users in the Pod are those of the node.',
      topologySpreadConstraints: 'How Pods are spread over nodes, zones and the like.',
    },
  },
  CustomRunSpec: {
    about: 'Work that a controller of yours does, as a task of a Pipeline.',
    fields: {
      customRef: 'The object that says what to do.',
      customSpec: 'What to do, in place of a reference.',
      params: PARAMS,
      status: 'What is asked of the run: RunCancelled stops it.',
      statusMessage: 'Why the status was set, for people to read.',
      retries: 'How many times the controller is to try again when it fails.',
      serviceAccountName: 'The ServiceAccount for it.',
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
