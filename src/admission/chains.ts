/** Where an object holds interceptors. */
import type { AnyResource } from '../resources/kinds.js'
import type { New } from '../resources/meta.js'
import type { EventListener, Trigger, TriggerInterceptor } from '../resources/triggers.js'

/** Every chain of interceptors that an object holds, and where. */
export function chainsOf(object: New<AnyResource>): readonly { chain: readonly TriggerInterceptor[]; path: string }[] {
  if (object.kind === 'Trigger') {
    return [{ chain: (object as New<Trigger>).spec.interceptors ?? [], path: 'spec' }]
  }
  if (object.kind !== 'EventListener') return []
  const { triggers = [], triggerGroups = [] } = (object as New<EventListener>).spec
  return [
    ...triggers.map(({ interceptors = [] }, index) => ({ chain: interceptors, path: `spec.triggers[${index}]` })),
    ...triggerGroups.map(({ interceptors }, index) => ({ chain: interceptors, path: `spec.triggerGroups[${index}]` })),
  ]
}
