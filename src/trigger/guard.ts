/** Whether a request may be stored at all: decided over its raw bytes before anything else is made of it. */
import type { InboundEvent } from './event.js'
import { proofsAsked, proveChain } from './interceptors/chain.js'
import type { InterceptorObjects } from './interceptors/locate.js'
import type { ListedTrigger } from './listener-triggers.js'
import type { Secrets } from './secrets.js'

export interface Rejection {
  readonly trigger: string
  readonly header: string
  /** `<namespace>/<name>` and key, never the value. */
  readonly secret: string
  readonly why: string
  readonly wayOut: string
}

export type Guarding =
  | { readonly is: 'admitted' }
  | { readonly is: 'rejected'; readonly rejections: readonly Rejection[] }

/**
 * Admitted when some trigger wants no proof, or is given all it wants; also when there is no trigger to guard. Of triggers
 * that ask for the same proof the first is asked: a stranger must not cost more for every trigger.
 */
export async function guard(
  listed: readonly ListedTrigger[],
  event: Pick<InboundEvent, 'headers' | 'rawBody'>,
  secrets: Secrets,
  interceptors?: InterceptorObjects,
): Promise<Guarding> {
  const rejections: Rejection[] = []
  const asked = new Set<string>()
  for (const one of listed) {
    if (one.is === 'missing') continue
    const { name, chain } = one.trigger
    const asking = proofsAsked(chain, interceptors)
    if (asked.has(asking)) continue
    asked.add(asking)
    const proofs = await proveChain(chain, event, secrets, interceptors)
    const rejected = proofs.flatMap(({ proof, namespace }) =>
      proof.is === 'rejected' ? [{ ...proof, namespace }] : [],
    )
    if (rejected.length === 0) return { is: 'admitted' }
    rejections.push(
      ...rejected.map(({ header, secret, namespace, message, wayOut }) => ({
        trigger: name,
        header,
        secret: `${namespace}/${secret.secretName} key ${secret.secretKey}`,
        why: message,
        wayOut,
      })),
    )
  }
  return rejections.length === 0 ? { is: 'admitted' } : { is: 'rejected', rejections }
}
