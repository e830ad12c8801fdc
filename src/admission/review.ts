/**
 * What a validating webhook answers: what our own API says to the same object, and never no to what it does not know. An
 * object that goes, and a change that leaves the spec as it is, are never refused: whoever takes off a finalizer or adds
 * an annotation could not mend it. Nor is a run kept from being cancelled by what was wrong with it before. Pure.
 */

import { sameJson } from '../lib/same-json.js'
import { specAsRead, unspeakable } from '../resources/as-read.js'
import { BUILT_IN_KINDS, groupVersion, servedAs } from '../resources/kind-table.js'
import type { AnyResource, Kind } from '../resources/kinds.js'
import { adviceText, complete, type Problem, problemsText } from '../resources/problem.js'
import { asRecord, isRecord, type Json } from '../resources/shape.js'
import type { PipelineRun } from '../resources/tekton.js'
import { validateRunUpdate } from '../run/validate/update.js'
import { type AdmitOptions, admitWith } from './admit.js'
import { admitUpdate } from './admit-update.js'

/** The request in an `AdmissionReview` of `admission.k8s.io/v1`, as far as it is looked at. */
export interface ReviewRequest {
  readonly uid: string
  readonly operation: string
  readonly subResource: string
  readonly object: Json
  /** Empty in a create. */
  readonly oldObject: Json
}

export interface ReviewResponse {
  readonly uid: string
  readonly allowed: boolean
  readonly warnings?: readonly string[]
  readonly status?: {
    readonly status: 'Failure'
    readonly reason: 'BadRequest'
    readonly code: 400
    /** The API server writes in front of it which webhook denied the request. */
    readonly message: string
    readonly details: { readonly causes: readonly object[] }
  }
}

const OURS = /(?:^|\.)(?:tekton|tektite)\.dev$/

/** Undefined when it is no review that can be answered. */
export function reviewRequestOf(body: unknown): ReviewRequest | undefined {
  const { apiVersion, kind, request } = asRecord(body)
  if (apiVersion !== 'admission.k8s.io/v1' || kind !== 'AdmissionReview' || !isRecord(request)) return undefined
  const { uid, operation, subResource = '', object, oldObject } = request
  if (typeof uid !== 'string' || uid === '' || typeof operation !== 'string') return undefined
  return { uid, operation, subResource: String(subResource), object: asRecord(object), oldObject: asRecord(oldObject) }
}

export function review(request: ReviewRequest, options: AdmitOptions): ReviewResponse {
  const { uid, operation, subResource, object, oldObject } = request
  const allowed = { uid, allowed: true }
  if ((operation !== 'CREATE' && operation !== 'UPDATE') || subResource !== '') return allowed
  const kind = knownKind(object)
  if (kind === undefined) {
    const { apiVersion, kind: unknown } = object
    return {
      ...allowed,
      warnings: [`Tektite knows no ${String(unknown)} in ${String(apiVersion)}: it was not checked`],
    }
  }
  const isUpdate = operation === 'UPDATE'
  if (isUpdate && (isGoing(object) || sameJson(object['spec'], oldObject['spec']))) return allowed
  const { problems, warnings } = isUpdate
    ? changeChecked(kind, object, oldObject, options)
    : checked(kind, object, undefined, options)
  const told = warnings.length === 0 ? {} : { warnings: warnings.map(warningText) }
  if (problems.length === 0) return { ...allowed, ...told }
  const message = `validation failed: ${problemsText(problems)}`
  const causes = problems.map(problem => ({
    reason: 'FieldValueInvalid',
    message: adviceText(problem),
    field: problem.at ?? problem.paths[0] ?? '',
  }))
  const status = { status: 'Failure', reason: 'BadRequest', code: 400, message, details: { causes } } as const
  return { uid, allowed: false, ...told, status }
}

interface Findings {
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

function changeChecked(kind: Kind, object: Json, old: Json, options: AdmitOptions): Findings {
  if (!isStopOnly(kind, object, old)) return checked(kind, object, old, options)
  const { problems, warnings } = admitted(kind, object, old, options)
  // Stored while nobody looked, or under other settings.
  const known = new Set(admitted(kind, old, undefined, options).problems.map(adviceText))
  const fresh = problems.filter(found => !known.has(adviceText(found)))
  if (fresh.length > 0 || known.size === 0) return { problems: fresh, warnings }
  const [before, after] = [spelled(kind, old), spelled(kind, object)] as unknown as [PipelineRun, PipelineRun]
  return { problems: kind === 'CustomRun' ? [] : validateRunUpdate(before, after), warnings }
}

/** Nothing is changed but what cancels a run. */
function isStopOnly(kind: Kind, object: Json, old: Json): boolean {
  const rest = ({ spec }: Json) => ({ ...asRecord(spec), status: undefined, statusMessage: undefined })
  return (kind === 'PipelineRun' || kind === 'TaskRun' || kind === 'CustomRun') && sameJson(rest(object), rest(old))
}

function checked(kind: Kind, object: Json, old: Json | undefined, options: AdmitOptions): Findings {
  const unplaced = unspeakable(kind, object['spec'])
  return unplaced.length > 0 ? { problems: unplaced, warnings: [] } : admitted(kind, object, old, options)
}

function admitted(kind: Kind, object: Json, old: Json | undefined, options: AdmitOptions): Findings {
  // The definitions say which fields there are; here only what they have no schema of is refused for its name.
  const given = { ...options, dropUnknownFields: true }
  const admission = admitWith(given, spelled(kind, object))
  if (admission.is === 'refused') return { problems: admission.problems, warnings: [] }
  const { object: next, warnings, dropped } = admission
  const problems = old === undefined ? [] : admitUpdate(spelled(kind, old) as unknown as AnyResource, next, given)
  return { problems, warnings: [...warnings, ...dropped.map(withoutEffect)] }
}

/** As the engine will read it: whatever version it is called, it is stored as it is. */
function spelled(kind: Kind, object: Json): Json {
  const { spec } = object
  if (spec === undefined) return object
  const stored = BUILT_IN_KINDS.of(kind)!
  const read = specAsRead(kind, String(asRecord(object['metadata'])['name'] ?? ''), spec)
  return { ...object, apiVersion: groupVersion(stored.group, stored.version), spec: read }
}

function withoutEffect({ paths, hint }: Problem): Problem {
  const [path = ''] = paths
  return complete(`${path}: there is no such field, it has no effect`, path, hint)
}

function knownKind({ apiVersion, kind }: Json): Kind | undefined {
  const found = servedAs(BUILT_IN_KINDS, String(apiVersion), String(kind))
  return found !== undefined && OURS.test(found.entry.group) ? (found.entry.id as Kind) : undefined
}

function isGoing(object: Json): boolean {
  return asRecord(object['metadata'])['deletionTimestamp'] !== undefined
}

/** It becomes a header of the API server's answer. */
function warningText(warning: Problem): string {
  return adviceText(warning).replaceAll(/\p{Cc}+/gu, ' ')
}
