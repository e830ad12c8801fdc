import type { Answer } from './answer.js'
import { type OwnHandler, parseOwnPath } from './own-resources.js'
import { presentOwn } from './present-own.js'
import { type ApiRequest, readJson } from './request.js'

export type AskedOwn = Pick<ApiRequest, 'method' | 'path' | 'query' | 'headers' | 'signal' | 'readBody'>

/** Undefined when none of the handlers knows the path. @throws ApiError */
export async function answerOwn(handlers: readonly OwnHandler[], request: AskedOwn): Promise<Answer | undefined> {
  const place = parseOwnPath(request.path)
  if (place === undefined) return undefined
  const { method, query, headers, signal, path } = request
  const asked = { ...place, method, query, headers, signal, path, readJson: () => readJson(request) }
  for (const handler of handlers) {
    const answer = await handler(asked)
    if (answer !== undefined) return presentOwn(request, answer)
  }
  return undefined
}
