/** The rules in a schema, when its definition comes: whether each can be read, gives what it must, and compares what it may. */
import { mentions } from '../../cel/expression.js'
import { fieldForbidden, fieldInvalid, fieldNotSupported, fieldRequired } from '../../resources/field-problems.js'
import { additionalSchema, type JsonSchema, propertyOf, type ValidationRule } from '../../resources/json-schema.js'
import type { Problem } from '../../resources/problem.js'
import { environmentOf, hasRules, rulesOf } from './cel-rules.js'

/** Far more than definitions have; reading each takes about a millisecond. */
const MAX_RULES = 500
/** Of all rules together: reading as many characters takes a second. */
const MAX_CHARACTERS = 200_000

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']

export function rulesProblems(schema: JsonSchema, path: string): readonly Problem[] {
  const found = [...ruledParts(schema, path, { isRoot: true, uncorrelated: undefined })]
  const rules = found.flatMap(part => rulesOf(part.schema))
  if (rules.length > MAX_RULES) {
    const text = `may hold no more than ${MAX_RULES} x-kubernetes-validations, and holds ${rules.length}`
    return [fieldForbidden(path, text)]
  }
  const characters = rules.reduce(
    (sum, { rule = '', messageExpression = '' }) => sum + rule.length + messageExpression.length,
    0,
  )
  if (characters > MAX_CHARACTERS) {
    const text = `may hold no more than ${MAX_CHARACTERS} characters of rules, and holds ${characters}`
    return [fieldForbidden(path, text)]
  }
  return found.flatMap(part =>
    rulesOf(part.schema).flatMap((rule, index) => {
      const place = `${part.path}.x-kubernetes-validations[${index}]`
      const written = writingProblems(rule, place)
      return written.length > 0 ? written : compileProblems(rule, part, place)
    }),
  )
}

interface RuledPart {
  readonly path: string
  readonly schema: JsonSchema
  readonly isRoot: boolean
  /** The list around it, when nobody can tell which of its items was which before an update. */
  readonly uncorrelated: string | undefined
}

function* ruledParts(
  schema: JsonSchema,
  path: string,
  { isRoot, uncorrelated }: Pick<RuledPart, 'isRoot' | 'uncorrelated'>,
): Generator<RuledPart> {
  if (!hasRules(schema)) return
  yield { path, schema, isRoot, uncorrelated }
  const inner = { isRoot: false, uncorrelated }
  if (schema.items !== undefined) {
    const isMap = schema['x-kubernetes-list-type'] === 'map'
    yield* ruledParts(schema.items, `${path}.items`, {
      isRoot: false,
      uncorrelated: uncorrelated ?? (isMap ? undefined : path),
    })
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    yield* ruledParts(property, `${path}.properties[${name}]`, inner)
  }
  const additional = additionalSchema(schema)
  if (additional !== undefined) yield* ruledParts(additional, `${path}.additionalProperties`, inner)
}

const LINE_BREAK = /[\r\n]/

function writingProblems(rule: ValidationRule, path: string): readonly Problem[] {
  const { rule: text = '', message, messageExpression, reason, optionalOldSelf } = rule
  const problems: Problem[] = []
  const add = (problem: Problem) => problems.push(problem)
  if (text.trim() === '') add(fieldRequired(`${path}.rule`, 'rule is not specified'))
  else if (message !== undefined && message.trim() === '') {
    add(fieldInvalid(`${path}.message`, message, 'must be non-empty if specified'))
  } else if (LINE_BREAK.test(message?.trim() ?? '')) {
    add(fieldInvalid(`${path}.message`, message, 'must not contain line breaks'))
  } else if (LINE_BREAK.test(text.trim()) && message === undefined) {
    add(fieldRequired(`${path}.message`, 'message must be specified if rule contains line breaks'))
  }
  if (messageExpression !== undefined && messageExpression.trim() === '') {
    add(fieldRequired(`${path}.messageExpression`, 'messageExpression must be non-empty if specified'))
  }
  if (reason !== undefined && !REASONS.includes(reason)) add(fieldNotSupported(`${path}.reason`, reason, REASONS))
  if (optionalOldSelf) {
    add(fieldForbidden(`${path}.optionalOldSelf`, 'optional values are not supported by this version of Tektite'))
  }
  return problems
}

function compileProblems(rule: ValidationRule, part: RuledPart, path: string): readonly Problem[] {
  const { schema, isRoot, uncorrelated } = part
  const environment = environmentOf(schema, isRoot)
  if (environment === undefined) {
    return [fieldForbidden(path, 'nothing is known of this part that a rule could look at: give it a type')]
  }
  const problems: Problem[] = []
  const wrong = environment.check(rule.rule)
  const type = environment.resultType(rule.rule)
  if (wrong !== undefined) {
    problems.push(fieldInvalid(`${path}.rule`, rule.rule, `compilation failed: ${bare(wrong)}`))
  } else if (type !== 'bool' && type !== 'dyn') {
    problems.push(fieldInvalid(`${path}.rule`, rule.rule, 'cel expression must evaluate to a bool'))
  } else if (uncorrelated !== undefined && mentions(rule.rule, 'oldSelf')) {
    const text = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`
    problems.push(fieldInvalid(`${path}.rule`, rule.rule, text))
  }
  const { messageExpression, fieldPath } = rule
  if (messageExpression !== undefined) {
    const place = `${path}.messageExpression`
    const unread = environment.check(messageExpression)
    const text = environment.resultType(messageExpression)
    if (unread !== undefined) {
      problems.push(fieldInvalid(place, messageExpression, `messageExpression compilation failed: ${bare(unread)}`))
    } else if (text !== 'string' && text !== 'dyn') {
      problems.push(fieldInvalid(place, messageExpression, 'messageExpression must evaluate to a string'))
    }
  }
  if (fieldPath !== undefined && !isPathOf(schema, fieldPath)) {
    problems.push(fieldInvalid(`${path}.fieldPath`, fieldPath, 'must be a valid path'))
  }
  return problems
}

/** Without the expression, which is shown beside it. */
function bare(message: string): string {
  return message.slice(Math.max(0, message.indexOf('ERROR: ')))
}

/** `.spec.size` or `['a.b']`, from the part that the rule stands in. */
function isPathOf(schema: JsonSchema, fieldPath: string): boolean {
  let at: JsonSchema | undefined = schema
  let rest = fieldPath
  while (rest !== '') {
    const [whole, field, quoted] = /^(?:\.([^.[\]']+)|\['([^']+)'\])/.exec(rest) ?? []
    if (whole === undefined || at === undefined) return false
    at = propertyOf(at, field ?? quoted ?? '') ?? additionalSchema(at)
    rest = rest.slice(whole.length)
  }
  return at !== undefined && fieldPath !== ''
}
