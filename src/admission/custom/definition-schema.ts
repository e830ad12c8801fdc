/** The schema of one version of a CustomResourceDefinition: whether it may be one, from the outside to the inside. */
import { Meter } from '../../cel/meter.js'
import { LimitExceeded } from '../../cel/problem.js'
import { patternProblem } from '../../cel/regex.js'
import { fieldForbidden, fieldInvalid } from '../../resources/field-problems.js'
import type { JsonSchema } from '../../resources/json-schema.js'
import type { Problem } from '../../resources/problem.js'
import { ruleProblems } from './cel-rules.js'
import { NEW } from './correlate.js'
import { rulesProblems } from './definition-rules.js'
import { listProblems } from './list-types.js'
import { pruned } from './prune.js'
import { schemaFieldProblems } from './schema-fields.js'
import { schemasIn, structuralProblems } from './structural.js'
import { MAX_PATTERN_CHARS, validateValue } from './validate-value.js'

/** What one schema may cost: its patterns and defaults. */
const MAX_COST = 5_000_000

/** Each look counts on what those before it found to be right. */
export function schemaProblems(schema: unknown, path: string): readonly Problem[] {
  const fields = schemaFieldProblems(schema, path)
  if (fields.length > 0) return fields
  const checked = schema as JsonSchema
  const structural = structuralProblems(checked, path)
  if (structural.length > 0) return structural
  const meter = new Meter(undefined, MAX_COST)
  try {
    const patterns = patternProblems(checked, path, meter)
    const rules = patterns.length > 0 ? patterns : rulesProblems(checked, path)
    return rules.length > 0 ? rules : defaultProblems(checked, path, meter)
  } catch (error) {
    if (!(error instanceof LimitExceeded)) throw error
    return [fieldForbidden(path, `checking the schema costs too much (${error.message}): make it simpler`)]
  }
}

function patternProblems(schema: JsonSchema, path: string, meter: Meter): readonly Problem[] {
  return [...schemasIn(schema, path)].flatMap(([place, { pattern = '' }]) => {
    const wrong = pattern === '' ? undefined : patternProblem(pattern, meter, MAX_PATTERN_CHARS)
    if (wrong === undefined) return []
    return [fieldInvalid(`${place}.pattern`, pattern, `must be a valid regular expression, but isn't: ${wrong}`)]
  })
}

/** A default must be what its own schema takes: nobody could mend it in an object. */
function defaultProblems(schema: JsonSchema, path: string, meter: Meter): readonly Problem[] {
  return [...schemasIn(schema, path)].flatMap(([place, part]) => {
    const value = part.default
    if (value === undefined || value === null) return []
    const at = `${place}.default`
    const embedded = part['x-kubernetes-embedded-resource'] === true
    const unknown = embedded ? [] : pruned(part, value).unknown
    if (unknown.length > 0) return [fieldInvalid(at, value, 'must not have unknown fields')]
    const wrong = [...validateValue(part, value, at, meter), ...listProblems(part, value, at, meter)]
    return wrong.length > 0 ? wrong : ruleProblems(part, value, { path: at, old: NEW, meter, isRoot: false })
  })
}
