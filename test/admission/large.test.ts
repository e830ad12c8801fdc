/** Lists as long as an object can hold them: checked in time that grows with the list, not with its square. */
import { expect, test } from 'vitest'
import { admit } from '../../src/admission/admit.js'

const list = <T>(length: number, item: (i: number) => T): readonly T[] => Array.from({ length }, (_, i) => item(i))
const task = { taskRef: { name: 't' } }

// Each of these took minutes while names were compared pairwise; the deadline is the test's own.
test.each<[string, string, unknown, string]>([
  ['params of a run', 'TaskRun', { ...task, params: list(40_000, i => ({ name: `p${i}`, value: '' })) }, 'ok'],
  [
    'undeclared params',
    'Task',
    {
      params: list(15_000, i => ({ name: `p${i}` })),
      steps: list(15_000, () => ({ image: 'i', script: '$(params.z)' })),
    },
    'refused',
  ],
  [
    'a chain of tasks',
    'Pipeline',
    { tasks: list(10_000, i => ({ name: `p${i}`, ...task, runAfter: i > 0 ? [`p${i - 1}`] : [] })) },
    'ok',
  ],
  [
    'inline tasks under many params',
    'Pipeline',
    {
      params: list(15_000, i => ({ name: `p${i}` })),
      tasks: list(8_000, i => ({ name: `p${i}`, taskSpec: { steps: [{ image: 'i', script: '$(params.p1)' }] } })),
    },
    'ok',
  ],
  [
    'inherited mounts',
    'Task',
    {
      stepTemplate: { volumeMounts: list(12_000, i => ({ name: 'v', mountPath: `/${i}` })) },
      steps: list(12_000, () => ({ image: 'i' })),
    },
    'ok',
  ],
  [
    'openings without ends',
    'Pipeline',
    {
      tasks: [
        {
          name: 'a',
          ...task,
          params: [
            { name: 'p', value: '$(a['.repeat(100_000) },
            { name: 'q', value: '$(params.'.repeat(50_000) },
          ],
        },
      ],
    },
    'ok',
  ],
  [
    'a matrix of 2^20000',
    'Pipeline',
    { tasks: [{ name: 'a', ...task, matrix: { params: list(20_000, i => ({ name: `p${i}`, value: ['a', 'b'] })) } }] },
    'refused',
  ],
])('%s', (_, kind, spec, is) => {
  expect(admit({ apiVersion: 'tekton.dev/v1', kind, metadata: { name: 'x' }, spec }).is).toBe(is)
})
