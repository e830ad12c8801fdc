import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { admitManifests } from '../../src/admission/admit.js'
import { SHARED } from '../helpers/cli.js'
import { yamlDocuments } from '../helpers/yaml.js'

const LISTENER = `
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: { name: app }
spec:
  triggers:
    - name: push
      interceptors:
        - ref: { name: cel }
          params:
            - { name: filter, value: "body.ref.startsWiht('x')" }
            - { name: overlays, value: [{ key: a, expression: body.a }, { key: b, expression: body.b + }] }
      template: { ref: t }
  triggerGroups:
    - name: group
      interceptors:
        - ref: { name: cel, kind: ClusterInterceptor }
          params: [{ name: filter, value: boddy.x == 1 }]
        - ref: { name: cel, kind: NamespacedInterceptor }
          params: [{ name: filter, value: what somebody else reads }]
      triggerSelector: { labelSelector: { matchLabels: { a: b } } }
`

test('expressions that no event can make work are warned of, where they stand', () => {
  const admitted = admitManifests([{ text: LISTENER, file: 'app.yaml' }])
  expect(admitted.is).toBe('ok')
  expect(admitted.warnings.map(({ message, paths }) => [paths[0], message])).toEqual([
    [
      'spec.triggers[0].interceptors[0].params[0].value',
      `expression "body.ref.startsWiht('x')" check failed: ERROR: <input>:1:9: undeclared reference to 'startsWiht' (in container '')`,
    ],
    [
      'spec.triggers[0].interceptors[0].params[1].value[1].expression',
      expect.stringMatching(/^failed to parse expression "body\.b \+": ERROR: <input>:1:/),
    ],
    [
      'spec.triggerGroups[0].interceptors[0].params[0].value',
      `expression "boddy.x == 1" check failed: ERROR: <input>:1:1: undeclared reference to 'boddy' (in container '')`,
    ],
  ])
})

test('no expression of the examples is warned of', () => {
  const folder = join(SHARED, 'triggers-examples')
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(({ name }) =>
    name.endsWith('.yaml'),
  )
  const texts = files.map(file => ({ text: readFileSync(join(file.parentPath, file.name), 'utf8'), file: file.name }))
  expect(texts.filter(({ text }) => text.includes('"filter"') || text.includes('filter')).length).toBeGreaterThan(3)
  expect(texts.flatMap(({ text }) => yamlDocuments(text)).length).toBeGreaterThan(30)
  const { warnings } = admitManifests(texts)
  expect(warnings.filter(({ message }) => /expression/.test(message))).toEqual([])
})
