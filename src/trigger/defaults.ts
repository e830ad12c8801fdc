/** What Triggers' mutating webhook writes into EventListeners, Triggers and interceptors. */
import type { NewMeta } from '../resources/meta.js'
import { isRecord } from '../resources/shape.js'
import type { EventListenerSpec, TriggerInterceptor, TriggerSpec, TriggerSpecBinding } from '../resources/triggers.js'

const SERVER_TYPE_LABEL = 'server/type'

export function defaultTriggerSpec<T extends Partial<TriggerSpec>>(spec: T): T {
  return {
    ...spec,
    ...(spec.bindings ? { bindings: spec.bindings.map(defaultBinding) } : {}),
    ...(spec.interceptors ? { interceptors: spec.interceptors.map(defaultInterceptor) } : {}),
  }
}

export function defaultEventListenerSpec(spec: EventListenerSpec, serviceAccount: string): EventListenerSpec {
  return {
    ...spec,
    serviceAccountName: spec.serviceAccountName || serviceAccount,
    ...(spec.resources ? { resources: defaultResources(spec.resources) } : {}),
    ...(spec.triggers ? { triggers: spec.triggers.map(defaultTriggerSpec) } : {}),
    ...(spec.triggerGroups
      ? {
          triggerGroups: spec.triggerGroups.map(group => ({
            ...group,
            ...(group.interceptors ? { interceptors: group.interceptors.map(defaultInterceptor) } : {}),
          })),
        }
      : {}),
  }
}

/** As Tekton, also where a value stands and no reference. */
function defaultBinding(binding: TriggerSpecBinding): TriggerSpecBinding {
  return binding.kind ? binding : { ...binding, kind: 'TriggerBinding' }
}

/** A listener of Tekton's with no replica would never answer. */
function defaultResources(resources: NonNullable<EventListenerSpec['resources']>): typeof resources {
  const { kubernetesResource } = resources
  if (!isRecord(kubernetesResource) || kubernetesResource['replicas'] !== 0) return resources
  return { ...resources, kubernetesResource: { ...kubernetesResource, replicas: 1 } }
}

/** How an interceptor of somebody's is spoken to, unless its author said it. Tekton drops the other labels for this. */
export function defaultInterceptorMeta(metadata: NewMeta): NewMeta {
  if (metadata.labels && SERVER_TYPE_LABEL in metadata.labels) return metadata
  return { ...metadata, labels: { ...metadata.labels, [SERVER_TYPE_LABEL]: 'http' } }
}

/** An empty list entry (null) stays what it is, and is refused by the rules. */
function defaultInterceptor(interceptor: TriggerInterceptor): TriggerInterceptor {
  return interceptor?.ref && !interceptor.ref.kind
    ? { ...interceptor, ref: { ...interceptor.ref, kind: 'ClusterInterceptor' } }
    : interceptor
}
