/** Types of Tasks, StepActions and what both are made of. */
import { type Description, withFields } from './description.js'

const PARAMS = 'Values that are handed to it. $(params.NAME) stands for a value wherever variables are replaced.'
const DEPRECATED = 'Accepted in v1beta1 only, and without effect: steps are run by their order, not by probes or ports.'

const container = {
  fields: {
    image: 'The container image.',
    imagePullPolicy: 'When the image is pulled: Always, IfNotPresent or Never.',
    command: "The program, and its first arguments. The image's own entrypoint unless set. Not together with script.",
    args: 'Arguments of the program. Variables are replaced.',
    workingDir: "The folder it starts in; the image's own unless set.",
    env: 'Environment variables.',
    envFrom: 'ConfigMaps and Secrets of which every entry becomes an environment variable; env wins.',
    computeResources: 'CPU, memory and other resources that it asks for and is limited to.',
    resources: 'CPU, memory and other resources; called computeResources from v1 on.',
    volumeMounts: 'Volumes of the Task that are mounted, and where.',
    volumeDevices: 'Block devices that it gets.',
    securityContext: 'The user it runs as, and what it may do.',
  },
}

const serving = {
  fields: {
    ports: 'Ports it listens on.',
    livenessProbe: 'How to see that it has to be started again.',
    readinessProbe: 'How to see that it is ready: steps wait until every sidecar is.',
    startupProbe: 'How to see that it has started; the other probes wait for it.',
    lifecycle: 'What is done after it starts and before it is stopped.',
    terminationMessagePath: 'The file whose content is its last message.',
    terminationMessagePolicy: 'Where its last message comes from: File, or FallbackToLogsOnError.',
    stdin: 'Whether it has a standard input.',
    stdinOnce: 'Whether its standard input closes after the first client.',
    tty: 'Whether it has a terminal.',
  },
}

const deprecated = { fields: Object.fromEntries(Object.keys(serving.fields).map(name => [name, DEPRECATED])) }

const fetched = {
  fields: {
    name: 'The name of the object, in the namespace of whatever refers to it.',
    resolver: 'Where it is fetched from, in place of a name: git, bundles, hub, cluster, http or another resolver.',
    params: 'What the resolver is asked for, such as url, revision and pathInRepo of git.',
  },
}

const reference = {
  fields: {
    ...fetched.fields,
    apiVersion: 'Group and version of the kind; set for custom tasks.',
    bundle: 'The image that holds it. No longer supported: use the bundles resolver.',
  },
}

