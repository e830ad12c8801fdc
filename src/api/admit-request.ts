/** Objects that requests bring: refused at once, with every problem and in Tekton's words, as its webhooks would. */
import { type AdmitOptions, admitWith } from '../admission/admit.js'
import { admitCustom, type FieldValidation } from '../admission/custom/admit-custom.js'
import { groupVersion, type KindEntry } from '../resources/kind-table.js'
import type { AnyResource } from '../resources/kinds.js'
import type { New } from '../resources/meta.js'
import { type Problem, problemsText, problemText } from '../resources/problem.js'
import { asRecord } from '../resources/shape.js'
import { ApiError, detailsOf, type StatusCause } from './status.js'

interface Place {
  readonly info: KindEntry
  readonly namespace: string
  readonly query: URLSearchParams
}

/**
 * `stored`: what is there already, in an update.
 * @throws ApiError
 */
export function admitted(place: Place, body: unknown, options: AdmitOptions, stored?: AnyResource) {
  const object = inNamespaceOf(place, body)
  if (place.info.definition !== undefined) return admittedCustom(place, object, stored)
  const admission = admitWith(options, object)
  if (admission.is === 'refused') throw denied(admission.problems, place.info, nameIn(body))
  if (admission.kind !== place.info.id) {
    throw new ApiError(400, 'BadRequest', `the object is a ${admission.kind}, the URL is for ${place.info.kind}`)
  }
  return admission
}

/** As the object's own definition has it. @throws ApiError */
function admittedCustom({ info, query }: Place, body: unknown, stored: AnyResource | undefined) {
  if (stored === undefined && info.definition?.metadata.deletionTimestamp !== undefined) {
    const message = 'create not allowed while custom resource definition is terminating'
    throw new ApiError(405, 'MethodNotAllowed', message, detailsOf(info, ''))
  }
  const { apiVersion, kind } = asRecord(body)
  const version = info.served.find(each => apiVersion === groupVersion(info.group, each))
  if (version === undefined || kind !== info.kind) {
    const served = info.served.map(version => groupVersion(info.group, version)).join(' or ')
    const message = `the object is a ${String(kind)} of ${String(apiVersion)}, the URL is for a ${info.kind} of ${served}`
    throw new ApiError(400, 'BadRequest', message)
  }
  const admission = admitCustom(info, version, body, {
    fieldValidation: fieldValidationIn(query),
    ...(stored !== undefined && { old: stored }),
  })
  if (admission.is === 'refused') throw denied(admission.problems, info, nameIn(body), version)
  return { kind: info.id, object: admission.object as New<AnyResource>, warnings: admission.warnings }
}

/** @throws ApiError */
export function admittedStatus(info: KindEntry, stored: AnyResource, status: unknown): unknown {
  const changed = { ...stored, status }
  const admission = admitCustom(info, info.version, changed, { old: stored, subresource: 'status' })
  if (admission.is === 'refused') throw denied(admission.problems, info, stored.metadata.name)
  return admission.object['status']
}

function fieldValidationIn(query: URLSearchParams): FieldValidation {
  const asked = query.get('fieldValidation')
  return asked === 'Strict' || asked === 'Ignore' ? asked : 'Warn'
}

/** As the API server itself refuses what is in its own hands, and Tekton's webhooks the rest. */
export function denied(problems: readonly Problem[], info: KindEntry, name: string, version = info.version): ApiError {
  const { id, group, definition } = info
  if (id === 'CustomResourceDefinition' || definition !== undefined) return invalid(problems, info, name, version)
  const webhook = id === 'ConfigMap' ? 'config' : 'validation'
  const part = group === 'triggers.tekton.dev' ? 'triggers' : 'pipeline'
  const message = `admission webhook "${webhook}.webhook.${part}.tekton.dev" denied the request: validation failed: ${problemsText(problems)}`
  return new ApiError(400, 'BadRequest', message, { causes: problems.map(causeOf) })
}

/** What keeps a decoder from reading an object, before anybody asks whether it is valid. */
const UNREAD = /^(strict decoding error|no matches for kind)/

function invalid(problems: readonly Problem[], { kind, group }: KindEntry, name: string, version: string): ApiError {
  const unread = problems.filter(({ message }) => UNREAD.test(message))
  if (unread.length > 0) {
    const text = unread.map(problemText).join(', ')
    return new ApiError(400, 'BadRequest', `${kind} in version "${version}" cannot be handled as a ${kind}: ${text}`, {
      causes: unread.map(fieldCauseOf),
    })
  }
  const texts = problems.map(problemText)
  const text = texts.length === 1 ? texts.join('') : `[${texts.join(', ')}]`
  const message = `${kind}.${group} ${JSON.stringify(name)} is invalid: ${text}`
  return new ApiError(422, 'Invalid', message, { name, group, kind, causes: problems.map(fieldCauseOf) })
}

function fieldCauseOf(problem: Problem): StatusCause {
  const { reason = 'FieldValueInvalid', paths, hint } = problem
  const [field = ''] = paths
  const text = problemText(problem)
  const own = text.startsWith(`${field}: `) ? text.slice(field.length + 2) : text
  return { reason, message: hint === undefined ? own : `${own}: ${hint}`, field }
}

function nameIn(body: unknown): string {
  const { name, generateName } = asRecord(asRecord(body)['metadata'])
  return String(name ?? generateName ?? '').slice(0, 300)
}

/** The message is Tekton's, word for word; what to do about it goes where Kubernetes puts single causes. */
function causeOf(problem: Problem): StatusCause {
  const text = problemText(problem)
  const message = problem.hint === undefined ? text : `${text}: ${problem.hint}`
  return { reason: 'FieldValueInvalid', message, field: problem.at ?? problem.paths[0] ?? '' }
}

function inNamespaceOf({ namespace }: Place, body: unknown): unknown {
  if (namespace === '' || typeof body !== 'object' || body === null) return body
  const metadata: Readonly<Record<string, unknown>> = 'metadata' in body ? { ...(body.metadata as object) } : {}
  if (metadata['namespace'] !== undefined && metadata['namespace'] !== namespace) {
    throw new ApiError(
      400,
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    )
  }
  return { ...body, metadata: { ...metadata, namespace } }
}
