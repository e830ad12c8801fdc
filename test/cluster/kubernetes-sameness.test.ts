import { expect, test } from 'vitest'
import type { WireObject } from '../../src/cluster/kubernetes/resources.js'
import { isMadeByUs, isReplaced, isStatusReplaced } from '../../src/cluster/kubernetes/sameness.js'
import { cases } from '../helpers/cases.js'

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds))
const sent: WireObject = {
  kind: 'Pod',
  metadata: { name: 'x', labels: { app: 'a' }, ownerReferences: [{ uid: 'o' }], finalizers: [] },
  spec: { containers: [{ name: 'c', args: [] }], volumes: [{ name: 'v' }] },
}
const stored: WireObject = {
  ...sent,
  metadata: {
    name: 'x',
    uid: 'u',
    labels: { app: 'a', added: 'b' },
    ownerReferences: [{ uid: 'o', controller: true }],
  },
  spec: { containers: [{ name: 'c', image: 'default' }], volumes: [{ name: 'v' }, { name: 'token' }], dns: 'default' },
  status: { phase: 'Pending' },
}

test.each(
  cases<{ readonly stored?: Partial<WireObject>; readonly made?: number; readonly is: boolean }>({
    'with defaults and what admission put in': { is: true },
    'another value': { stored: { spec: { containers: [{ name: 'd' }], volumes: [{ name: 'v' }] } }, is: false },
    'a list that is shorter': { stored: { spec: { containers: [{ name: 'c' }], volumes: [] } }, is: false },
    'another owner': {
      stored: { metadata: { ...stored.metadata, ownerReferences: [{ uid: 'p' }] } },
      is: false,
    },
    'a label missing': { stored: { metadata: { ...stored.metadata, labels: {} } }, is: false },
    'the same, from before we asked': { made: 50, is: false },
    'the same, within the rounding of both clocks': { made: 57, is: true },
    'the same, of nobody knows when': { made: Number.NaN, is: false },
  }),
)('an object in the way is ours or not: %s', (_, { stored: other = {}, made = 59, is }) => {
  const found = { ...stored, ...other }
  const creationTimestamp = Number.isNaN(made) ? undefined : at(made).toISOString()
  const dated = { ...found, metadata: { ...found.metadata, creationTimestamp } }
  expect(isMadeByUs(dated, sent, { servedAt: at(60).toUTCString(), sinceFirstTryMs: 1000 })).toBe(is)
  expect(isMadeByUs(dated, sent, { servedAt: undefined, sinceFirstTryMs: 1000 })).toBe(false)
})

const written: WireObject = { kind: 'Secret', metadata: { uid: 'u', labels: {} }, data: { a: 'MQ==' } }

test.each(
  cases<{ readonly stored: WireObject; readonly is: boolean }>({
    'as sent, another version': { stored: { ...written, metadata: { uid: 'u', resourceVersion: '9' } }, is: true },
    'the status does not count': { stored: { ...written, status: { a: 1 } }, is: true },
    // Else a replace that took a label away would count as done when it never was.
    'more than was sent': { stored: { ...written, metadata: { uid: 'u', labels: { more: 'x' } } }, is: false },
    'an empty text more': { stored: { ...written, data: { a: 'MQ==', b: '' } }, is: false },
    'another value': { stored: { ...written, data: { a: 'Mg==' } }, is: false },
    'a namesake': { stored: { ...written, metadata: { uid: 'v' } }, is: false },
    'a built-in name more': { stored: { ...written, data: { a: 'MQ==', constructor: 'x' } }, is: false },
  }),
)('a replace was done or not: %s', (_, { stored: found, is }) => {
  expect(isReplaced(found, written)).toBe(is)
  expect(isReplaced(found, { ...written, data: { a: 'Mg==' }, stringData: { a: '1' } })).toBe(is)
})

test('a status was replaced when it is what was sent, whatever the rest', () => {
  const run = { metadata: { uid: 'u' }, spec: { a: 1 }, status: { conditions: [{ type: 'A' }], skipped: [] } }
  const same = { ...run, metadata: { uid: 'u', labels: { a: 'b' } }, status: { conditions: [{ type: 'A' }] } }
  expect(isStatusReplaced(same, run)).toBe(true)
  expect(isStatusReplaced({ ...same, status: { conditions: [] } }, run)).toBe(false)
  expect(isStatusReplaced({ ...same, metadata: { uid: 'v' } }, run)).toBe(false)
})
