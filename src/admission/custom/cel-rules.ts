/** x-kubernetes-validations: rules in CEL over parts of an object, with the texts of apiextensions. */
import { createEnvironment, type Environment, mentions } from '../../cel/expression.js'
import { EXTENSIONS } from '../../cel/extensions.js'
import { KUBERNETES } from '../../cel/functions/kubernetes.js'
import type { Meter } from '../../cel/meter.js'
import type { Value } from '../../cel/values.js'
import { fieldDuplicate, fieldForbidden, fieldInvalid, fieldRequired } from '../../resources/field-problems.js'
import { type JsonSchema, schemaOfKey, type ValidationRule } from '../../resources/json-schema.js'
import type { Problem } from '../../resources/problem.js'
import { isRecord } from '../../resources/shape.js'
import { celType, celValue } from './cel-types.js'
import { type Correlated, itemOf, memberOf, unchanged } from './correlate.js'

const environments = new WeakMap<JsonSchema, { readonly root?: Environment; readonly inner?: Environment }>()

/** Undefined when rules cannot see the part at all. */
export function environmentOf(schema: JsonSchema, isRoot: boolean): Environment | undefined {
  const known = environments.get(schema) ?? {}
  const found = isRoot ? known.root : known.inner
  if (found !== undefined) return found
  const type = celType(schema, isRoot)
  if (type === undefined) return undefined
  const made = createEnvironment({ self: type, oldSelf: type }, [...EXTENSIONS, ...KUBERNETES])
  environments.set(schema, { ...known, ...(isRoot ? { root: made } : { inner: made }) })
  return made
}

/** Whether any rule stands in a schema. */
export function hasRules(schema: JsonSchema): boolean {
  const known = ruled.get(schema)
  if (known !== undefined) return known
  const inner = [schema.items, ...Object.values(schema.properties ?? {}), schema.additionalProperties]
  const found = rulesOf(schema).length > 0 || inner.some(one => isRecord(one) && hasRules(one as JsonSchema))
  ruled.set(schema, found)
  return found
}

const ruled = new WeakMap<JsonSchema, boolean>()

export function rulesOf(schema: JsonSchema): readonly ValidationRule[] {
  return schema['x-kubernetes-validations'] ?? []
}

/** What the rules of a schema, and of the schemas in it, say of a value that is valid otherwise. */
export function ruleProblems(
  schema: JsonSchema,
  value: unknown,
  {
    path,
    old,
    meter,
    isRoot,
  }: { readonly path: string; readonly old: Correlated; readonly meter: Meter; readonly isRoot: boolean },
): readonly Problem[] {
  const problems: Problem[] = []
  visit({ problems, meter, exhausted: false }, schema, { value, old, path, isRoot })
  return problems
}

interface Run {
  readonly problems: Problem[]
  readonly meter: Meter
  /** No rule is evaluated any more. */
  exhausted: boolean
}

interface Part {
  readonly value: unknown
  readonly old: Correlated
  readonly path: string
  readonly isRoot: boolean
}

function visit(run: Run, schema: JsonSchema, part: Part): void {
  const { value, old, path } = part
  if (value === null || run.exhausted || !hasRules(schema)) return
  const rules = rulesOf(schema)
  const self = rules.length > 0 ? celValue(schema, value, part.isRoot) : undefined
  if (self !== undefined) for (const rule of rules) if (!run.exhausted) evaluate(run, schema, rule, { ...part, self })
  const inside = (inner: JsonSchema, at: unknown, before: Correlated, place: string) =>
    visit(run, inner, { value: at, old: before, path: place, isRoot: false })
  if (Array.isArray(value) && schema.items !== undefined) {
    const itemBefore = itemOf(old, schema)
    for (const [index, item] of value.entries()) inside(schema.items, item, itemBefore(item), `${path}[${index}]`)
  } else if (isRecord(value)) {
    for (const [key, inner] of Object.entries(value)) {
      const property = schemaOfKey(schema, key)
      const isField = schema.properties !== undefined && Object.hasOwn(schema.properties, key)
      const place = isField ? (path === '' ? key : `${path}.${key}`) : `${path}[${key}]`
      if (property !== undefined) inside(property, inner, memberOf(old, key), place)
    }
  }
}

const NOWHERE = '<nil>'
/** Units for a rule that is evaluated, besides what it does. */
const RULE_COST = 50

/** `self`: the value as rules see it. */
function evaluate(run: Run, schema: JsonSchema, rule: ValidationRule, part: Part & { readonly self: Value }): void {
  const { self, old, path, isRoot } = part
  const environment = environmentOf(schema, isRoot)
  if (environment === undefined) return
  const usesOld = mentions(rule.rule, 'oldSelf')
  const oldSelf = usesOld && old.is === 'known' ? celValue(schema, old.value, isRoot) : undefined
  // A rule about a change says nothing of what is new; one about a state nothing of what stayed as it was.
  if (usesOld ? oldSelf === undefined : unchanged(old, part.value)) return
  run.meter.charge(RULE_COST)
  const given = { values: { self, ...(oldSelf !== undefined && { oldSelf }) }, meter: run.meter }
  const outcome = environment.run(rule.rule, given)
  if (outcome.is === 'value' && outcome.value === true) return
  const place = path === '' ? NOWHERE : path
  const type = schema.type ?? ''
  const invalid = (text: string) => run.problems.push(fieldInvalid(place, type, text))
  if (outcome.is === 'exhausted') {
    run.exhausted = true
    const text = 'no further validation rules will be run due to call cost exceeds limit for rule'
    invalid(`'${outcome.message}': ${text}: ${rule.rule}`)
  } else if (outcome.is === 'error') {
    invalid(
      outcome.message.startsWith('no such overload')
        ? `'${outcome.message}': call arguments did not match a supported operator, function or macro signature for rule: ${rule.rule}`
        : `${outcome.message} evaluating rule: ${rule.message ?? rule.rule}`,
    )
  } else {
    const at = rule.fieldPath === undefined ? place : `${path}${rule.fieldPath}`.replace(/^\./, '')
    run.problems.push(failed(rule, at, type, messageOf(environment, rule, given)))
  }
}

function messageOf(environment: Environment, rule: ValidationRule, given: Parameters<Environment['run']>[1]): string {
  const fallback = rule.message?.trim() || `failed rule: ${rule.rule.trim()}`
  if (rule.messageExpression === undefined) return fallback
  const outcome = environment.run(rule.messageExpression, given)
  const text = outcome.is === 'value' && typeof outcome.value === 'string' ? outcome.value.trim() : ''
  return text === '' || /[\r\n]/.test(text) ? fallback : text
}

function failed({ reason }: ValidationRule, path: string, type: string, text: string): Problem {
  switch (reason) {
    case 'FieldValueForbidden':
      return fieldForbidden(path, text)
    case 'FieldValueRequired':
      return fieldRequired(path, text)
    case 'FieldValueDuplicate':
      return fieldDuplicate(path, type)
    default:
      return fieldInvalid(path, type, text)
  }
}
