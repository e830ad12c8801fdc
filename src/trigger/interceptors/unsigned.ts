/** Interceptors of git hosts that look at no signature: whoever knows the listener's address can send what they take. */
import type { TriggerInterceptor } from '../../resources/triggers.js'

const GIT_HOSTS: readonly string[] = ['github', 'gitlab', 'bitbucket', 'gitea']

/** Positions in `chain`; none when another one of the chain asks for a secret, with `secretRef` or in CEL. */
export function unsignedIn(chain: readonly (TriggerInterceptor | null)[]): readonly number[] {
  if (chain.some(asksForSecret)) return []
  return chain.flatMap((one, index) => (GIT_HOSTS.includes(one?.ref?.name ?? '') ? [index] : []))
}

export function unsignedText(name: string): string {
  return `anybody may send this event: the interceptor ${name} has no secretRef, so no signature is looked at`
}

export const UNSIGNED_HINT =
  'add the param secretRef, and enter the value of that Secret in the webhook at the git host'

function asksForSecret(interceptor: TriggerInterceptor | null): boolean {
  return (interceptor?.params ?? []).some(({ name, value }) =>
    name.toLowerCase() === 'secretref' ? Boolean(value) : JSON.stringify(value ?? '').includes('compareSecret'),
  )
}
