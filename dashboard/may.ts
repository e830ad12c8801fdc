/** Whether somebody may do something: the API server is asked with their token, so their rights are Kubernetes'. */
import { createHash } from 'node:crypto'
import { text } from 'node:stream/consumers'
import type { ResourceAttributes } from '../src/api/access/attributes.js'
import { ApiError } from '../src/api/status.js'
import type { Connection } from '../src/cluster/kubernetes/connection.js'
import { asRecord } from '../src/resources/shape.js'
import { answerOf, requestAs } from './pass-on.js'

const PATH = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
/** Rights that were taken away hold for that long. As long as the API server itself remembers those of webhooks, or less. */
const REMEMBERED_MS = 10_000
const MOST_REMEMBERED = 10_000

/** @throws ApiError 401, 403, 503 */
export type Review = (authorization: string | undefined, asked: ResourceAttributes) => Promise<void>

export function createReview(connection: Connection, now: () => number): Review {
  /** By token and question; only what was allowed. */
  const allowed = new Map<string, number>()
  return async (authorization, asked) => {
    if (!/^Bearer \S/.test(authorization ?? '')) throw new ApiError(401, 'Unauthorized', 'Unauthorized')
    const { verb, group, version, resource, subresource, namespace, name } = asked
    const resourceAttributes = { verb, group, version, resource, subresource, namespace, name }
    const body = JSON.stringify({
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    })
    const key = createHash('sha256').update(`${authorization}\n${body}`).digest('base64')
    if ((allowed.get(key) ?? 0) > now()) return
    const { isAllowed, reason } = await ask(connection, authorization ?? '', body)
    if (!isAllowed) throw refusal(asked, reason)
    if (allowed.size >= MOST_REMEMBERED) allowed.clear()
    allowed.set(key, now() + REMEMBERED_MS)
  }
}

async function ask(connection: Connection, authorization: string, body: string) {
  const headers = { authorization, 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(body)}` }
  const outgoing = await requestAs(connection, { method: 'POST', url: PATH, headers })
  outgoing.end(body)
  const answer = await answerOf(outgoing)
  const said = parsed(await text(answer))
  if (answer.statusCode === 401) throw new ApiError(401, 'Unauthorized', 'Unauthorized')
  if (answer.statusCode !== 201) {
    const why = `it answered ${answer.statusCode} to a SelfSubjectAccessReview: ${String(said['message'] ?? '')}`
    throw new ApiError(503, 'ServiceUnavailable', `the API server does not say what you may do: ${why}`)
  }
  const { allowed, reason } = asRecord(said['status'])
  return { isAllowed: allowed === true, reason: typeof reason === 'string' ? reason : '' }
}

function refusal(
  { verb, group, resource, subresource, namespace, name }: ResourceAttributes,
  reason: string,
): ApiError {
  const whole = subresource === '' ? resource : `${resource}/${subresource}`
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`
  const cannot = `cannot ${verb} resource ${JSON.stringify(whole)} in API group ${JSON.stringify(group)} ${where}`
  const wayOut = 'the ClusterRoles of the chart that end in -view and -edit grant it'
  const details = { ...(name !== '' && { name }), group, kind: resource }
  return new ApiError(403, 'Forbidden', `you ${cannot}${reason ? `: ${reason}` : ''}: ${wayOut}`, details)
}

function parsed(json: string): Readonly<Record<string, unknown>> {
  try {
    return asRecord(JSON.parse(json))
  } catch {
    return {} // a proxy's page: told by its code
  }
}
