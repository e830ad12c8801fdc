/** A slot as a delivery, and back: what goes through the inbox to the dispatcher. */
import type { Delivery } from '../inbox/inbox.js'
import { fromTimestamp, toTimestamp } from '../lib/time.js'
import type { ObjectMeta } from '../resources/meta.js'
import { derivedUuid } from '../trigger/names.js'
import { DEFAULT_TIME_ZONE } from './read-schedule.js'

/** What bindings see as `$(body…)`. */
export interface Tick {
  readonly schedule: { readonly namespace: string; readonly name: string }
  /** RFC 3339; of a run that was asked for, when it was. */
  readonly scheduledTime: string
  readonly timeZone: string
  /** Asked for, and not fired by the clock. */
  readonly manual: boolean
}

type Owner = Pick<ObjectMeta, 'namespace' | 'name' | 'uid'>

/** The same slot is the same delivery, byte for byte, whoever makes it and however often. */
export function slotDelivery(owner: Owner, timeZone: string, slot: number, now: number): Delivery {
  return deliveryOf(owner, { scheduledTime: toTimestamp(slot), timeZone, manual: false }, toTimestamp(slot), now)
}

/** `request` tells this one from others of the same second. */
export function manualDelivery(owner: Owner, timeZone: string | undefined, request: string, now: number): Delivery {
  return deliveryOf(
    owner,
    { scheduledTime: toTimestamp(now), timeZone: timeZone ?? DEFAULT_TIME_ZONE, manual: true },
    `run-${request}`,
    now,
  )
}

function deliveryOf(owner: Owner, tick: Omit<Tick, 'schedule'>, what: string, now: number): Delivery {
  const { namespace, name, uid } = owner
  const body: Tick = { schedule: { namespace, name }, ...tick }
  return {
    id: `${namespace}/${name}/schedule/${uid}/${what}`,
    eventId: derivedUuid('schedule', uid, what),
    receivedAt: now,
    to: { kind: 'Schedule', namespace, name, uid },
    url: `/schedules/${namespace}/${name}`,
    headers: { 'content-type': ['application/json'] },
    body: new TextEncoder().encode(JSON.stringify(body)),
  }
}

/** Undefined when the body is none of ours. */
export function readTick(body: unknown): { readonly slot: number; readonly manual: boolean } | undefined {
  const { scheduledTime, manual } = (body ?? {}) as Partial<Tick>
  const slot = typeof scheduledTime === 'string' ? fromTimestamp(scheduledTime) : Number.NaN
  return Number.isNaN(slot) ? undefined : { slot, manual: manual === true }
}
