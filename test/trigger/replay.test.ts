import { expect, test } from 'vitest'
import { markReplay } from '../../src/trigger/replay.js'
import { frozen } from '../helpers/frozen.js'

const replay = { of: 'event-1', count: 2 }
const ours = { 'tektite.dev/replay-of': 'event-1', 'tektite.dev/replay': '2' }

test('what a replay creates says so, beside what its author wrote', () => {
  const object = frozen({ kind: 'ConfigMap', metadata: { name: 'x', annotations: { theirs: 'y' } }, data: {} })
  expect(markReplay(object, replay)).toEqual({
    ...object,
    metadata: { name: 'x', annotations: { theirs: 'y', ...ours } },
  })
  expect(markReplay({ metadata: {} }, replay)).toEqual({ metadata: { annotations: ours } })
})

test('what a first delivery creates is left alone, and so is what is no object of Kubernetes', () => {
  const first = frozen({ metadata: { name: 'x' } })
  expect(markReplay(first, { of: 'event-1', count: 0 })).toBe(first)
  for (const odd of [{}, { metadata: 'x' }, { metadata: { annotations: [] } }, { metadata: { annotations: 'x' } }]) {
    expect(markReplay(odd, replay)).toBe(odd)
  }
})
