/** Types of Pipelines. */
import { type Description, withFields } from './description.js'
import { REFERENCE_FIELDS, TASK_TYPES } from './tasks.js'

export const PIPELINE_TYPES = {
  PipelineSpec: {
    about: 'Tasks, and what they need of each other.',
    fields: {
      displayName: 'What people read in place of the name.',
      description: 'What the Pipeline does.',
      params: 'Values that are handed to it. $(params.NAME) stands for a value in its tasks.',
      workspaces: 'Folders that the run has to provide.',
      tasks: 'Tasks, each run as soon as those it needs have succeeded.',
      finally: 'Tasks that run at the end, however it came.',
      results: 'Values that the Pipeline hands on.',
      resources: 'PipelineResources. They no longer exist: use params, workspaces and results.',
    },
  },
  PipelineWorkspaceDeclaration: {
    about: 'A folder that the run has to provide.',
    fields: {
      name: 'What it is called.',
      description: 'What it is for.',
      optional: 'Whether runs may leave it out.',
    },
  },
  PipelineResult: {
    about: 'A value that the Pipeline hands on.',
    fields: {
      name: 'What it is called.',
      type: 'string, array or object.',
      description: 'What it says.',
      value: 'What it is made of: results of tasks, as in $(tasks.build.results.digest).',
    },
  },
  PipelineTask: {
    about: 'A task of a Pipeline: what is run, with what, after which others, and whether at all.',
    fields: {
      name: 'What it is called in this Pipeline.',
      displayName: 'What people read in place of the name. Variables are replaced.',
      description: 'What the task does here.',
      taskRef: 'The Task or custom task that is run.',
      taskSpec: 'The Task itself, in place of a reference.',
      pipelineRef: 'The Pipeline that is run as a task. Needs alpha features.',
      pipelineSpec: 'A Pipeline itself, run as a task. Needs alpha features.',
      when: 'Conditions that all have to hold; otherwise the task is skipped.',
      retries: 'How often it is tried again when it fails.',
      runAfter: 'Tasks that have to succeed before. Those whose results it uses need not be named.',
      params: 'Values for the parameters of the task.',
      matrix: 'Runs the task once for each combination of values.',
      workspaces: 'Which workspaces of the Pipeline the task gets, and under which names.',
      timeout: 'How long one try may take, as in 10m or 1h30m.',
      onError: 'What its failure does: stopAndFail, or continue with the others.',
      resources: 'PipelineResources. They no longer exist: use params, workspaces and results.',
    },
  },
  EmbeddedTask: withFields(TASK_TYPES.TaskSpec, 'A Task, or the spec of a custom task, inside a Pipeline.', {
    metadata: 'Labels and annotations of the TaskRun that is made of it.',
    apiVersion: 'Group and version of a custom task.',
    kind: 'Kind of a custom task.',
    spec: 'The spec of a custom task, as its controller reads it.',
  }),
  PipelineRef: withFields(REFERENCE_FIELDS, 'Which Pipeline is run.', { kind: 'Always Pipeline.' }),
  Matrix: {
    about: 'Lists of values. The task runs once for each combination.',
    fields: {
      params: 'Parameters with lists: each run gets one item of each.',
      include: 'Further combinations, or further values for some of them.',
    },
  },
  IncludeParams: {
    about: 'One combination, or values that are added to those that match.',
    fields: { name: 'What it is called.', params: 'Its values.' },
  },
  WorkspacePipelineTaskBinding: {
    about: 'A workspace of the Pipeline, as a task gets it.',
    fields: {
      name: 'The workspace of the task.',
      workspace: 'The workspace of the Pipeline; the one of the same name unless set.',
      subPath: 'A folder in it, in place of the whole.',
    },
  },
} as const satisfies Readonly<Record<string, Description>>
