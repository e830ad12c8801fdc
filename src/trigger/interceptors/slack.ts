/** Slack's slash commands: forms, whose fields become extensions. The signature is not looked into, as in Tekton. */
import { isRecord } from '../../resources/shape.js'
import { headerValues } from '../event.js'
import { isForm } from './git-host.js'
import { fail, type InterceptorAnswer, type InterceptorInput, type InterceptorKind, stop } from './interceptor.js'
import { type ParamTypes, paramsProblem } from './params.js'

const NOT_A_FORM = 'missing header in payload: ContentType application/x-www-form-urlencoded'

const PARAMS: ParamTypes = { requestedFields: 'texts' }

export const slack: InterceptorKind = {
  params: PARAMS,
  run: runSlack,
  prove: async () => ({ is: 'unguarded' }),
  secretRefs: () => [],
}

function runSlack({ event, params }: InterceptorInput): InterceptorAnswer {
  // Tekton says the same of both.
  if (!isForm(event) || !headerValues(event, 'X-Slack-Signature')[0]) return stop(NOT_A_FORM)
  if (!isRecord(event.body)) return fail('failed to unmarshl slack payload: it is no form of two or more fields')
  const fields = event.body
  const strange = Object.values(fields).some(
    value => !Array.isArray(value) || value.some(one => typeof one !== 'string'),
  )
  if (strange) return fail('failed to unmarshl slack payload: its fields are no lists of texts')
  const problem = paramsProblem(params, PARAMS)
  if (problem !== undefined) return fail(problem)
  const requested = params['requestedFields'] as readonly string[] | null | undefined
  if (!requested) return fail('missing requested field definition')
  const missing = requested.find(name => !Object.hasOwn(fields, name))
  // Tekton shows the whole form here. Slack's token is in it.
  if (missing !== undefined) {
    const there = Object.keys(fields).sort().join(' ')
    return stop(`requested field does not exists in payload: "${missing}" is none of ${there}`)
  }
  return { is: 'continue', extensions: Object.fromEntries(requested.map(name => [name, fields[name]])) }
}
