/** Shapes of what runs and Pods say of themselves, as far as something here reads it. */
import type { Fields, Shape } from './shape.js'
import { tektonSpecShape } from './shapes-tekton.js'

const conditions: Shape = {
  list: {
    fields: { type: 'string', status: 'string', reason: 'string', message: 'string', lastTransitionTime: 'string' },
    required: ['type', 'status'],
  },
}

const containerStates: Readonly<Record<string, Shape>> = {
  waiting: { fields: { reason: 'string', message: 'string' } },
  running: { fields: { startedAt: 'string' } },
  terminated: {
    fields: {
      exitCode: 'integer',
      signal: 'integer',
      reason: 'string',
      message: 'string',
      startedAt: 'string',
      finishedAt: 'string',
      containerID: 'string',
    },
    required: ['exitCode'],
  },
}

const results: Shape = {
  list: { fields: { name: 'string', type: 'string', value: 'param-value' }, required: ['name', 'value'] },
}

const states: Readonly<Record<string, Shape>> = { name: 'string', container: 'string', ...containerStates }
const whenExpressions: Shape = {
  list: { fields: { input: 'string', operator: 'string', values: { list: 'string' }, cel: 'string' } },
}

const taskRunFields: Readonly<Record<string, Shape>> = {
  conditions,
  podName: 'string',
  startTime: 'string',
  completionTime: 'string',
  steps: { list: { fields: { ...states, results, terminationReason: 'string' }, required: ['name', 'container'] } },
  sidecars: { list: { fields: states, required: ['name', 'container'] } },
  results,
  taskSpec: tektonSpecShape('Task', 'v1') ?? 'object',
  retriesStatus: { list: () => taskRunStatus },
}
const taskRunStatus: Fields = { fields: taskRunFields }

const pipelineRunStatus: Fields = {
  fields: {
    conditions,
    startTime: 'string',
    completionTime: 'string',
    finallyStartTime: 'string',
    results,
    pipelineSpec: tektonSpecShape('Pipeline', 'v1') ?? 'object',
    skippedTasks: {
      list: { fields: { name: 'string', reason: 'string', whenExpressions }, required: ['name', 'reason'] },
    },
    childReferences: {
      list: {
        fields: { apiVersion: 'string', kind: 'string', name: 'string', pipelineTaskName: 'string', whenExpressions },
        required: ['kind', 'name', 'pipelineTaskName'],
      },
    },
  },
}

const customRunStatus: Fields = {
  fields: { conditions, startTime: 'string', completionTime: 'string', results },
}

export const RUN_STATUS = {
  TaskRun: taskRunStatus,
  PipelineRun: pipelineRunStatus,
  CustomRun: customRunStatus,
} as const
