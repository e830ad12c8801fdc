import type { StreamAnswer } from '../answer.js'
import type { ApiDeps } from '../deps.js'
import type { ObjectRequest } from '../request.js'
import { ApiError } from '../status.js'

export async function logs({ readLogs }: ApiDeps, request: ObjectRequest): Promise<StreamAnswer> {
  const { namespace, name, query, signal } = request
  const container = query.get('container')
  if (container === null) {
    throw new ApiError(400, 'BadRequest', 'logs are asked for as pods/<name>/log?container=<container>')
  }
  const follow = query.get('follow') === 'true'
  const output = await readLogs({ namespace, pod: name, container }, { follow }, signal)
  if (output === undefined) {
    throw new ApiError(404, 'NotFound', `container "${container}" of pod "${namespace}/${name}" has no output`)
  }
  return async response => {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' })
    for await (const chunk of output) {
      if (!response.write(chunk)) await new Promise(resolve => response.once('drain', resolve).once('close', resolve))
    }
    response.end()
  }
}
