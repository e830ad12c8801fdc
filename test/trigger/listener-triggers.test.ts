import { expect, test } from 'vitest'
import type { EventListener, LabelSelector, Trigger } from '../../src/resources/triggers.js'
import { matchesLabels, triggerSources, triggersOf } from '../../src/trigger/listener-triggers.js'
import { cases } from '../helpers/cases.js'
import { yaml, yamlDocuments } from '../helpers/yaml.js'

function listener(spec: string): EventListener {
  return {
    apiVersion: 'triggers.tekton.dev/v1beta1',
    kind: 'EventListener',
    metadata: { name: 'app', namespace: 'ci', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
    spec: yaml<EventListener['spec']>(spec),
  }
}

const TRIGGERS = yamlDocuments<Trigger>(`
metadata: { namespace: ci, name: a, labels: { tier: web } }
spec: { template: { ref: t } }
---
metadata: { namespace: ci, name: b, labels: { tier: db } }
spec: { template: { ref: t }, interceptors: [{ ref: { name: cel } }] }
---
metadata: { namespace: other, name: a, labels: { tier: web } }
spec: { template: { ref: t } }
`)

interface Case {
  readonly spec: string
  readonly ids: readonly string[]
  readonly namespaces: readonly string[] | 'all'
}

const table = cases<Case>({
  'inline ones, with and without names': {
    spec: 'triggers: [{ name: x, template: { ref: t } }, { template: { ref: t } }, { template: { ref: t } }]',
    ids: ['ci/x#0', 'ci/#0', 'ci/#1'],
    namespaces: [],
  },
  'a reference, and one to nothing': {
    spec: 'triggers: [{ triggerRef: b }, { triggerRef: gone }]',
    ids: ['ci/b#0', 'missing gone'],
    namespaces: [],
  },
  'no selector selects nothing': { spec: 'triggers: []', ids: [], namespaces: [] },
  'labels alone: the own namespace': {
    spec: 'labelSelector: { matchLabels: { tier: web } }',
    ids: ['ci/a#0'],
    namespaces: ['ci'],
  },
  'namespaces alone: everything in them': {
    spec: 'namespaceSelector: { matchNames: [other] }',
    ids: ['other/a#0'],
    namespaces: ['other'],
  },
  'all namespaces with labels': {
    spec: 'namespaceSelector: { matchNames: ["*"] }\nlabelSelector: { matchLabels: { tier: web } }',
    ids: ['ci/a#0', 'other/a#0'],
    namespaces: 'all',
  },
  'referred to and selected counts twice': {
    spec: 'triggers: [{ triggerRef: a }]\nlabelSelector: { matchLabels: { tier: web } }',
    ids: ['ci/a#0', 'ci/a#1'],
    namespaces: ['ci'],
  },
  'two groups that select the same': {
    spec: `triggerGroups:
      - { name: g, interceptors: [{ ref: { name: github } }], triggerSelector: { labelSelector: { matchLabels: { tier: db } } } }
      - { name: h, interceptors: [{ ref: { name: cel } }], triggerSelector: { namespaceSelector: { matchNames: [ci] } } }`,
    ids: ['ci/b#0', 'ci/a#0', 'ci/b#1'],
    namespaces: ['ci'],
  },
})

test.each(table)('triggers of a listener: %s', (_, { spec, ids, namespaces }) => {
  const subject = listener(spec)
  const found = triggersOf(subject, TRIGGERS)
  expect(found.map(one => (one.is === 'trigger' ? one.trigger.id : `missing ${one.name}`))).toEqual(ids)
  expect(triggerSources(subject).namespaces).toEqual(namespaces)
})

test('the interceptors of a group come first, with the Secrets of the listener', () => {
  const [one] = triggersOf(
    listener(`triggerGroups:
      - interceptors: [{ ref: { name: github } }]
        triggerSelector: { namespaceSelector: { matchNames: [other] } }`),
    TRIGGERS.map(trigger => ({ ...trigger, spec: { ...trigger.spec, interceptors: [{ ref: { name: 'cel' } }] } })),
  )
  expect(one).toMatchObject({
    trigger: {
      chain: [
        { interceptor: { ref: { name: 'github' } }, namespace: 'ci' },
        { interceptor: { ref: { name: 'cel' } }, namespace: 'other' },
      ],
    },
  })
})

const selectors = cases<{ readonly selector: LabelSelector; readonly matches: readonly string[] }>({
  everything: { selector: {}, matches: ['web', 'db', 'none'] },
  In: { selector: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['web'] }] }, matches: ['web'] },
  NotIn: {
    selector: { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['web'] }] },
    matches: ['db', 'none'],
  },
  Exists: { selector: { matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, matches: ['web', 'db'] },
  DoesNotExist: { selector: { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, matches: ['none'] },
  'an operator that nobody knows': { selector: { matchExpressions: [{ key: 'tier', operator: 'Like' }] }, matches: [] },
  'a key that every object has': {
    selector: { matchExpressions: [{ key: 'toString', operator: 'Exists' }] },
    matches: [],
  },
})

test.each(selectors)('label selector: %s', (_, { selector, matches }) => {
  const labels = { web: { tier: 'web' }, db: { tier: 'db' }, none: {} }
  const matching = Object.entries(labels).filter(([, set]) => matchesLabels(selector, set))
  expect(matching.map(([name]) => name)).toEqual(matches)
})

test.each([
  '5',
  'null',
  '{ triggers: 5 }',
  '{ triggers: [5] }',
  '{ triggers: [{ interceptors: {} }] }',
  '{ triggerGroups: {} }',
])('a listener that nobody looked at is one malformed trigger: %s', spec => {
  const malformed = listener(spec)
  expect(triggerSources(malformed)).toEqual({ refs: [], namespaces: [] })
  expect(triggersOf(malformed, TRIGGERS)).toEqual([
    {
      is: 'missing',
      name: 'app',
      message: expect.stringMatching(/^EventListener ci\/app is malformed: spec/),
      what: 'a sound EventListener "ci/app"',
    },
  ])
})

test('a Trigger that nobody looked at fails alone', () => {
  const [good] = TRIGGERS
  const bad = yaml<Trigger>('{ metadata: { namespace: ci, name: bad, labels: { tier: web } }, spec: { bindings: 5 } }')
  const found = triggersOf(listener('{ labelSelector: { matchLabels: { tier: web } } }'), [bad, good!])
  expect(found.map(one => (one.is === 'missing' ? one.message : one.trigger.id)).sort()).toEqual([
    'Trigger ci/bad is malformed: spec.bindings: Invalid value: "integer": spec.bindings in body must be of type array: "integer"',
    'ci/a#0',
  ])
})
