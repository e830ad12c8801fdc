/** Param values: what is text, list or map of text stays; everything else is its JSON text. */
import { expect, test } from 'vitest'
import { admit } from '../../src/admission/admit.js'
import { parse11 } from '../resources/yaml-text.js'

test.each([
  ['text', 'text'],
  ['5', '5'],
  ['1.10', '1.1'],
  ['yes', 'true'],
  ['~', ''],
  ['[a, b]', ['a', 'b']],
  ['[]', []],
  ['[a, ~]', ['a', '']],
  ['[1, 2]', '[1,2]'],
  ['[a, true]', '["a",true]'],
  ['{b: x, a: z}', { b: 'x', a: 'z' }],
  ['{b: 1, a: {c: d}}', '{"a":{"c":"d"},"b":1}'],
  ['12345678901234567890', '12345678901234567890'],
])('value: %s', (text, value) => {
  const run = `{apiVersion: tekton.dev/v1, kind: TaskRun, metadata: {name: a}, spec: {taskRef: {name: t}, params: [{name: p, value: ${text}}]}}`
  expect(admit(parse11(run))).toMatchObject({ is: 'ok', object: { spec: { params: [{ name: 'p', value }] } } })
})

test('what a server wrote does not come back in', () => {
  const answer = admit(
    parse11(
      '{apiVersion: v1, kind: ConfigMap, metadata: {name: a, uid: u, resourceVersion: "7", creationTimestamp: "2026-01-01T00:00:00Z", managedFields: [{}], labels: {a: b}}, data: {x: z}, status: {}}',
    ),
  )
  expect(answer).toEqual({
    is: 'ok',
    kind: 'ConfigMap',
    object: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', namespace: 'default', labels: { a: 'b' } },
      data: { x: 'z' },
    },
    dropped: [],
    warnings: [],
  })
})

test('large integers in free places do not break JSON', () => {
  const template =
    '{apiVersion: triggers.tekton.dev/v1beta1, kind: TriggerTemplate, metadata: {name: a}, spec: {resourcetemplates: [{apiVersion: v1, kind: ConfigMap, size: 9007199254740993}]}}'
  const answer = admit(parse11(template))
  expect(answer.is === 'ok' && JSON.stringify(answer.object)).toContain('"size":9007199254740992')
})
