/** Field table of apiextensions.k8s.io. The schemas in it have a table of their own, in `admission/custom/schema-fields.ts`. */
import type { Fields, Shape } from './shape.js'

const strings: Shape = { list: 'string' }

const NAMES: Fields = {
  fields: {
    plural: 'string',
    singular: 'string',
    kind: 'string',
    listKind: 'string',
    shortNames: strings,
    categories: strings,
  },
}

const PRINTER_COLUMN: Fields = {
  fields: {
    name: 'string',
    type: 'string',
    format: 'string',
    description: 'string',
    priority: 'integer',
    jsonPath: 'string',
  },
  hints: { JSONPath: 'in apiextensions.k8s.io/v1 the field is called jsonPath' },
}

const VERSION: Fields = {
  fields: {
    name: 'string',
    served: 'boolean',
    storage: 'boolean',
    deprecated: 'boolean',
    deprecationWarning: 'string',
    schema: { fields: { openAPIV3Schema: 'object' } },
    subresources: {
      fields: {
        status: 'object',
        scale: {
          fields: { specReplicasPath: 'string', statusReplicasPath: 'string', labelSelectorPath: 'string' },
        },
      },
    },
    additionalPrinterColumns: { list: PRINTER_COLUMN },
    selectableFields: { list: { fields: { jsonPath: 'string' } } },
  },
}

const PER_VERSION = 'in apiextensions.k8s.io/v1 it stands in each of spec.versions'

export const DEFINITION_SPEC: Fields = {
  fields: {
    group: 'string',
    names: NAMES,
    scope: 'string',
    versions: { list: VERSION },
    conversion: { fields: { strategy: 'string', webhook: 'object' } },
    preserveUnknownFields: 'boolean',
  },
  hints: {
    version: PER_VERSION,
    validation: 'in apiextensions.k8s.io/v1 it is called schema, and stands in each of spec.versions',
    subresources: PER_VERSION,
    additionalPrinterColumns: PER_VERSION,
  },
}