export const TASK_TYPES = {
  Param: {
    about: 'A value for a parameter.',
    fields: {
      name: 'The parameter it is for.',
      value: 'A text, a list of texts, or an object of texts. Numbers and booleans become text.',
    },
  },
  ParamSpec: {
    about: 'A parameter that has to be given, or has a default.',
    fields: {
      name: 'What it is called: letters, digits, hyphens, underscores and dots.',
      type: 'string, array or object. Worked out from default or properties unless set; string otherwise.',
      description: 'What it is for.',
      properties: 'The keys of an object, each with its type.',
      default: 'What holds when no value is given. Without one, a value is required.',
      enum: 'The only texts allowed. Needs enable-param-enum.',
    },
  },
  PropertySpec: {
    about: 'A key of an object.',
    fields: { type: 'Always string.' },
  },
  TaskResult: {
    about: 'A result: a value that a step writes into the file $(results.NAME.path).',
    fields: {
      name: 'What it is called.',
      type: 'string, array or object; a list or an object is written as JSON. string unless set.',
      description: 'What it says.',
      properties: 'The keys of an object, each with its type.',
      value: 'The result of a step that is passed on as this one, as in $(steps.build.results.digest).',
    },
  },
  WhenExpression: {
    about: 'A condition: input, operator and values, or an expression in CEL.',
    fields: {
      input: 'The text that is looked at. Variables are replaced.',
      operator: 'in or notin.',
      values: 'The texts it is compared to.',
      cel: 'An expression that is true or false. Needs enable-cel-in-whenexpression.',
    },
  },
  WorkspaceUsage: {
    about: 'A workspace of the Task that only those who name it get to see.',
    fields: {
      name: 'The workspace, as the Task declares it.',
      mountPath: 'Where it is mounted here, when that is another place than the Task says.',
    },
  },
  WorkspaceDeclaration: {
    about: 'A folder that the run has to provide.',
    fields: {
      name: 'What it is called.',
      description: 'What it is for.',
      mountPath: 'Where it is mounted; /workspace/NAME unless set.',
      readOnly: 'Whether steps may only read it.',
      optional: 'Whether runs may leave it out.',
    },
  },
  StepOutputConfig: {
    about: 'Where the output of a step goes besides its log.',
    fields: { path: 'The file it is written to.' },
  },
  TaskRef: withFields(reference, 'Which Task, or custom task, is run.', {
    kind: 'Task unless set; the kind of a custom task, with apiVersion.',
  }),
  StepRef: withFields(fetched, 'Which StepAction a step runs.', {}),
  Step: withFields({ fields: { ...container.fields, ...deprecated.fields } }, 'A container that runs in its turn.', {
    name: 'What it is called, in status and logs.',
    displayName: 'What people read in place of the name.',
    script: 'A program, run in place of command: /bin/sh unless it begins with #!.',
    timeout: 'How long it may take, as in 90s or 1h30m.',
    workspaces: 'Workspaces that only the steps that name them get to see.',
    onError: 'What its failure does: stopAndFail, or continue with the next step.',
    stdoutConfig: 'A file that gets its standard output, too.',
    stderrConfig: 'A file that gets its standard error, too.',
    ref: 'The StepAction it runs, in place of an image.',
    params: 'Values for the parameters of the StepAction.',
    results: 'Results that the step writes into $(step.results.NAME.path).',
    when: 'Conditions that all have to hold; otherwise the step is skipped.',
  }),
  StepTemplate: withFields(
    { fields: { ...container.fields, ...deprecated.fields } },
    'What holds for every step that says nothing else.',
    { name: 'Accepted in v1beta1 only, and without effect.' },
  ),
  Sidecar: withFields(
    { fields: { ...container.fields, ...serving.fields } },
    'A container that runs beside the steps, from before the first to after the last.',
    {
      name: 'What it is called.',
      script: 'A program, run in place of command: /bin/sh unless it begins with #!.',
      restartPolicy: "Always makes it one of Kubernetes' own sidecars.",
      workspaces: 'Workspaces that only those who name them get to see.',
    },
  ),
  TaskSpec: {
    about: 'Steps that run one after the other in one Pod.',
    fields: {
      displayName: 'What people read in place of the name.',
      description: 'What the Task does.',
      params: PARAMS,
      steps: 'Containers that run one after the other. The first that fails ends the Task.',
      stepTemplate: 'What holds for every step that says nothing else.',
      sidecars: 'Containers that run beside the steps, such as a database for tests.',
      volumes: 'Volumes that steps and sidecars may mount.',
      workspaces: 'Folders that the run has to provide.',
      results: 'Values that the Task hands on.',
      resources: 'PipelineResources. They no longer exist: use params, workspaces and results.',
    },
  },
  StepActionSpec: {
    about: 'A step that Tasks can refer to.',
    fields: {
      displayName: 'What people read in place of the name.',
      description: 'What the StepAction does.',
      image: container.fields.image,
      command: container.fields.command,
      args: container.fields.args,
      script: 'A program, run in place of command: /bin/sh unless it begins with #!.',
      env: container.fields.env,
      workingDir: container.fields.workingDir,
      params: PARAMS,
      results: 'Results that it writes into $(step.results.NAME.path).',
      securityContext: container.fields.securityContext,
      volumeMounts: 'Volumes of the Task that are mounted, and where. A name may be a parameter.',
    },
  },
  EmbeddedMetadata: {
    about: 'Metadata of what is made of this.',
    fields: {
      name: 'Kept, and without effect.',
      labels: 'Labels it gets besides its own.',
      annotations: 'Annotations it gets besides its own.',
    },
  },
} as const satisfies Readonly<Record<string, Description>>

export const REFERENCE_FIELDS = reference
