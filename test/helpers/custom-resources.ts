/** A CustomResourceDefinition of Widgets, for tests to change. */
import { admit } from '../../src/admission/admit.js'
import { settleDefinitions } from '../../src/resources/definition-status.js'
import { type KindEntry, kindTable } from '../../src/resources/kind-table.js'
import { problemText } from '../../src/resources/problem.js'
import { yaml } from './yaml.js'

export interface Changes {
  readonly spec?: object
  readonly names?: object
  readonly schema?: object
  readonly version?: object
}

const SCHEMA = yaml<object>`
type: object
properties:
  spec:
    type: object
    required: [size]
    properties:
      size: {type: integer, minimum: 1, maximum: 100}
      color: {type: string, enum: [red, green], default: red}
      tags: {type: array, items: {type: string}}
  status:
    type: object
    properties:
      phase: {type: string}
`

/** As somebody writes it: without defaults and without a status. */
export function widgets({ spec = {}, names = {}, schema = SCHEMA, version = {} }: Changes) {
  const columns = [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }]
  const only = {
    name: 'v1',
    served: true,
    storage: true,
    schema: { openAPIV3Schema: schema },
    subresources: { status: {} },
    additionalPrinterColumns: columns,
    ...version,
  }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'], ...names },
      scope: 'Namespaced',
      versions: [only],
      ...spec,
    },
  }
}

export function widget(name: string, spec: object = { size: 3 }) {
  return { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name }, spec }
}

/** The kind that an established definition makes. The schema is that of the spec, unless it is that of the `root`. */
export function kindOfWidgets(schema: object, { root = false } = {}): KindEntry {
  const whole = root ? schema : { type: 'object', properties: { spec: schema, status: { type: 'object' } } }
  const definition = admit(widgets({ schema: whole }))
  if (definition.is === 'refused') throw new Error(definition.problems.map(problemText).join('\n'))
  const entry = kindTable(settleDefinitions([definition.object as never], '')).of('Widget.example.com')
  if (entry === undefined) throw new Error('the definition makes no kind')
  return entry
}
