import { expect, test } from 'vitest'
import type { PipelineRun } from '../../src/resources/tekton.js'
import { childTimeout, deadlinesOf, timeoutsOf } from '../../src/run/timeouts.js'
import { cases } from '../helpers/cases.js'

const HOUR = 3_600_000
const runWith = (spec: PipelineRun['spec']) => ({ spec }) as PipelineRun

test.each(
  cases({
    'none given': { given: {}, are: { pipeline: HOUR, tasks: undefined, finally: undefined } },
    'tasks only': { given: { tasks: '20m' }, are: { pipeline: HOUR, tasks: HOUR / 3, finally: (2 * HOUR) / 3 } },
    'finally only': { given: { finally: '20m' }, are: { pipeline: HOUR, tasks: (2 * HOUR) / 3, finally: HOUR / 3 } },
    'no limit': { given: { pipeline: '0s' }, are: { pipeline: undefined, tasks: undefined, finally: undefined } },
    'a limit for tasks only': {
      given: { pipeline: '0', tasks: '1h' },
      are: { pipeline: undefined, tasks: HOUR, finally: undefined },
    },
    'all three': {
      given: { pipeline: '3h', tasks: '1h', finally: '1h' },
      are: { pipeline: 3 * HOUR, tasks: HOUR, finally: HOUR },
    },
  }),
)('timeouts: %s', (_, { given, are }) => {
  expect(timeoutsOf(runWith({ timeouts: given }), HOUR)).toEqual(are)
})

test('deadlines count from their starts', () => {
  const timeouts = { pipeline: 3_000, tasks: 1_000, finally: 2_000 }
  const start = Date.parse('2026-01-01T00:00:00Z')
  expect(deadlinesOf(timeouts, '2026-01-01T00:00:00Z', undefined)).toEqual({
    pipeline: start + 3_000,
    tasks: start + 1_000,
    finally: undefined,
  })
  expect(deadlinesOf(timeouts, '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z').finally).toBe(start + 3_000)
})

test.each(
  cases({
    'nothing said': { spec: {}, task: undefined, timeout: undefined },
    "the task's own": { spec: { timeouts: { tasks: '2h' } }, task: '5m', timeout: '5m0s' },
    'taskRunSpecs first': {
      spec: { taskRunSpecs: [{ pipelineTaskName: 't', timeout: '1m' }] },
      task: '5m',
      timeout: '1m0s',
    },
    'a long section': { spec: { timeouts: { tasks: '2h' } }, task: undefined, timeout: '2h0m0s' },
    'what finally leaves of the pipeline': {
      spec: { timeouts: { pipeline: '3h', finally: '30m' } },
      task: undefined,
      timeout: '2h30m0s',
    },
    'a short section cancels by itself': { spec: { timeouts: { tasks: '10m' } }, task: undefined, timeout: undefined },
    'a section without limit': { spec: { timeouts: { tasks: '0' } }, task: undefined, timeout: '0s' },
  }),
)('timeout of a child: %s', (_, { spec, task, timeout }) => {
  const pipelineTask = { name: 't', ...(task !== undefined && { timeout: task }) }
  expect(childTimeout(runWith(spec), pipelineTask, false, HOUR)).toBe(timeout)
})

test.each(
  cases({
    'the default of all': { spec: {}, timeout: undefined },
    'the time of the whole': { spec: { timeouts: { pipeline: '3h' } }, timeout: '3h0m0s' },
    'no limit around it': { spec: { timeouts: { pipeline: '0' } }, timeout: '0s' },
    'the time of its section': { spec: { timeouts: { pipeline: '5h', tasks: '2h' } }, timeout: '2h0m0s' },
  }),
)('timeout of a nested pipeline: %s', (_, { spec, timeout }) => {
  expect(childTimeout(runWith(spec), { name: 't', pipelineRef: { name: 'p' } }, false, HOUR)).toBe(timeout)
})
