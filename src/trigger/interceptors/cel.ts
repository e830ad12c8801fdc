/** CEL: a filter that must be true, and overlays that become extensions. */
import { constantArguments, createEnvironment, type Scope } from '../../cel/expression.js'
import { compareSecretFunctions, triggerFunctions } from '../../cel/trigger-functions.js'
import type { SecretRef } from '../../resources/triggers.js'
import { canonicalHeader } from '../event.js'
import { jsonText } from '../json-text.js'
import { equalInConstantTime } from './git-host.js'
import { fail, type InterceptorAnswer, type InterceptorInput, type InterceptorKind, stop } from './interceptor.js'
import { setPath } from './overlay-path.js'

export const cel: InterceptorKind = {
  run: async input => runCel(input),
  prove: async () => ({ is: 'unguarded' }),
  secretRefs,
}

interface Overlay {
  readonly key: string
  readonly expression: string
}

const VARIABLES = ['body', 'header', 'extensions', 'requestURL']
const FUNCTIONS = triggerFunctions({ canonical: canonicalHeader, text: jsonText })
const ENVIRONMENT = createEnvironment(VARIABLES, FUNCTIONS)

function runCel(input: InterceptorInput): InterceptorAnswer {
  const body = input.event.body ?? {}
  if (typeof body !== 'object' || Array.isArray(body)) {
    return fail('error making the evaluation context: failed to parse the body as JSON: it is not an object')
  }
  const filter = input.params['filter']
  const overlays = overlaysOf(input.params['overlays'])
  const scope = scopeOf(input, body)
  if (typeof filter === 'string' && filter !== '') {
    const passed = scope.evaluate(filter)
    if (passed.is === 'error') return fail(`error evaluating cel expression: ${passed.message}`)
    if (passed.is === 'none' || passed.value !== true) return stop(`expression ${filter} did not return true`)
  }
  let extensions: unknown = {}
  for (const { key, expression } of overlays) {
    // All see the same input: an overlay is not there yet for the next one of the same interceptor.
    const result = scope.evaluate(expression)
    if (result.is === 'error') return fail(`error evaluating cel expression: ${result.message}`)
    if (result.is === 'none') return fail(`failed to convert overlay result to type: ${result.type} (overlay ${key})`)
    const changed = setPath(extensions, key, result.value)
    if (changed.is === 'failed') return fail(`failed to set overlay ${key}: ${changed.message}`)
    extensions = changed.value
  }
  return { is: 'continue', extensions: extensions as Readonly<Record<string, unknown>> }
}

function scopeOf({ event, extensions, params, secret }: InterceptorInput, body: object): Scope {
  const values = { body, header: event.headers, extensions, requestURL: event.url }
  if (!expressionsIn(params).some(expression => expression.includes('compareSecret'))) return ENVIRONMENT.scope(values)
  // Knows the Secrets of this firing, so it cannot be kept for the next.
  const equals = (text: string, secretKey: string, secretName: string): boolean => {
    const known = secret({ secretName, secretKey })
    if (known.is === 'missing') throw new Error(known.message)
    return equalInConstantTime(text, known.value)
  }
  return createEnvironment(VARIABLES, [...FUNCTIONS, ...compareSecretFunctions(equals)]).scope(values)
}

function expressionsIn(params: Readonly<Record<string, unknown>>): readonly string[] {
  const filter = params['filter']
  return [
    ...(typeof filter === 'string' ? [filter] : []),
    ...overlaysOf(params['overlays']).map(overlay => overlay.expression),
  ]
}

function overlaysOf(value: unknown): readonly Overlay[] {
  if (!Array.isArray(value)) return []
  return value.map(({ key, expression }) => ({ key: String(key ?? ''), expression: String(expression ?? '') }))
}

/** Only what is written out can be read beforehand: `compareSecret('key', 'name')`. */
function secretRefs(params: Readonly<Record<string, unknown>>): readonly SecretRef[] {
  return expressionsIn(params)
    .filter(expression => expression.includes('compareSecret'))
    .flatMap(expression => constantArguments(expression, 'compareSecret'))
    .flatMap(([secretKey, secretName]) =>
      secretKey === undefined || secretName === undefined ? [] : [{ secretName, secretKey }],
    )
}
