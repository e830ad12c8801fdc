/** Where a list goes on: opaque to clients, and of use only for the question it was given for. Pure. */
import { fnv128a } from '../../lib/fnv.js'
import type { Key } from '../../resources/meta.js'
import { isRecord } from '../../resources/shape.js'
import { badRequest } from '../status.js'

export interface ContinuePlace {
  /** Of the first page, so that all pages show the same; undefined for a list that goes on with what is there now. */
  readonly version: string | undefined
  readonly after: Key
  /** How many are behind it, where that is known: the pages of one moment need be counted only once. */
  readonly left?: number
}

/** @param question what was asked, in any form that is the same for the same question */
export function continueToken(question: string, { version, after, left }: ContinuePlace): string {
  const { namespace, name } = after
  const token = { v: 1, rv: version ?? '', ns: namespace, name, left, of: fnv128a(question) }
  return Buffer.from(JSON.stringify(token)).toString('base64url')
}

/** @throws ApiError 400 */
export function parseContinueToken(question: string, token: string): ContinuePlace {
  const parsed = parse(token)
  const { v, rv, ns, name, left, of } = parsed ?? {}
  if (
    v !== 1 ||
    typeof rv !== 'string' ||
    !/^\d{0,20}$/.test(rv) ||
    typeof ns !== 'string' ||
    typeof name !== 'string'
  ) {
    throw badRequest('invalid continue token: continue key is not valid')
  }
  if (of !== fnv128a(question)) {
    throw badRequest('invalid continue token: it was given for another list: ask with the same path and selectors')
  }
  const count = typeof left === 'number' && Number.isSafeInteger(left) ? { left } : {}
  return { version: rv === '' ? undefined : rv, after: { namespace: ns, name }, ...count }
}

function parse(token: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}
