/** JSON patch, RFC 6902, as an API server takes it: bounded, and with the texts of the library that it uses. Pure. */
import { applyPatch, type Operation } from 'rfc6902'
import { sameJson } from '../../lib/same-json.js'
import { isRecord, type Json } from '../../resources/shape.js'
import { ApiError } from '../status.js'

/** As k8s.io/apiserver pkg/endpoints/handlers: maxJSONPatchOperations. */
const MAX_OPERATIONS = 10_000
/** Of everything that the copies of one patch copy: as the largest body of a request. */
const MAX_COPIED_BYTES = 3 * 1024 * 1024
const OPERATIONS = ['add', 'remove', 'replace', 'move', 'copy', 'test']
/** The library does not step into these. No field has such a name. */
const UNREACHABLE = ['__proto__', 'constructor', 'prototype']

/** @throws ApiError 400 when it is no patch, 413 when it is too large, 422 when it does not fit the object */
export function jsonPatched(object: Json, patch: unknown): unknown {
  const operations = operationsOf(patch)
  const document = structuredClone(object)
  let copied = 0
  for (const operation of operations) {
    const problem = misfit(document, operation)
    if (problem !== undefined) throw unprocessable(problem)
    if (operation.op === 'test') continue
    if (operation.op === 'copy') {
      copied += JSON.stringify(endOf(document, operation.from)?.value ?? null).length
      if (copied > MAX_COPIED_BYTES) {
        const text = `Unable to copy, the accumulated size increase of copy is ${copied}, exceeding the limit ${MAX_COPIED_BYTES}`
        throw unprocessable(text)
      }
    }
    const error = applyPatch(document, [operation])[0]
    if (error) throw unprocessable(error.message)
  }
  return document
}

/** A real API server says no more than that. */
function unprocessable(_problem: string): ApiError {
  return new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request')
}

function operationsOf(patch: unknown): readonly Operation[] {
  if (!Array.isArray(patch)) {
    const type = isRecord(patch) ? 'object' : typeof patch
    const text = `json: cannot unmarshal ${type} into Go value of type []handlers.jsonPatchOp`
    throw new ApiError(400, 'BadRequest', `error decoding patch: ${text}`)
  }
  if (patch.length > MAX_OPERATIONS) {
    const text = `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`
    throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: ${text}`)
  }
  return patch.map(operationOf)
}

function operationOf(given: unknown, index: number): Operation {
  const { op, path, from } = isRecord(given) ? given : {}
  const wrong = (text: string) => new ApiError(400, 'BadRequest', `error decoding patch: operation ${index}: ${text}`)
  if (!OPERATIONS.includes(op as string)) throw wrong(`op is ${JSON.stringify(op)}; it must be one of ${OPERATIONS}`)
  if (typeof path !== 'string') throw wrong('path must be a string')
  if ((op === 'move' || op === 'copy') && typeof from !== 'string') throw wrong('from must be a string')
  const valued = op === 'add' || op === 'replace' || op === 'test'
  return { ...(given as Json), ...(valued && { value: (given as Json)['value'] ?? null }) } as unknown as Operation
}

/** Why an operation cannot be carried out, in the words of github.com/evanphx/json-patch. */
function misfit(document: unknown, operation: Operation): string | undefined {
  const { op, path } = operation
  const end = endOf(document, path)
  if (end === undefined) return `${op} operation does not apply: doc is missing path: ${JSON.stringify(path)}`
  switch (op) {
    case 'test':
      return sameJson(end.value ?? null, operation.value) ? undefined : `testing value ${path} failed: test failed`
    case 'remove':
      return end.exists
        ? undefined
        : `error in remove for path: '${path}': Unable to remove nonexistent key: ${end.key}`
    case 'replace':
      return end.exists ? undefined : `replace operation does not apply: doc is missing key: ${path}: missing value`
    case 'move':
    case 'copy': {
      const source = endOf(document, operation.from)
      if (source?.exists !== true) {
        return `${op} operation does not apply: doc is missing from path: ${JSON.stringify(operation.from)}`
      }
      return badIndex(end, path, op)
    }
    default:
      return badIndex(end, path, op)
  }
}

function badIndex({ parent, key }: End, path: string, op: string): string | undefined {
  if (!Array.isArray(parent) || key === '-') return undefined
  const fits = /^(0|[1-9]\d{0,8})$/.test(key) && Number(key) <= parent.length
  return fits ? undefined : `error in ${op} for path: '${path}': Unable to access invalid index: ${key}`
}

interface End {
  readonly parent: Json | readonly unknown[]
  readonly key: string
  readonly exists: boolean
  readonly value: unknown
}

/** Where a pointer leads; undefined when what it leads through is not there. The whole document cannot be patched away. */
function endOf(document: unknown, pointer: string): End | undefined {
  const [start, ...keys] = pointer.split('/').map(token => token.replaceAll('~1', '/').replaceAll('~0', '~'))
  if (start !== '' || keys.length === 0 || keys.some(key => UNREACHABLE.includes(key))) return undefined
  let parent: unknown = document
  for (const key of keys.slice(0, -1)) {
    if (!isInside(parent) || !Object.hasOwn(parent, key)) return undefined
    parent = (parent as Json)[key]
  }
  const key = keys.at(-1)!
  if (!isInside(parent)) return undefined
  const exists = key !== 'length' || !Array.isArray(parent) ? Object.hasOwn(parent, key) : false
  return { parent, key, exists, value: exists ? (parent as Json)[key] : undefined }
}

function isInside(value: unknown): value is Json | readonly unknown[] {
  return typeof value === 'object' && value !== null
}
