/** How a strategic merge patch merges, as the schemas of Kubernetes say it. Pure. */

import { isRecord } from '../../resources/shape.js'
import { resolve, type Schema } from '../openapi/schemas.js'
import type { FieldRules, MergeRules } from './strategic-merge-patch.js'

export function mergeRulesOf(schema: Schema | undefined): MergeRules {
  return { field: name => rulesOf(fieldOf(schema, name)) }
}

function fieldOf(given: Schema | undefined, name: string): Schema | undefined {
  if (given === undefined) return undefined
  const { properties = {}, additionalProperties } = resolve(given)
  if (Object.hasOwn(properties, name)) return resolve(properties[name]!)
  return isRecord(additionalProperties) ? resolve(additionalProperties as Schema) : undefined
}

function rulesOf(field: Schema | undefined): FieldRules {
  const strategies = (field?.['x-kubernetes-patch-strategy'] ?? '').split(',')
  const mergeKey = field?.['x-kubernetes-patch-merge-key']
  return {
    merges: strategies.includes('merge'),
    ...(mergeKey !== undefined && { mergeKey }),
    inside: mergeRulesOf(field?.items ?? field),
  }
}
