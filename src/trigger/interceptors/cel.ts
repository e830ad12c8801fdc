/** CEL: a filter that must be true, and overlays that become extensions. */
import { constantArguments, createEnvironment, type Given } from '../../cel/expression.js'
import { EXTENSIONS } from '../../cel/extensions.js'
import { triggerFunctions } from '../../cel/functions/triggers.js'
import { CelProblem } from '../../cel/problem.js'
import { MAP } from '../../cel/types.js'
import { asRecord } from '../../resources/shape.js'
import type { SecretRef } from '../../resources/triggers.js'
import { readYaml } from '../../resources/yaml-source.js'
import { canonicalHeader } from '../event.js'
import { goJsonText } from '../json-text.js'
import { readPayload } from '../payload.js'
import { equalInConstantTime } from './git-host.js'
import { fail, type InterceptorAnswer, type InterceptorInput, type InterceptorKind, stop } from './interceptor.js'
import { setPath } from './overlay-path.js'
import { CEL_PARAMS, paramsProblem } from './params.js'

export const cel: InterceptorKind = {
  params: CEL_PARAMS,
  run: runCel,
  usesExtensions: true,
  prove: async () => ({ is: 'unguarded' }),
  secretRefs,
}

interface Overlay {
  readonly key: string
  readonly expression: string
}

/** What the expressions of triggers may use. */
export const TRIGGER_CEL = createEnvironment({ body: MAP, header: MAP, extensions: MAP, requestURL: 'string' }, [
  ...EXTENSIONS,
  ...triggerFunctions({
    canonical: canonicalHeader,
    jsonText: goJsonText,
    readJson: text => {
      const read = readPayload(Buffer.from(text))
      if (read.is === 'empty') return { is: 'unreadable', message: 'unexpected end of JSON input' }
      return read.is === 'json' ? { is: 'value', value: read.value } : read
    },
    readYaml: text => {
      const read = readYaml(text, 1)
      return read.is === 'ok'
        ? { is: 'value', value: read.document.value }
        : { is: 'unreadable', message: read.message }
    },
  }),
])

function runCel(input: InterceptorInput): InterceptorAnswer {
  const problem = paramsProblem(input.params, CEL_PARAMS)
  if (problem !== undefined) return fail(problem)
  const body = input.event.body ?? {}
  if (typeof body !== 'object' || Array.isArray(body)) {
    return fail('error making the evaluation context: failed to parse the body as JSON: it is not an object')
  }
  const filter = input.params['filter']
  const given = givenBy(input, body)
  if (typeof filter === 'string' && filter !== '') {
    const passed = TRIGGER_CEL.holds(filter, given, input.explained)
    if (passed.is === 'error') return fail(`error evaluating cel expression: ${passed.message}`)
    if (passed.is === 'no') {
      return stop(`expression ${filter} did not return true${passed.why === undefined ? '' : `: ${passed.why}`}`)
    }
  }
  let extensions: unknown = {}
  for (const { key, expression } of overlaysOf(input.params['overlays'])) {
    // All see the same input: an overlay is not there yet for the next one of the same interceptor.
    const result = TRIGGER_CEL.evaluate(expression, given)
    if (result.is === 'error') return fail(`error evaluating cel expression: ${result.message}`)
    if (result.is === 'none') return fail(`failed to convert overlay result to type: ${result.type} (overlay ${key})`)
    const changed = setPath(extensions, key, result.value)
    if (changed.is === 'failed') return fail(`failed to set overlay ${key}: ${changed.message}`)
    extensions = changed.value
  }
  return { is: 'continue', extensions: extensions as Readonly<Record<string, unknown>> }
}

function givenBy({ event, extensions, secret, clock }: InterceptorInput, body: object): Given {
  return {
    values: { body, header: event.headers, extensions, requestURL: event.url },
    ...(clock === undefined ? {} : { clock }),
    equalsSecret: (text, secretKey, secretName) => {
      const known = secret({ secretName, secretKey })
      if (known.is === 'missing')
        throw new CelProblem(`failed to find secret '${secretName}' in compareSecret: ${known.message}`)
      return equalInConstantTime(text, known.value)
    },
  }
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
  return value.map(one => {
    const { key, expression } = asRecord(one)
    return { key: String(key ?? ''), expression: String(expression ?? '') }
  })
}

/** Expressions that fail whatever the event, and where in the params they stand. */
export function celMistakes(
  params: readonly { readonly name: string; readonly value?: unknown }[],
): readonly { readonly at: string; readonly message: string }[] {
  return params.flatMap(({ name, value }, index) => {
    const written =
      name === 'filter' && typeof value === 'string' && value !== ''
        ? [{ at: `[${index}].value`, expression: value }]
        : name === 'overlays'
          ? overlaysOf(value).map(({ expression }, place) => ({
              at: `[${index}].value[${place}].expression`,
              expression,
            }))
          : []
    return written.flatMap(({ at, expression }) => {
      const message = TRIGGER_CEL.check(expression)
      return message === undefined ? [] : [{ at, message }]
    })
  })
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
