import { expect, test } from 'vitest'
import type { ParamSpec } from '../../src/resources/tekton.js'
import {
  contextReplacements,
  indicesOutOfRange,
  pathReplacements,
  sidecarContainerName,
  stepContainerName,
  stepReplacements,
  taskParams,
} from '../../src/run/task-variables.js'
import { cases } from '../helpers/cases.js'
import { taskRun } from '../helpers/task-run-world.js'

const steps = [{ name: 'a' }, {}]

test.each(
  cases({
    'a named step': { name: stepContainerName({ name: 'build' }, 3), expected: 'step-build' },
    'an unnamed step': { name: stepContainerName({}, 3), expected: 'step-unnamed-3' },
    'an empty name': { name: stepContainerName({ name: '' }, 0), expected: 'step-unnamed-0' },
    'a name too long, cut at a letter': {
      name: stepContainerName({ name: `${'x'.repeat(57)}-${'y'.repeat(9)}` }, 0),
      expected: `step-${'x'.repeat(57)}`,
    },
    'a sidecar': { name: sidecarContainerName({ name: 'db' }), expected: 'sidecar-db' },
  }),
)('container name: %s', (_, { name, expected }) => {
  expect(name).toBe(expected)
})

test('params: given ones win, defaults may mention others, given values are never scanned', () => {
  const specs: ParamSpec[] = [
    { name: 'given', default: 'unused' },
    { name: 'plain', default: 'p' },
    { name: 'both', default: '$(params.given)-$(params.plain)' },
    { name: 'list', type: 'array', default: ['$(params.plain)', 'x'] },
    { name: 'map', type: 'object', default: { a: '1', b: '2' } },
  ]
  const params = [
    { name: 'given', value: '$(params.plain)' },
    { name: 'map', value: { b: '3' } },
    { name: 'undeclared', value: 'too' },
  ]
  const { strings, arrays, objects } = taskParams(taskRun({ params }), specs)
  expect(strings.get('params.both')).toBe('$(params.plain)-p')
  expect(strings.get('params["given"]')).toBe('$(params.plain)')
  expect(arrays.get('params.list[*]')).toEqual(['p', 'x'])
  expect(strings.get("params['list'][1]")).toBe('x')
  expect(objects.get('params.map')).toEqual({ a: '1', b: '3' })
  expect(strings.get('params.map.a')).toBe('1')
  expect(strings.get('params.undeclared')).toBe('too')
})

test('context, paths and files have Tekton’s names', () => {
  const { strings: context } = contextReplacements(taskRun({}), 'the-task')
  expect(Object.fromEntries(context)).toEqual({
    'context.taskRun.name': 'build',
    'context.taskRun.namespace': 'ci',
    'context.taskRun.uid': 'run-uid',
    'context.task.name': 'the-task',
    'credentials.path': '/tekton/creds',
    'artifacts.path': '/tekton/artifacts/provenance.json',
  })
  const { strings: paths } = pathReplacements({ steps, results: [{ name: 'r.x' }] })
  expect(Object.fromEntries(paths)).toEqual({
    'steps.step-a.exitCode.path': '/tekton/steps/step-a/exitCode',
    'steps.step-unnamed-1.exitCode.path': '/tekton/steps/step-unnamed-1/exitCode',
    'results.r.x.path': '/tekton/results/r.x',
    "results['r.x'].path": '/tekton/results/r.x',
    'results["r.x"].path': '/tekton/results/r.x',
  })
  const { strings: own } = stepReplacements({ name: 'a', results: [{ name: 'r' }] }, 0)
  expect(own.get('step.results.r.path')).toBe('/tekton/steps/step-a/results/r')
  expect(own.get('step.artifacts.path')).toBe('/tekton/steps/step-a/artifacts/provenance.json')
})

test('indices out of range are found in every field, and nowhere else', () => {
  const params = [{ name: 'a', value: ['0'] }]
  const known = taskParams(taskRun({ params }), [])
  const texts = [
    '$(params.a[0])',
    '$(params.a[1])',
    "$(params['a'][2])",
    '$(params.b[7])',
    '$(params.a[-1])',
    '$(a[9])',
  ]
  const spec = {
    description: '$(params.a[8])',
    steps: [{ args: texts, env: [{ name: 'E', value: '$(params.a[3])' }] }],
  }
  expect(indicesOutOfRange(spec, known)).toEqual(['$(params.a[1])', '$(params.a[3])', "$(params['a'][2])"])
})
