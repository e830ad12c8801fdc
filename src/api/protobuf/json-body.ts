/** Requests whose body is protobuf, turned into what they would be in JSON: nothing behind this knows the difference. */
import { describeError } from '../../lib/fault.js'
import type { ApiRequest } from '../request.js'
import { ApiError } from '../status.js'

const PROTOBUF = 'application/vnd.kubernetes.protobuf'

export function withJsonBody(request: ApiRequest): ApiRequest {
  const { headers, readBody } = request
  if (headers['content-type']?.split(';')[0]?.trim() !== PROTOBUF) return request
  return {
    ...request,
    headers: { ...headers, 'content-type': 'application/json' },
    readBody: async () => toJson(await readBody()),
  }
}

async function toJson(body: Buffer): Promise<Buffer> {
  if (body.length === 0) return body
  // Loaded when the first such body comes: few clients send one.
  const { decodeObject } = await import('./decode.js')
  const decoded = describing(() => decodeObject(body))
  if (decoded.is === 'object') return Buffer.from(JSON.stringify(decoded.object))
  const { apiVersion, kind } = decoded
  const wayOut = `send it as JSON; with kubectl: add --dry-run=client -o yaml, and pipe it to kubectl apply -f -`
  const format = 'the body of the request was in an unknown format - accepted media types include: application/json'
  throw new ApiError(
    415,
    'UnsupportedMediaType',
    `${format} (${kind} of ${apiVersion} is not read as ${PROTOBUF}: ${wayOut})`,
  )
}

function describing<T>(decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    throw new ApiError(400, 'BadRequest', `the body is not ${PROTOBUF}: ${describeError(error)}`)
  }
}
