/** Types of Tasks, StepActions and what both are made of. */
import { type Description, withFields } from './description.js'

const PARAMS = 'Parameters that a run gives values for. $(params.NAME) stands for the value.'
const DEPRECATED = 'Deprecated: accepted in v1beta1 and without effect.'

const container = {
  fields: {
    image: 'The image that the container is made of, such as alpine:3.20. Variables are replaced.',
    imagePullPolicy:
      'When the image is pulled: Always, IfNotPresent or Never. Always for the tag latest, IfNotPresent otherwise.',
    command:
      "The program and its first arguments; the image's entrypoint unless set. Cannot be used together with script.",
    args: 'Arguments of the program, or of the script. Variables are replaced.',
    workingDir: "The folder that the program starts in; the image's own unless set.",
    env: 'Environment variables: values, or references to entries of Secrets and ConfigMaps.',
    envFrom: 'ConfigMaps and Secrets of which every entry becomes an environment variable. env takes precedence.',
    computeResources: 'CPU, memory and other resources: what is requested, and the limits.',
    resources:
      'CPU, memory and other resources: what is requested, and the limits. Called computeResources from v1 on.',
    volumeMounts: 'Volumes of the Task, and where in the container they are mounted.',
    volumeDevices: 'Volumes that are block devices, and their paths in the container.',
    securityContext: 'The user and group that the container runs as, its capabilities, and other limits.',
  },
}

const serving = {
  fields: {
    ports: 'Ports that the container listens on.',
    livenessProbe: 'A check that restarts the container when it fails.',
    readinessProbe: 'A check that the sidecar is ready. Steps start when every sidecar is.',
    startupProbe: 'A check that the container has started. The other probes wait for it.',
    lifecycle: 'Commands or requests after the container starts and before it is stopped.',
    terminationMessagePath: 'The file whose content is the termination message.',
    terminationMessagePolicy: 'Where the termination message comes from: File or FallbackToLogsOnError.',
    stdin: 'Whether the container has a standard input.',
    stdinOnce: 'Whether the standard input closes after the first client.',
    tty: 'Whether the container has a terminal.',
  },
}

const deprecated = { fields: Object.fromEntries(Object.keys(serving.fields).map(name => [name, DEPRECATED])) }

const fetched = {
  fields: {
    name: 'The name of the object, in the same namespace.',
    resolver:
      'The resolver that fetches the object, in place of a name: git, bundles, hub, cluster, http, or another one.',
    params: 'Parameters of the resolver, such as url, revision and pathInRepo of git.',
  },
}

const reference = {
  fields: {
    ...fetched.fields,
    apiVersion: 'Group and version of the kind; set for custom tasks.',
    bundle: 'Deprecated and refused: use the bundles resolver.',
  },
}

