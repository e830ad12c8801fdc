/** What the git hosts' interceptors have in common: a secret, a header that proves it, a header that names the event. */
import { timingSafeEqual } from 'node:crypto'
import type { SecretRef } from '../../resources/triggers.js'
import { headerValues, type InboundEvent } from '../event.js'
import { asSecretRef } from '../secrets.js'
import {
  eventTypeProblem,
  fail,
  type InterceptorAnswer,
  type InterceptorInput,
  type InterceptorKind,
  PASS,
  type Proof,
  type ProofInput,
  stop,
} from './interceptor.js'
import { GIT_HOST_PARAMS, type ParamTypes, paramsProblem } from './params.js'

export interface GitHost {
  /** As the interceptor is called in a manifest. */
  readonly name: string
  readonly signatureHeader: string
  readonly eventHeader: string
  /** Where the secret is entered at the host, for messages. */
  readonly settings: string
  readonly rejection: string
  /** More than `GIT_HOST_PARAMS`. */
  readonly params?: ParamTypes
  readonly isGenuine: (secret: string, rawBody: Uint8Array, signature: string) => boolean | Promise<boolean>
}

export function gitHostInterceptor(host: GitHost): InterceptorKind {
  const prove = (input: ProofInput) => proveBy(host, input)
  const params = host.params ?? GIT_HOST_PARAMS
  return { params, run: input => runGitHost(host, prove, input), prove, secretRefs: gitHostSecretRefs }
}

function gitHostSecretRefs(params: Readonly<Record<string, unknown>>): readonly SecretRef[] {
  const ref = asSecretRef(params['secretRef'])
  return ref === undefined ? [] : [ref]
}

async function runGitHost(
  host: GitHost,
  prove: InterceptorKind['prove'],
  input: InterceptorInput,
): Promise<InterceptorAnswer> {
  const { event, params } = input
  const wrong = paramsProblem(params, host.params ?? GIT_HOST_PARAMS)
  if (wrong !== undefined) return fail(wrong)
  const problem = eventTypeProblem(params, headerValues(event, host.eventHeader)[0] ?? '')
  if (problem !== undefined) return stop(problem)
  const proof = await prove(input)
  if (proof.is !== 'rejected') return PASS
  return input.secret(proof.secret).is === 'missing' ? fail(proof.message) : stop(proof.message)
}

async function proveBy(host: GitHost, { event, params, secret }: ProofInput): Promise<Proof> {
  const ref = asSecretRef(params['secretRef'])
  if (ref === undefined) return { is: 'unguarded' }
  const reject = (message: string, wayOut: string): Proof => ({
    is: 'rejected',
    header: host.signatureHeader,
    secret: ref,
    message,
    wayOut,
  })
  if (ref.secretKey === '') {
    return reject(`${host.name} interceptor secretRef.secretKey is empty`, 'name the key of the Secret in secretKey')
  }
  const known = secret(ref)
  if (known.is === 'missing') return reject(known.message, 'create the Secret, or correct secretRef in the interceptor')
  const signatures = headerValues(event, host.signatureHeader)
  const [signature = ''] = signatures
  if (signature === '') {
    return reject(`no ${host.signatureHeader} header set`, `enter the secret's value ${host.settings}`)
  }
  // Which of two a proxy or the sender looked at is anybody's guess; a genuine sender sends one.
  if (signatures.some(other => other !== signature)) {
    return reject(`${host.signatureHeader} is given with differing values`, 'send exactly one signature')
  }
  if (await isGenuine(host, known.value, event.rawBody, signature)) return { is: 'accepted' }
  return reject(host.rejection, wayOutOfMismatch(known.value, host.settings))
}

interface Checked {
  readonly host: GitHost
  readonly signature: string
  readonly answer: Promise<boolean>
}

/** By secret, the last answer: a thousand triggers that ask for the same proof are one look at the body. */
const checked = new WeakMap<Uint8Array, Map<string, Checked>>()

function isGenuine(host: GitHost, secret: string, rawBody: Uint8Array, signature: string): Promise<boolean> {
  const bySecret = checked.get(rawBody) ?? new Map<string, Checked>()
  const known = bySecret.get(secret)
  if (known?.host === host && known.signature === signature) return known.answer
  const answer = Promise.resolve(host.isGenuine(secret, rawBody, signature))
  checked.set(rawBody, bySecret.set(secret, { host, signature, answer }))
  return answer
}

function wayOutOfMismatch(secret: string, settings: string): string {
  return /\s$/.test(secret)
    ? 'the value in the Secret ends with white space, probably a line break from a file: store it without'
    : `enter the same value in the Secret and ${settings}`
}

/** Takes the same time wherever the first difference is. */
export function equalInConstantTime(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

export function isForm(event: Pick<InboundEvent, 'headers'>): boolean {
  return headerValues(event, 'Content-Type')[0] === 'application/x-www-form-urlencoded'
}
