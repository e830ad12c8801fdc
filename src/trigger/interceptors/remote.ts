/** ClusterInterceptors and Interceptors of somebody else: Tekton's request and response JSON over HTTP. */
import { partLogin } from '../../lib/url-login.js'
import { asRecord, isRecord, type Json } from '../../resources/shape.js'
import type { InboundEvent } from '../event.js'
import { goJsonText } from '../json-text.js'
import { goKind, readPayload } from '../payload.js'
import { fail, type InterceptorAnswer, type InterceptorInput, NOTHING_OUTSIDE, stop } from './interceptor.js'
import type { Address } from './locate.js'

/** Tekton waits so long for the headers of an answer. */
const TIMEOUT_MS = 10_000
const MAX_ANSWER_BYTES = 1_048_576
/** Of what a stranger has to say about an error. */
const MAX_SHOWN = 500

export async function runRemote(
  address: Address,
  triggerId: string,
  { event, extensions, params, outside }: InterceptorInput,
): Promise<InterceptorAnswer> {
  if (outside === undefined) return fail(NOTHING_OUTSIDE)
  const posted = await outside.post({
    ...address,
    headers: { 'Content-Type': ['application/json'] },
    body: requestText(event, extensions, params, triggerId),
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_ANSWER_BYTES,
  })
  if (posted.is === 'failed') return fail(`Post ${JSON.stringify(partLogin(address.url).url)}: ${posted.message}`)
  if (posted.status !== 200) return fail(`interceptor response was not 200: ${answerText(posted.status, posted.body)}`)
  return readAnswer(posted.body)
}

/** As Go writes it: empty fields left out, keys of maps sorted. */
function requestText(event: InboundEvent, extensions: Json, params: Json, triggerId: string): string {
  const fields: readonly (readonly [string, unknown])[] = [
    ['body', bodyText(event)],
    ['header', event.headers],
    ['extensions', extensions],
    ['interceptor_params', params],
  ]
  const written = fields.filter(([, value]) => value !== '' && Object.keys(value as object).length > 0)
  const context = { event_url: event.url, event_id: event.id, trigger_id: triggerId }
  const members = [...written.map(([name, value]) => member(name, value)), `"context":{${membersOf(context)}}`]
  return `{${members.join(',')}}`
}

function membersOf(record: Readonly<Record<string, string>>): string {
  return Object.entries(record)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => member(name, value))
    .join(',')
}

function member(name: string, value: unknown): string {
  return `${JSON.stringify(name)}:${goJsonText(value)}`
}

/** The text that was sent; of a form, its fields as JSON. */
export function bodyText({ body, rawBody, isForm }: InboundEvent): string {
  return isForm ? goJsonText(body) : new TextDecoder('utf-8', { ignoreBOM: true }).decode(rawBody)
}

function readAnswer(bytes: Uint8Array): InterceptorAnswer {
  const payload = readPayload(bytes)
  if (payload.is === 'empty') return fail('the answer of the interceptor: unexpected end of JSON input')
  if (payload.is === 'unreadable') return fail(`the answer of the interceptor: ${payload.message}`)
  const problem = answerProblem(payload.value)
  if (problem !== undefined) return fail(`the answer of the interceptor: json: cannot unmarshal ${problem}`)
  const answer = asRecord(payload.value)
  if (field(answer, 'continue') === true) {
    return { is: 'continue', extensions: (field(answer, 'extensions') ?? {}) as Json }
  }
  const status = (field(answer, 'status') ?? {}) as Json
  const code = codeName(field(status, 'code') ?? 0)
  const message = `rpc error: code = ${code} desc = ${cut(String(field(status, 'message') ?? ''))}`
  return OWN_FAULTS.includes(code) ? fail(message) : stop(message)
}

/** In Go's words, without their beginning. */
function answerProblem(value: unknown): string | undefined {
  if (value === null) return undefined
  if (!isRecord(value)) return `${goKind(value)} into Go value of type v1beta1.InterceptorResponse`
  const status = field(value, 'status')
  const inStatus = asRecord(status)
  return (
    typeProblem(value, 'InterceptorResponse', 'continue', 'bool', one => typeof one === 'boolean') ??
    typeProblem(value, 'InterceptorResponse', 'extensions', 'map[string]interface {}', isRecord) ??
    typeProblem(value, 'InterceptorResponse', 'status', 'v1beta1.Status', isRecord) ??
    typeProblem(inStatus, 'Status.status', 'code', 'codes.Code', isCode) ??
    typeProblem(inStatus, 'Status.status', 'message', 'string', one => typeof one === 'string')
  )
}

function typeProblem(
  record: Json,
  struct: string,
  name: string,
  type: string,
  isRight: (value: unknown) => boolean,
): string | undefined {
  const value = field(record, name)
  if (value === undefined || value === null || isRight(value)) return undefined
  return `${goKind(value)} into Go struct field ${struct}.${name} of type ${type}`
}

/** Go's decoder takes a name in any case; the exact one wins here. */
function field(record: Json, name: string): unknown {
  if (Object.hasOwn(record, name)) return record[name]
  const other = Object.keys(record).find(key => key.toLowerCase() === name)
  return other === undefined ? undefined : record[other]
}

/** google.rpc.Code, in its order and Go's spelling. */
const CODES = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
]
/** With these an interceptor says that it could not tell, and not that the event is none for this trigger. */
const OWN_FAULTS: readonly string[] = [
  'Unknown',
  'DeadlineExceeded',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
]

function isCode(code: unknown): boolean {
  return codeIndex(code) !== undefined
}

function codeName(code: unknown): string {
  return CODES[codeIndex(code) ?? 2] ?? 'Unknown'
}

/** A number, or a name like `FAILED_PRECONDITION`. */
function codeIndex(code: unknown): number | undefined {
  if (typeof code === 'number') return Number.isInteger(code) && code >= 0 && code < CODES.length ? code : undefined
  if (typeof code !== 'string') return undefined
  const bare = code.replaceAll('_', '').toLowerCase().replace('cancelled', 'canceled')
  const index = CODES.findIndex(name => name.toLowerCase() === bare)
  return index < 0 ? undefined : index
}

export function answerText(status: number, body: Uint8Array): string {
  const text = cut(new TextDecoder().decode(body).trim())
  return text === '' ? `status ${status} without a body` : text
}

function cut(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}
