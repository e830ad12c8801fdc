/** What Triggers' mutating webhook writes into EventListeners and Triggers. */
import type { EventListenerSpec, TriggerInterceptor, TriggerSpec, TriggerSpecBinding } from '../resources/triggers.js'

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

function defaultBinding(binding: TriggerSpecBinding): TriggerSpecBinding {
  return binding.ref && !binding.kind ? { ...binding, kind: 'TriggerBinding' } : binding
}

/** An empty list entry (null) stays what it is, and is refused by the rules. */
function defaultInterceptor(interceptor: TriggerInterceptor): TriggerInterceptor {
  return interceptor?.ref && !interceptor.ref.kind
    ? { ...interceptor, ref: { ...interceptor.ref, kind: 'ClusterInterceptor' } }
    : interceptor
}
