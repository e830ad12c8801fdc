/** Types of what kinds say of themselves. */
import { type Description, withFields } from './description.js'

const base = {
  fields: {
    observedGeneration: 'The metadata.generation that this was written for.',
    conditions: 'What is the case at the moment, and why.',
    annotations: 'Further notes, for programs.',
  },
}

const run = {
  fields: {
    ...base.fields,
    conditions: 'What is the case at the moment. Succeeded is Unknown while the run goes on, then True or False.',
    startTime: 'When it was started.',
    completionTime: 'When it ended.',
  },
}

const ours = {
  fields: {
    ...run.fields,
    provenance: 'Where its definition came from.',
    spanContext: 'The OpenTelemetry trace that it belongs to.',
  },
}

const RESULTS = 'The values that were produced.'

const container = {
  fields: {
    container: 'The container of the Pod.',
    imageID: 'The image that ran, with its digest.',
    waiting: 'Why it does not run yet.',
    running: 'Since when it runs.',
    terminated: 'How it ended.',
  },
}

const artifactFields = {
  inputs: 'What it was made from.',
  outputs: 'What was made.',
}

export const STATUS_TYPES = {
  Condition: {
    about: 'Something that is the case, is not, or is not known.',
    fields: {
      type: 'What it is about, such as Succeeded or Ready.',
      status: 'True, False or Unknown.',
      severity: 'How bad it is when the status is False; an error unless set.',
      reason: 'Why, in one word.',
      message: 'Why, in a sentence.',
      lastTransitionTime: 'When it last changed.',
    },
  },
  Address: { about: 'Where it can be reached.', fields: { url: 'Its URL.' } },
  PipelineRunStatus: withFields(ours, 'How a PipelineRun fares.', {
    finallyStartTime: 'When the finally tasks were started.',
    results: RESULTS,
    pipelineResults: `${RESULTS} Called results from v1 on.`,
    pipelineSpec: 'The Pipeline as it runs, with its parameters filled in.',
    skippedTasks: 'Tasks that did not run, and why.',
    childReferences: 'The TaskRuns, CustomRuns and PipelineRuns of its tasks.',
  }),
  SkippedTask: {
    about: 'A task that did not run.',
    fields: {
      name: 'The name of the task in the Pipeline.',
      reason: 'Why, in a few words.',
      whenExpressions: 'Its conditions, with their values.',
    },
  },
  ChildReference: {
    about: 'A run of a task.',
    fields: {
      apiVersion: 'Its group and version.',
      kind: 'TaskRun, CustomRun or PipelineRun.',
      name: 'Its name.',
      displayName: 'The name of the task for people to read.',
      pipelineTaskName: 'The name of the task in the Pipeline.',
      whenExpressions: 'The conditions of the task, with their values.',
    },
  },
  TaskRunStatus: withFields(ours, 'How a TaskRun fares.', {
    podName: 'The Pod that its steps run in.',
    steps: 'How each step fares.',
    sidecars: 'How each sidecar fares.',
    results: RESULTS,
    taskResults: `${RESULTS} Called results from v1 on.`,
    artifacts: 'What was made, and from what.',
    taskSpec: 'The Task as it runs, with its parameters filled in.',
    retriesStatus: 'How the tries before this one ended, oldest first.',
  }),
  StepState: withFields(container, 'How a step fares.', {
    ...artifactFields,
    name: 'The step.',
    results: RESULTS,
    terminationReason: 'Why it ended: Completed, Error, TimeoutExceeded, Skipped, Continued.',
    provenance: 'Where its StepAction came from.',
  }),
  SidecarState: withFields(container, 'How a sidecar fares.', { name: 'The sidecar.' }),
  ResultValue: {
    about: 'A value that was produced.',
    fields: {
      name: 'The result.',
      type: 'string, array or object.',
      value: 'A text, a list of texts, or an object of texts.',
    },
  },
  Artifacts: { about: 'What was made, and from what.', fields: artifactFields },
  Artifact: {
    about: 'Something that was used or made.',
    fields: {
      name: 'The name of the artifact.',
      values: 'Where it is, and its digest.',
      buildOutput: 'Whether it is what was built, not a by-product.',
    },
  },
  ArtifactValue: {
    about: 'Where something is, and its digest.',
    fields: { digest: 'Algorithm and hex of each digest.', uri: 'Where it is.' },
  },
  Provenance: {
    about: 'Where a definition came from.',
    fields: { refSource: 'The place.', featureFlags: 'The settings it was run with.' },
  },
  RefSource: {
    about: 'A place that a resolver fetched from.',
    fields: {
      uri: 'The repository, image or address.',
      digest: 'Algorithm and hex of each digest.',
      entryPoint: 'The file in it.',
    },
  },
  CustomRunStatus: withFields(run, 'How a CustomRun fares, as its controller writes it.', {
    results: RESULTS,
    retriesStatus: 'How the tries before this one ended.',
    extraFields: 'Whatever else the controller has to say.',
  }),
  ResolutionRequestStatus: withFields(base, 'What a resolver fetched.', {
    data: 'The manifest, in base64.',
    refSource: 'Where it came from.',
    source: 'The same, under its former name.',
  }),
  EventListenerStatus: withFields(base, 'Whether an EventListener can be reached, and where.', {
    address: 'Where webhooks are to be sent.',
    configuration: 'What belongs to it.',
  }),
  ListenerConfiguration: {
    about: 'What belongs to an EventListener.',
    fields: { generatedName: 'What Tekton would call its Deployment and Service.' },
  },
  InterceptorStatus: withFields(base, 'Where an interceptor is called.', { address: 'Its address.' }),
  ScheduleStatus: withFields(base, 'When a Schedule fired, and will.', {
    observed: 'The schedule as the clock last read it.',
    lastScheduleTime: 'The time that last fired: when it was due.',
    lastSuccessfulTime: 'When a run of it last succeeded.',
    nextScheduleTimes: 'The next five times; none while it is suspended.',
    active: 'Its runs that have not ended.',
  }),
  ObservedSchedule: {
    about: 'The schedule as the clock last read it.',
    fields: {
      schedules: 'Its times.',
      timeZone: 'Its time zone.',
      suspend: 'Whether it was suspended.',
      since: 'Since when it is like this: earlier times do not fire.',
    },
  },
} as const satisfies Readonly<Record<string, Description>>
