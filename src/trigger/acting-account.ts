/** Whose rights decide what a trigger may make, on a cluster that has such rights: as Tekton's EventListeners have it. Pure. */
import type { Key } from '../resources/meta.js'
import { asRecord } from '../resources/shape.js'
import type { EventListener } from '../resources/triggers.js'

/** Every namespace has it. */
export const DEFAULT_ACCOUNT = 'default'

/** The trigger's own, in its namespace; or else the listener's, which is in the listener's. */
export function actingAccount(
  { metadata, spec }: Pick<EventListener, 'metadata' | 'spec'>,
  trigger: { readonly namespace: string; readonly serviceAccountName?: string | undefined },
): Key {
  if (trigger.serviceAccountName) return { namespace: trigger.namespace, name: trigger.serviceAccountName }
  const { kubernetesResource } = asRecord(spec.resources)
  const pod = asRecord(asRecord(asRecord(asRecord(kubernetesResource)['spec'])['template'])['spec'])
  const ofPod = typeof pod['serviceAccountName'] === 'string' ? pod['serviceAccountName'] : ''
  return { namespace: metadata.namespace, name: spec.serviceAccountName || ofPod || DEFAULT_ACCOUNT }
}

/** As API servers know a service account. */
export function accountUser({ namespace, name }: Key): string {
  return `system:serviceaccount:${namespace}:${name}`
}

/** A DNS subdomain, as API servers ask of a ServiceAccount's name. */
export function isAccountName(name: string): boolean {
  return name.length <= 253 && name.split('.').every(label => /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(label))
}
