/** Objects that requests bring: refused at once, with every problem, as the API server and Tekton's webhooks would. */
import { type AdmitOptions, admitWith } from '../admission/admit.js'
import { admitCustom } from '../admission/custom/admit-custom.js'
import { jsonLimitProblem } from '../resources/json-limits.js'
import { groupVersion, type KindEntry } from '../resources/kind-table.js'
import type { AnyResource } from '../resources/kinds.js'
import type { New } from '../resources/meta.js'
import { complete, type Problem } from '../resources/problem.js'
import { asRecord, isRecord, type Json } from '../resources/shape.js'
import { denied, undecodable } from './denied.js'
import { schemaOf } from './openapi/schemas.js'
import { isOfKubernetes } from './patch/patch-type.js'
import { ApiError, badRequest, detailsOf } from './status.js'
import { withoutUnknownFields } from './unknown-fields.js'
import type { FieldValidation } from './write-options.js'

export interface Place {
  readonly method: string
  readonly info: KindEntry
  readonly version: string
  readonly namespace: string
}

export interface Admitted {
  /** In the version that is stored. */
  readonly object: New<AnyResource>
  readonly warnings: readonly Problem[]
}

export interface RequestAdmission {
  readonly options: AdmitOptions
  readonly fieldValidation: FieldValidation
  /** Paths that the body gives twice. */
  readonly duplicates: readonly string[]
  /** What is there already, in an update. */
  readonly stored?: AnyResource
}

/** @throws ApiError */
export function admitted(place: Place, body: unknown, request: RequestAdmission): Admitted {
  const { options, fieldValidation, duplicates } = request
  const { info } = place
  const given = inPlace(place, body)
  const limit = jsonLimitProblem(given)
  if (limit?.message.startsWith('Request entity too large'))
    throw new ApiError(413, 'RequestEntityTooLarge', limit.message)
  if (limit !== undefined) throw badRequest(limit.message)
  if (info.definition !== undefined) return admittedCustom(place, given, request)
  const { value, unknown } = withoutUnknownFields(looseSchemaOf(place), given)
  const strict = fieldValidation === 'Strict'
  const admission = admitWith({ ...options, dropUnknownFields: !strict }, value)
  const refused = admission.is === 'refused' ? admission.problems : []
  const dropped = admission.is === 'ok' ? admission.dropped : refused.filter(({ unknownField }) => unknownField)
  const unread = [
    ...duplicates.map(path => complete(`duplicate field ${JSON.stringify(path)}`, path)),
    ...unknown.map(path => complete(`unknown field ${JSON.stringify(path)}`, path)),
    ...dropped.map(({ message, paths, hint }) =>
      complete(message.replace(/^strict decoding error: /, ''), paths[0] ?? '', hint),
    ),
  ]
  if (strict && unread.length > 0) throw undecodable(place, given, unread)
  if (admission.is === 'refused') throw denied(admission.problems, info, nameIn(given))
  const told = fieldValidation === 'Warn' ? unread.map(({ hint: _hint, ...problem }) => problem) : []
  return { object: admission.object, warnings: [...told, ...admission.warnings] }
}

const UNDECODED = 'strict decoding error: '

/** As the object's own definition has it. @throws ApiError */
function admittedCustom(
  place: Place,
  given: Json,
  { fieldValidation, duplicates, stored }: RequestAdmission,
): Admitted {
  const { info, version } = place
  if (stored === undefined && info.definition?.metadata.deletionTimestamp !== undefined) {
    const message = 'create not allowed while custom resource definition is terminating'
    throw new ApiError(405, 'MethodNotAllowed', message, detailsOf(info, ''))
  }
  const twice = duplicates.map(path => complete(`duplicate field ${JSON.stringify(path)}`, path))
  const admission = admitCustom(info, writtenIn(place, given) ?? version, given, {
    fieldValidation,
    ...(stored !== undefined && { old: stored }),
  })
  if (fieldValidation === 'Strict') {
    const refused = admission.is === 'refused' ? admission.problems : []
    const unknown = refused
      .filter(({ message }) => message.startsWith(UNDECODED))
      .map(problem => ({ ...problem, message: problem.message.slice(UNDECODED.length) }))
    if (twice.length + unknown.length > 0) throw undecodable(place, given, [...twice, ...unknown])
  }
  if (admission.is === 'refused') throw denied(admission.problems, info, nameIn(given))
  const told = fieldValidation === 'Warn' ? twice : []
  return { object: admission.object as New<AnyResource>, warnings: [...told, ...admission.warnings] }
}

/** The version that an object says it is in; undefined when it is none of those served. */
function writtenIn({ info }: Place, { apiVersion }: Json): string | undefined {
  return info.served.find(version => groupVersion(info.group, version) === apiVersion)
}

/** @throws ApiError */
export function admittedStatus(info: KindEntry, stored: AnyResource, status: unknown): unknown {
  const admission = admitCustom(info, info.version, { ...stored, status }, { old: stored, subresource: 'status' })
  if (admission.is === 'refused') throw denied(admission.problems, info, stored.metadata.name)
  return admission.object['status']
}

/** What Kubernetes has a schema of: its own kinds, and the metadata of all. */
function looseSchemaOf({ info, version }: Place) {
  const schema = schemaOf(info, version) ?? {}
  if (isOfKubernetes(info) && info.id !== 'CustomResourceDefinition') return schema
  const { metadata } = schema.properties ?? {}
  return { properties: metadata === undefined ? {} : { metadata }, additionalProperties: true }
}

/** The object as of the URL. @throws ApiError 400 when it is another's */
function inPlace({ info, version, namespace }: Place, body: unknown): Json {
  if (!isRecord(body))
    throw badRequest(`the object provided is unrecognized (must be of type ${info.kind}): it is no JSON object`)
  const expected = groupVersion(info.group, version)
  const isBare = body['apiVersion'] === undefined && body['kind'] === undefined && isOfKubernetes(info)
  const object = isBare ? { ...body, apiVersion: expected, kind: info.kind } : body
  const { apiVersion, kind } = object
  if (typeof apiVersion === 'string' && typeof kind === 'string') {
    if (kind !== info.kind) throw badRequest(`the object is a ${kind}, the URL is for ${info.kind}`)
    if (apiVersion !== expected) {
      throw badRequest(
        `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
      )
    }
  }
  const metadata = object['metadata'] ?? {}
  if (!isRecord(metadata)) return object
  const given = metadata['namespace']
  if (given !== undefined && given !== '' && given !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  return namespace === '' ? object : { ...object, metadata: { ...metadata, namespace } }
}

function nameIn(body: Json): string {
  const { name, generateName } = asRecord(body['metadata'])
  return String(name ?? generateName ?? '').slice(0, 300)
}
