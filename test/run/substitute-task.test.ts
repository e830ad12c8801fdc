import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TaskSpec, WorkspaceBinding } from '../../src/resources/tekton.js'
import { paramReplacements } from '../../src/run/params.js'
import { NOTHING } from '../../src/run/substitute.js'
import { substituteBinding, substituteTaskSpec } from '../../src/run/substitute-task.js'
import { textsIn } from '../../src/run/task-variables.js'
import { frozen } from '../helpers/frozen.js'
import { yaml } from '../helpers/yaml.js'

const known = paramReplacements([
  { name: 'p', value: 'V' },
  { name: 'list', value: ['1', '2'] },
  { name: 'map', value: { k: 'v' } },
])

// Every field that takes a variable holds one: none may be left. (spec/tekton-features.md, 4.2)
const EVERY_FIELD = yaml<TaskSpec>(`
params: [{ name: p, default: literal }]
steps:
  - name: $(params.p)
    image: $(params.p)
    imagePullPolicy: $(params.p)
    command: ["$(params.list[*])", x-$(params.p)]
    args: ["$(params.list)"]
    script: "$(params.p) $(params.list[0]) $(params.map.k)"
    workingDir: $(params.p)
    onError: $(params.p)
    env:
      - { name: a, value: $(params.p) }
      - { name: b, valueFrom: { secretKeyRef: { name: $(params.p), key: $(params.p) } } }
      - { name: c, valueFrom: { configMapKeyRef: { name: $(params.p), key: $(params.p) } } }
    envFrom:
      - { prefix: $(params.p), configMapRef: { name: $(params.p) } }
      - { secretRef: { name: $(params.p) } }
    volumeMounts: [{ name: $(params.p), mountPath: $(params.p), subPath: $(params.p) }]
    stdoutConfig: { path: $(params.p) }
    stderrConfig: { path: $(params.p) }
    when: [{ input: $(params.p), operator: in, values: ["$(params.list[*])"] }, { cel: "'$(params.p)' == 'V'" }]
    params: [{ name: x, value: "$(params.map[*])" }, { name: y, value: ["$(params.list[*])"] }]
    ref: { resolver: git, params: [{ name: url, value: $(params.p) }] }
sidecars:
  - { name: $(params.p), image: $(params.p), script: $(params.p), command: ["$(params.list[*])"], env: [{ name: a, value: $(params.p) }] }
stepTemplate: { image: $(params.p), args: ["$(params.list[*])"], env: [{ name: a, value: $(params.p) }] }
workspaces: [{ name: w, mountPath: /$(params.p) }]
volumes:
  - { name: $(params.p), configMap: { name: $(params.p), items: [{ key: $(params.p), path: $(params.p) }] } }
  - { name: s, secret: { secretName: $(params.p), items: [{ key: $(params.p), path: $(params.p) }] } }
  - { name: c, persistentVolumeClaim: { claimName: $(params.p) } }
  - name: j
    projected:
      sources:
        - { configMap: { name: $(params.p) } }
        - { secret: { name: $(params.p) } }
        - { serviceAccountToken: { path: t, audience: $(params.p) } }
  - { name: i, csi: { driver: d, nodePublishSecretRef: { name: $(params.p) }, volumeAttributes: { a: $(params.p) } } }
`)

test('every field that takes a variable is reached', () => {
  const spec = substituteTaskSpec(EVERY_FIELD, known)
  expect(textsIn(spec).filter(text => text.includes('$('))).toEqual([])
  const [step] = spec.steps
  expect(step).toMatchObject({ name: 'V', command: ['1', '2', 'x-V'], args: ['1', '2'], script: 'V 1 v', onError: 'V' })
  expect(step?.params).toEqual([
    { name: 'x', value: { k: 'v' } },
    { name: 'y', value: ['1', '2'] },
  ])
  expect(step?.when).toEqual([{ input: 'V', operator: 'in', values: ['1', '2'] }, { cel: "'V' == 'V'" }])
  expect(spec.volumes?.[4]?.csi).toEqual({
    driver: 'd',
    nodePublishSecretRef: { name: 'V' },
    volumeAttributes: { a: 'V' },
  })
})

test('fields that take none, and unknown variables, stay as they stand', () => {
  const spec = yaml<TaskSpec>(`
description: $(params.p)
steps: [{ script: "$(date) $(params.none) $(params.list[*])", timeout: $(params.p), displayName: $(params.p) }]
volumes: [{ name: h, hostPath: { path: $(params.p) } }, { name: e, emptyDir: { medium: $(params.p) } }]
results: [{ name: r, value: $(steps.a.results.p) }]
`)
  expect(substituteTaskSpec(spec, known)).toEqual(spec)
})

test('bindings: sources and subPath, not the claim template', () => {
  const binding = (one: object) => substituteBinding(frozen({ name: 'w', ...one } as WorkspaceBinding), known)
  const text = '$(params.p)'
  expect(binding({ subPath: text, persistentVolumeClaim: { claimName: text } })).toEqual({
    name: 'w',
    subPath: 'V',
    persistentVolumeClaim: { claimName: 'V' },
  })
  expect(binding({ csi: { driver: text } }).csi).toEqual({ driver: 'V' })
  expect(binding({ volumeClaimTemplate: { spec: { storageClassName: text } } })).toEqual({
    name: 'w',
    volumeClaimTemplate: { spec: { storageClassName: text } },
  })
})

test('the inline task of a pipeline may have no steps', () => {
  const custom = { apiVersion: 'example.dev/v1', kind: 'Wait', spec: { for: '$(params.p)' } }
  expect(substituteTaskSpec(custom, known)).toEqual(custom)
})

test('nothing known changes nothing, and what was put in is not read again', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (script, value) => {
      const spec: TaskSpec = frozen({ steps: [{ script }] })
      expect(substituteTaskSpec(spec, NOTHING)).toEqual(spec)
      const once = substituteTaskSpec(
        { steps: [{ script: '<$(params.p)>' }] },
        paramReplacements([
          { name: 'p', value: `${value}$(params.q)` },
          { name: 'q', value: 'never' },
        ]),
      )
      expect(once.steps[0]?.script).toBe(`<${value}$(params.q)>`)
    }),
  )
})
