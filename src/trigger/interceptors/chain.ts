/** The interceptors of one trigger, one after the other; the first that does not let the event pass ends it. */
import type { SecretRef, TriggerInterceptor } from '../../resources/triggers.js'
import type { InboundEvent } from '../event.js'
import { type Secrets, secretValue } from '../secrets.js'
import { bitbucket } from './bitbucket.js'
import { cel } from './cel.js'
import { github } from './github.js'
import { gitlab } from './gitlab.js'
import type { InterceptorAnswer, InterceptorInput, InterceptorKind, Proof } from './interceptor.js'

const KINDS: ReadonlyMap<string, InterceptorKind> = new Map([
  ['github', github],
  ['gitlab', gitlab],
  ['bitbucket', bitbucket],
  ['cel', cel],
])

export interface ChainedInterceptor {
  readonly interceptor: TriggerInterceptor
  /** Whose Secrets it reads: the trigger's, or for those of a group the listener's. */
  readonly namespace: string
}

export type ChainAnswer =
  | { readonly is: 'continue'; readonly extensions: Readonly<Record<string, unknown>> }
  /** `by` says which interceptor, as its author would find it. */
  | { readonly is: 'stop'; readonly by: string; readonly message: string }
  | { readonly is: 'fail'; readonly by: string; readonly message: string }

export async function runChain(
  chain: readonly ChainedInterceptor[],
  event: InboundEvent,
  secrets: Secrets,
): Promise<ChainAnswer> {
  // Looked at first, so that a trigger which cannot work says so for every event and not only for some.
  const unsupported = unsupportedIn(chain)
  if (unsupported !== undefined) return unsupported
  let extensions: Readonly<Record<string, unknown>> = {}
  for (const [index, one] of chain.entries()) {
    const answer = await run(one, { event, extensions, ...inputOf(one, secrets) })
    if (answer.is !== 'continue') return { ...answer, by: describe(one.interceptor, index) }
    extensions = { ...extensions, ...answer.extensions }
  }
  return { is: 'continue', extensions }
}

function unsupportedIn(chain: readonly ChainedInterceptor[]): ChainAnswer | undefined {
  const index = chain.findIndex(({ interceptor }) => kindOf(interceptor) === undefined)
  const found = chain[index]
  if (found === undefined) return undefined
  const supported = [...KINDS.keys()].join(', ')
  const message = `interceptor ${nameOf(found.interceptor)} is not supported yet: use ${supported}`
  return { is: 'fail', by: describe(found.interceptor, index), message }
}

async function run(one: ChainedInterceptor, input: InterceptorInput): Promise<InterceptorAnswer> {
  const kind = kindOf(one.interceptor)
  if (kind === undefined) throw new Error(`interceptor ${nameOf(one.interceptor)} was not looked at beforehand`)
  return kind.run(input)
}

/** The proofs that the chain asks for. No entry: the trigger takes events from anybody. */
export async function proveChain(
  chain: readonly ChainedInterceptor[],
  event: Pick<InboundEvent, 'headers' | 'rawBody'>,
  secrets: Secrets,
): Promise<readonly { readonly proof: Exclude<Proof, { is: 'unguarded' }>; readonly namespace: string }[]> {
  const found = await Promise.all(
    chain.map(async one => {
      const proof = await kindOf(one.interceptor)?.prove({ event, ...inputOf(one, secrets) })
      return proof === undefined || proof.is === 'unguarded' ? [] : [{ proof, namespace: one.namespace }]
    }),
  )
  return found.flat()
}

/** Every Secret that the chain may ask for, with its namespace. */
export function secretsOfChain(
  chain: readonly ChainedInterceptor[],
): readonly { readonly namespace: string; readonly ref: SecretRef }[] {
  return chain.flatMap(({ interceptor, namespace }) =>
    (kindOf(interceptor)?.secretRefs(paramsOf(interceptor)) ?? []).map(ref => ({ namespace, ref })),
  )
}

function inputOf({ interceptor, namespace }: ChainedInterceptor, secrets: Secrets) {
  return { params: paramsOf(interceptor), secret: (ref: SecretRef) => secretValue(secrets, namespace, ref) }
}

function paramsOf(interceptor: TriggerInterceptor): Readonly<Record<string, unknown>> {
  return Object.fromEntries((interceptor.params ?? []).map(({ name, value }) => [name, value]))
}

function kindOf({ ref, webhook }: TriggerInterceptor): InterceptorKind | undefined {
  if (ref === undefined || webhook !== undefined) return undefined
  if (ref.kind !== undefined && ref.kind !== '' && ref.kind !== 'ClusterInterceptor') return undefined
  return KINDS.get(ref.name)
}

function nameOf({ ref, webhook }: TriggerInterceptor): string {
  if (webhook !== undefined || ref === undefined) return 'webhook'
  return ref.kind === undefined || ref.kind === 'ClusterInterceptor' ? ref.name : `${ref.kind} ${ref.name}`
}

/** Positions count from 0 in the whole chain, those of a trigger group first. */
function describe(interceptor: TriggerInterceptor, index: number): string {
  const name = nameOf(interceptor)
  return `interceptors[${index}] ${name}${interceptor.name === undefined ? '' : ` "${interceptor.name}"`}`
}