export const TASK_TYPES = {
  Param: {
    about: 'A value for a parameter.',
    fields: {
      name: 'The name of the parameter.',
      value: 'A text, a list of texts, or an object of texts. Numbers and booleans become text.',
    },
  },
  ParamSpec: {
    about: 'The declaration of a parameter.',
    fields: {
      name: 'The name of the parameter: letters, digits, hyphens, underscores and dots.',
      type: 'string, array or object. Unless set it follows from default and properties, and is string without them.',
      description: 'What the parameter is for.',
      properties: 'The keys of an object, each with its type.',
      default: 'The value when none is given. A parameter without a default must be given.',
      enum: 'The only values allowed, of a string. Needs enable-param-enum in ConfigMap feature-flags.',
    },
  },
  PropertySpec: {
    about: 'A key of an object.',
    fields: { type: 'Always string.' },
  },
  TaskResult: {
    about:
      'A result: a value that a step writes, into $(results.NAME.path) for the Task, $(step.results.NAME.path) for the step.',
    fields: {
      name: 'The name of the result.',
      type: 'string, array or object; string unless set. A list or an object is written as JSON.',
      description: 'What the result says.',
      properties: 'The keys of an object, each with its type.',
      value: 'The result of a step that becomes this one, such as $(steps.build.results.digest).',
    },
  },
  WhenExpression: {
    about: 'A condition: either input, operator and values, or cel.',
    fields: {
      input: 'The text that is compared. Variables are replaced.',
      operator: 'in: the input is one of values. notin: it is none of them.',
      values: 'The texts that the input is compared to. Variables are replaced.',
      cel: 'A CEL expression that is true or false. Needs enable-cel-in-whenexpression in ConfigMap feature-flags.',
    },
  },
  WorkspaceUsage: {
    about: 'A workspace of the Task that is mounted only where it is named.',
    fields: {
      name: 'The name of the workspace, as the Task declares it.',
      mountPath: 'Where it is mounted, in place of what the Task declares.',
    },
  },
  WorkspaceDeclaration: {
    about: 'The declaration of a workspace: a folder that the run provides.',
    fields: {
      name: 'The name of the workspace.',
      description: 'What the workspace is for.',
      mountPath: 'Where it is mounted; /workspace/NAME unless set. $(workspaces.NAME.path) stands for it.',
      readOnly: 'Whether it is mounted read-only.',
      optional: 'Whether a run may leave it out. $(workspaces.NAME.bound) says whether it is there.',
    },
  },
  StepOutputConfig: {
    about: 'Where the output of a step goes besides its log.',
    fields: { path: 'The file that it is written to.' },
  },
  TaskRef: withFields(reference, 'Which Task, or custom task, runs.', {
    kind: 'Task unless set; the kind of a custom task, with apiVersion.',
  }),
  StepRef: withFields(fetched, 'Which StepAction a step runs.', {}),
  Step: withFields(
    { fields: { ...container.fields, ...deprecated.fields } },
    'A step of a Task: a container that runs when the one before it has ended.',
    {
      name: 'The name of the step, in status and logs; unnamed-0, unnamed-1, … unless set.',
      displayName: 'A name for people to read.',
      script:
        'A script, in place of command. Run by /bin/sh with set -e unless it begins with #!. Variables are replaced.',
      timeout: 'How long the step may take, such as 90s or 1h30m.',
      workspaces: 'Workspaces of the Task that are mounted only in the steps that name them.',
      onError: 'What happens when the step fails: stopAndFail (the default), or continue with the next step.',
      stdoutConfig: 'A file that its standard output is also written to. Needs enable-api-fields alpha.',
      stderrConfig: 'A file that its standard error is also written to. Needs enable-api-fields alpha.',
      ref: 'The StepAction that the step runs, in place of image, command and script.',
      params: 'Values for the parameters of the StepAction.',
      results: 'Results that the step writes into $(step.results.NAME.path).',
      when: 'Conditions that must all hold; otherwise the step is skipped.',
    },
  ),
  StepTemplate: withFields(
    { fields: { ...container.fields, ...deprecated.fields } },
    'Settings for all steps. What a step says itself takes precedence.',
    { name: DEPRECATED },
  ),
  Sidecar: withFields(
    { fields: { ...container.fields, ...serving.fields } },
    'A container that runs beside the steps, from before the first until after the last.',
    {
      name: 'The name of the sidecar.',
      script:
        'A script, in place of command. Run by /bin/sh with set -e unless it begins with #!. Variables are replaced.',
      restartPolicy: "Always makes it a sidecar container of Kubernetes' own kind.",
      workspaces: 'Workspaces of the Task that are mounted only where they are named.',
    },
  ),
  TaskSpec: {
    about: 'The steps of a Task, and what they need. They run one after the other, in one Pod.',
    fields: {
      displayName: 'A name for people to read.',
      description: 'What the Task does.',
      params: PARAMS,
      steps: 'Containers that run one after the other. When one fails, the Task ends as failed.',
      stepTemplate: 'Settings for all steps, such as env. What a step says itself takes precedence.',
      sidecars: 'Containers that run beside the steps, such as a database that tests need.',
      volumes: 'Volumes that steps and sidecars may mount.',
      workspaces: 'Folders that the run provides: a volume, a Secret, a ConfigMap, …',
      results: 'Values that the steps produce, for other tasks and for whoever reads the run.',
      resources: 'Removed from Tekton, and refused: use params, workspaces and results.',
    },
  },
  StepActionSpec: {
    about: 'A step that Tasks refer to.',
    fields: {
      displayName: 'A name for people to read.',
      description: 'What the StepAction does.',
      image: container.fields.image,
      command: container.fields.command,
      args: container.fields.args,
      script:
        'A script, in place of command. Run by /bin/sh with set -e unless it begins with #!. Variables are replaced.',
      env: container.fields.env,
      workingDir: container.fields.workingDir,
      params: PARAMS,
      results: 'Results that it writes into $(step.results.NAME.path).',
      securityContext: container.fields.securityContext,
      volumeMounts:
        'Volumes of the Task, and where they are mounted. A name must be a parameter, such as $(params.cache).',
    },
  },
  EmbeddedMetadata: {
    about: 'Labels and annotations for the object that is created from this.',
    fields: {
      name: 'Accepted and without effect.',
      labels: 'Labels for it.',
      annotations: 'Annotations for it.',
    },
  },
} as const satisfies Readonly<Record<string, Description>>

export const REFERENCE_FIELDS = reference
