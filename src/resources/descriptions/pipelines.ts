/** Types of Pipelines. */
import { type Description, withFields } from './description.js'
import { REFERENCE_FIELDS, TASK_TYPES } from './tasks.js'

export const PIPELINE_TYPES = {
  PipelineSpec: {
    about: 'The tasks of a Pipeline, and how they depend on each other.',
    fields: {
      displayName: 'A name for people to read.',
      description: 'What the Pipeline does.',
      params: 'Parameters that a run gives values for. $(params.NAME) stands for the value in the tasks.',
      workspaces: 'Folders that the run provides, for the tasks to share.',
      tasks: 'The tasks. Each starts as soon as those it depends on have succeeded; the others run at the same time.',
      finally: 'Tasks that run when all others have ended, also when some failed.',
      results: 'Values that the Pipeline produces, made of results of its tasks.',
      resources: 'Removed from Tekton, and refused: use params, workspaces and results.',
    },
  },
  PipelineWorkspaceDeclaration: {
    about: 'The declaration of a workspace: a folder that the run provides.',
    fields: {
      name: 'The name of the workspace.',
      description: 'What the workspace is for.',
      optional: 'Whether a run may leave it out.',
    },
  },
  PipelineResult: {
    about: 'A value that the Pipeline produces.',
    fields: {
      name: 'The name of the result.',
      type: 'string, array or object.',
      description: 'What the result says.',
      value: 'What it is made of: results of tasks, such as $(tasks.build.results.digest).',
    },
  },
  PipelineTask: {
    about: 'A task of a Pipeline: what runs, with which values, after which other tasks, and under which conditions.',
    fields: {
      name: 'The name of the task in this Pipeline.',
      displayName: 'A name for people to read. Variables are replaced.',
      description: 'What the task does here.',
      taskRef: 'The Task or custom task that runs, by name or through a resolver.',
      taskSpec: 'The Task itself, in place of a reference.',
      pipelineRef: 'A Pipeline that runs as a task. Needs enable-api-fields alpha.',
      pipelineSpec: 'The Pipeline itself, in place of a reference. Needs enable-api-fields alpha.',
      when: 'Conditions that must all hold; otherwise the task is skipped.',
      retries: 'How many times it is tried again when it fails.',
      runAfter: 'Tasks that must succeed first. Tasks whose results are used here need not be named.',
      params: 'Values for the parameters of the task.',
      matrix: 'Lists of values: the task runs once for each combination of them.',
      workspaces: 'The workspaces of the Pipeline that the task gets.',
      timeout: 'How long one try may take, such as 10m or 1h30m.',
      onError: 'What happens when the task fails: stopAndFail (the default), or continue with the other tasks.',
      resources: 'Removed from Tekton, and refused: use params, workspaces and results.',
    },
  },
  EmbeddedTask: withFields(TASK_TYPES.TaskSpec, 'A Task, or the spec of a custom task, inside a Pipeline.', {
    metadata: 'Labels and annotations for its TaskRun.',
    apiVersion: 'Group and version of a custom task.',
    kind: 'Kind of a custom task.',
    spec: 'The spec of a custom task, as its controller reads it.',
  }),
  PipelineRef: withFields(REFERENCE_FIELDS, 'Which Pipeline runs.', { kind: 'Always Pipeline.' }),
  Matrix: {
    about: 'Lists of values. The task runs once for each combination.',
    fields: {
      params: 'Parameters with a list of values. Each run gets one item of each list.',
      include: 'More combinations, or more values for the combinations that match.',
    },
  },
  IncludeParams: {
    about: 'One more combination, or values for the combinations that match.',
    fields: { name: 'The name of the combination.', params: 'Its values.' },
  },
  WorkspacePipelineTaskBinding: {
    about: 'A workspace of the Pipeline, as a task gets it.',
    fields: {
      name: 'The name of the workspace in the task.',
      workspace: 'The name of the workspace in the Pipeline; the same name unless set.',
      subPath: 'A folder inside the workspace, in place of all of it.',
    },
  },
} as const satisfies Readonly<Record<string, Description>>
