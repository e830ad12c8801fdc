import { expect, test } from 'vitest'
import { type RunState, runEvents } from '../../src/events/run-events.js'
import { cases } from '../helpers/cases.js'

const START = '2026-01-02T03:04:05Z'

function state(status: 'True' | 'False' | 'Unknown', reason: string, message: string, started = true): RunState {
  return {
    status: { conditions: [{ type: 'Succeeded', status, reason, message }], ...(started && { startTime: START }) },
  }
}

const NEW: RunState = {}
const RUNNING = state('Unknown', 'Running', 'Tasks Completed: 1 (Failed: 0, Cancelled 0), Incomplete: 1, Skipped: 0')

test.each(
  cases<{ before: RunState; after: RunState; events: readonly string[] }>({
    'a run that starts and gets no further': {
      before: NEW,
      after: state('Unknown', 'Started', ''),
      events: ['Normal Started '],
    },
    'a run whose first pass gets further than its start': {
      before: NEW,
      after: state('Unknown', 'Running', 'Not all Tasks have completed'),
      events: ['Normal Started ', 'Normal Running Not all Tasks have completed'],
    },
    'a run that fails in its first pass': {
      before: NEW,
      after: state('False', 'ParameterMissing', 'no a'),
      events: ['Normal Started ', 'Warning Failed no a'],
    },
    'a pending run has not started': {
      before: NEW,
      after: state('Unknown', 'PipelineRunPending', 'PipelineRun "r" is pending', false),
      events: ['Normal PipelineRunPending PipelineRun "r" is pending'],
    },
    'a pending run that is let go': {
      before: state('Unknown', 'PipelineRunPending', 'PipelineRun "r" is pending', false),
      after: state('Unknown', 'Running', 'on'),
      events: ['Normal Started ', 'Normal Running on'],
    },
    'progress is an event, with the reason of the condition': {
      before: state('Unknown', 'Running', 'Not all Tasks have completed'),
      after: RUNNING,
      events: [`Normal Running ${RUNNING.status?.conditions?.[0]?.message}`],
    },
    'a Pod for which no node has room is warned of, once': {
      before: RUNNING,
      after: {
        status: { ...state('Unknown', 'ExceededNodeResources', 'words').status, podName: 'build-pod' },
      },
      events: [
        'Normal ExceededNodeResources words',
        'Warning ExceededNodeResources Insufficient resources to schedule pod "build-pod"',
      ],
    },
    'and not again when the scheduler finds other words': {
      before: state('Unknown', 'ExceededNodeResources', 'words'),
      after: state('Unknown', 'ExceededNodeResources', 'other words'),
      events: ['Normal ExceededNodeResources other words'],
    },
    'the same condition again is none': { before: RUNNING, after: RUNNING, events: [] },
    'a later time alone is none': {
      before: RUNNING,
      after: { status: { ...RUNNING.status, completionTime: START } as RunState['status'] & object },
      events: [],
    },
    'success is Succeeded, also with the reason Completed': {
      before: RUNNING,
      after: state('True', 'Completed', 'Tasks Completed: 1'),
      events: ['Normal Succeeded Tasks Completed: 1'],
    },
    'failure is Failed, whatever the reason': {
      before: RUNNING,
      after: state('False', 'PipelineRunTimeout', 'too late'),
      events: ['Warning Failed too late'],
    },
    'no condition, no event': { before: NEW, after: NEW, events: [] },
  }),
)('%s', (_, { before, after, events }) => {
  expect(runEvents(before, after).map(({ type, reason, message }) => `${type} ${reason} ${message}`)).toEqual(events)
})
