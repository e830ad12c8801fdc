/** DeleteOptions: what a delete says of itself, in its body or else in its query. */
import type { DeleteOptions, PropagationPolicy } from '../cluster/cluster.js'
import { asRecord, isRecord, type Json } from '../resources/shape.js'
import { mediaTypeOf, readYamlBody } from './body.js'
import type { ApiRequest } from './request.js'
import { badRequest, invalidOptions, notSupported, unsupportedMediaType } from './status.js'
import { booleanOf, dryRunProblems } from './write-options.js'

export interface AskedDelete {
  readonly dryRun: boolean
  readonly options: DeleteOptions
  /** `orphanDependents: false`: an object that is only marked is answered with 202. */
  readonly isCascading: boolean
}

const POLICIES = ['Foreground', 'Background', 'Orphan']

/** @throws ApiError 400, 415, 422 */
export async function deleteOptionsOf(request: ApiRequest): Promise<AskedDelete> {
  const bytes = await request.readBody()
  const given = bytes.length > 0 ? inBody(request, bytes) : inQuery(request.query)
  const { gracePeriodSeconds, propagationPolicy, orphanDependents } = given
  const { uid, resourceVersion } = asRecord(given['preconditions'])
  const dryRun = Array.isArray(given['dryRun']) ? given['dryRun'].map(String) : []
  const problems = [
    ...(orphanDependents !== undefined && propagationPolicy !== undefined
      ? [
          {
            field: 'propagationPolicy',
            type: 'FieldValueInvalid',
            message: `Invalid value: ${JSON.stringify(propagationPolicy)}: orphanDependents and deletionPropagation cannot be both set`,
          },
        ]
      : []),
    ...(propagationPolicy === undefined || POLICIES.includes(propagationPolicy as string)
      ? []
      : [notSupported('propagationPolicy', JSON.stringify(propagationPolicy), [...POLICIES, 'nil'])]),
    ...dryRunProblems(dryRun),
  ]
  if (problems.length > 0) throw invalidOptions('DeleteOptions', problems)
  const policy = policyOf(propagationPolicy, orphanDependents)
  return {
    dryRun: dryRun.length > 0,
    isCascading: orphanDependents === false,
    options: {
      ...(gracePeriodSeconds !== undefined && { graceSeconds: secondsOf(gracePeriodSeconds) }),
      ...(policy !== undefined && { propagationPolicy: policy }),
      ...(typeof uid === 'string' && { uid }),
      ...(typeof resourceVersion === 'string' && { resourceVersion }),
    },
  }
}

function policyOf(policy: unknown, orphans: unknown): PropagationPolicy | undefined {
  if (policy !== undefined) return policy as PropagationPolicy
  return typeof orphans === 'boolean' ? (orphans ? 'Orphan' : 'Background') : undefined
}

function secondsOf(given: unknown): number {
  if (Number.isInteger(given) && Math.abs(given as number) < 2 ** 31) return Math.max(0, given as number)
  throw badRequest(`gracePeriodSeconds is ${JSON.stringify(given)}; it must be a whole number of seconds from 0`)
}

function inQuery(query: URLSearchParams): Json {
  const orphans = booleanOf(query, 'orphanDependents')
  const [grace, policy] = [query.get('gracePeriodSeconds'), query.get('propagationPolicy')]
  return {
    ...(grace !== null && { gracePeriodSeconds: /^\d{1,9}$/.test(grace) ? Number(grace) : grace }),
    ...(policy !== null && { propagationPolicy: policy }),
    ...(orphans !== undefined && { orphanDependents: orphans }),
    dryRun: query.getAll('dryRun'),
  }
}

/** Members that are null are as good as absent. */
function inBody(request: ApiRequest, bytes: Buffer): Json {
  const media = mediaTypeOf(request)
  if (!['', 'application/json', 'application/yaml'].includes(media)) {
    throw unsupportedMediaType(['application/json', 'application/yaml'])
  }
  const value = readYamlBody(bytes, 'DeleteOptions')
  if (!isRecord(value)) throw badRequest('the object provided is unrecognized (must be of type DeleteOptions)')
  const { kind } = value
  if (kind !== undefined && kind !== 'DeleteOptions')
    throw badRequest('decoded object cannot be converted to DeleteOptions')
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null))
}
