/** What every interceptor is: a look at the event that lets it pass, stops it, or cannot tell. */
import type { MaybePromise } from '../../lib/maybe-promise.js'
import type { SecretRef } from '../../resources/triggers.js'
import type { InboundEvent } from '../event.js'
import type { SecretValue } from '../secrets.js'
import type { Outside } from './outside.js'
import type { ParamTypes } from './params.js'

export interface InterceptorInput {
  readonly event: InboundEvent
  /** What earlier interceptors of the chain found out. */
  readonly extensions: Readonly<Record<string, unknown>>
  readonly params: Readonly<Record<string, unknown>>
  /** In the namespace of the trigger. */
  readonly secret: (ref: SecretRef) => SecretValue
  /** Milliseconds that never go back, for what must end in time. */
  readonly clock?: (() => number) | undefined
  /** Whether a filter that is not true says which of its terms is not. Default true. */
  readonly explained?: boolean | undefined
  /** Not there where nothing may be asked: whoever needs it fails. */
  readonly outside?: Outside | undefined
}

export type InterceptorAnswer =
  | { readonly is: 'continue'; readonly extensions: Readonly<Record<string, unknown>> }
  /** Not for this trigger. Messages are Triggers'. */
  | { readonly is: 'stop'; readonly message: string }
  /** The interceptor could not do its work: a mistake in the manifest, or a payload it cannot read. */
  | { readonly is: 'fail'; readonly message: string }

/** Whether a request proves to know the secret. Needs only headers and bytes, so it is asked before anything is stored. */
export type Proof =
  | { readonly is: 'unguarded' }
  | { readonly is: 'accepted' }
  | {
      readonly is: 'rejected'
      readonly header: string
      readonly secret: SecretRef
      readonly message: string
      readonly wayOut: string
    }

export type ProofInput = Pick<InterceptorInput, 'params' | 'secret'> & {
  readonly event: Pick<InboundEvent, 'headers' | 'rawBody'>
}

export interface InterceptorKind {
  readonly params: ParamTypes
  readonly run: (input: InterceptorInput) => MaybePromise<InterceptorAnswer>
  /** Without it, `run` looks at nothing that earlier interceptors found out. */
  readonly usesExtensions?: boolean
  readonly prove: (input: ProofInput) => Promise<Proof>
  /** The Secrets that `run` and `prove` may ask for. */
  readonly secretRefs: (params: Readonly<Record<string, unknown>>) => readonly SecretRef[]
}

export const PASS: InterceptorAnswer = { is: 'continue', extensions: {} }

export function stop(message: string): InterceptorAnswer {
  return { is: 'stop', message }
}

export function fail(message: string): InterceptorAnswer {
  return { is: 'fail', message }
}

export const NOTHING_OUTSIDE = 'nothing outside can be asked here: this needs a running engine'

/** `eventTypes` of the git hosts: no list lets everything pass, an empty one nothing. */
export function eventTypeProblem(params: Readonly<Record<string, unknown>>, actual: string): string | undefined {
  const allowed = params['eventTypes']
  if (!Array.isArray(allowed) || allowed.includes(actual)) return undefined
  return `event type ${actual} is not allowed`
}
