/** CustomResourceDefinitions: what is refused, in apiextensions' words, and what is filled in. */
import { expect, test } from 'vitest'
import { admit } from '../../src/admission/admit.js'
import { validateDefinitionUpdate } from '../../src/admission/custom/definition.js'
import type { CustomResourceDefinition } from '../../src/resources/custom-resources.js'
import { problemText } from '../../src/resources/problem.js'
import { widgets } from '../helpers/custom-resources.js'
import { yamlCases } from '../helpers/yaml.js'

interface Case {
  readonly name?: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly spec?: object
  readonly names?: object
  readonly schema?: object
  /** `S` is where the schema is. */
  readonly problems: readonly string[]
}

const SCHEMA = 'spec.versions[0].schema.openAPIV3Schema'

test.each(yamlCases<Case>(new URL('custom-definitions.cases.yaml', import.meta.url)))('%s', (_, one) => {
  const { problems, name = 'widgets.example.com', annotations = {}, ...over } = one
  const admission = admit({ ...widgets(over), metadata: { name, annotations } })
  // CEL's problems show the place in further lines.
  const found = admission.is === 'refused' ? admission.problems.map(each => problemText(each).split('\n')[0]) : []
  expect(found.sort()).toEqual(problems.map(text => text.replaceAll(/\bS(?=[.[])/g, SCHEMA)).sort())
})

test('names, versions and the way of converting are filled in', () => {
  expect(admit(widgets({ schema: { type: 'object', nullable: null } }))).toMatchObject({
    object: {
      spec: {
        names: { singular: 'widget', listKind: 'WidgetList' },
        versions: [{ served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
        conversion: { strategy: 'None' },
      },
    },
  })
})

test('a definition of what is built in is taken with a warning, whatever its schema says', () => {
  const spec = {
    group: 'tekton.dev',
    names: { plural: 'tasks', kind: 'Task' },
    conversion: { strategy: 'Webhook', webhook: {} },
    versions: ['v1', 'v1beta1'].map(name => ({ name, served: true, storage: name === 'v1', schema: {} })),
  }
  const admission = admit({ ...widgets({ spec }), metadata: { name: 'tasks.tekton.dev' } })
  expect(admission).toMatchObject({
    is: 'ok',
    warnings: [{ message: 'Tektite has Task of tekton.dev built in: this definition is kept, and changes nothing' }],
  })
})

test('what objects are stored under does not change while there may be some', () => {
  const stored = {
    ...widgets({}),
    status: { conditions: [{ type: 'Established', status: 'True' }], storedVersions: ['v0', 'v1'] },
  } as unknown as CustomResourceDefinition
  const next = widgets({
    spec: { scope: 'Cluster', group: 'example.org' },
    names: { kind: 'Gadget', plural: 'gadgets' },
  })
  expect(validateDefinitionUpdate(stored, next as unknown as CustomResourceDefinition).map(problemText)).toEqual([
    'spec.scope: Invalid value: "Cluster": field is immutable',
    'spec.names.kind: Invalid value: "Gadget": field is immutable',
    'spec.group: Invalid value: "example.org": field is immutable',
    'spec.names.plural: Invalid value: "gadgets": field is immutable',
    'status.storedVersions[0]: Invalid value: "v0": missing from spec.versions; v0 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v0 and removes v0 from status.storedVersions',
  ])
  expect(validateDefinitionUpdate({ ...stored, status: {} }, { spec: stored.spec })).toEqual([])
})
