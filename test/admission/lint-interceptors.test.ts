import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { admitManifests } from '../../src/admission/admit.js'
import { SHARED } from '../helpers/cli.js'

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
            - { name: filters, value: "true" }
            - { name: overlays, value: [{ key: a, expression: body.a }, { key: b, expression: body.b, expr: body.c }] }
        - ref: { name: github }
          params:
            - { name: secretRef, value: { name: hook, key: token } }
            - { name: EventTypes, value: [push] }
            - { name: addChangedFiles, value: { enabled: "true", constructor: 1 } }
        - ref: { name: ours }
          params: [{ name: anything, value: 1 }]
        - ref: { name: github, kind: NamespacedInterceptor }
          params: [{ name: anything, value: 1 }]
      template: { ref: t }
  triggerGroups:
    - name: group
      interceptors:
        - ref: { name: cel, kind: ClusterInterceptor }
          params: [{ name: filter, value: true }]
      triggerSelector: { labelSelector: { matchLabels: { a: b } } }
`

test('params that an interceptor does not read, or cannot, are warned of where they stand', () => {
  const admitted = admitManifests([{ text: LISTENER, file: 'app.yaml' }])
  expect(admitted.is).toBe('ok')
  const chain = 'spec.triggers[0].interceptors'
  expect(admitted.warnings.map(({ paths, message, hint }) => [paths[0], message, hint])).toEqual([
    [
      `${chain}[0].params[0].name`,
      'the cel interceptor reads no param "filters": it is as if it were not there',
      'it reads filter, overlays here',
    ],
    [
      `${chain}[0].params[1].value[1].expr`,
      'the cel interceptor reads no param "overlays[1].expr": it is as if it were not there',
      'it reads key, expression here',
    ],
    ...['name', 'key'].map(name => [
      `${chain}[1].params[0].value.${name}`,
      `the github interceptor reads no param "secretRef.${name}": it is as if it were not there`,
      'it reads secretName, secretKey here',
    ]),
    [
      `${chain}[1].params[2].value.constructor`,
      'the github interceptor reads no param "addChangedFiles.constructor": it is as if it were not there',
      'it reads enabled, personalAccessToken here',
    ],
    [
      `${chain}[1].params[2].value`,
      'failed to parse interceptor params: invalid json: json: cannot unmarshal string into Go struct field AddChangedFiles.addChangedFiles.enabled of type bool',
      'as it is, every event fails this trigger',
    ],
    [
      'spec.triggerGroups[0].interceptors[0].params[0].value',
      'failed to parse interceptor params: invalid json: json: cannot unmarshal bool into Go struct field InterceptorParams.filter of type string',
      'as it is, every event fails this trigger',
    ],
  ])
})

test('no param of the examples is warned of', () => {
  const folder = join(SHARED, 'triggers-examples')
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(({ name }) =>
    name.endsWith('.yaml'),
  )
  const texts = files.map(file => ({ text: readFileSync(join(file.parentPath, file.name), 'utf8'), file: file.name }))
  expect(texts.filter(({ text }) => text.includes('interceptors:')).length).toBeGreaterThan(8)
  const { warnings } = admitManifests(texts)
  expect(warnings.filter(({ message }) => /interceptor/.test(message))).toEqual([])
})
