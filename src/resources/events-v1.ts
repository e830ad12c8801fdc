/**
 * Events as `events.k8s.io/v1` has them: the same objects as the core group's, with other names for half of their fields.
 * They are stored as the core group's. Pure.
 */
import type { Resource } from './meta.js'
import { asRecord, isRecord } from './shape.js'

export const EVENTS_GROUP = 'events.k8s.io'
const EVENTS_V1 = `${EVENTS_GROUP}/v1`

/** The core group's name of a field, and the other one. */
const NAMES: readonly (readonly [core: string, events: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
]

const TO_EVENTS = new Map(NAMES)
const TO_CORE = new Map(NAMES.map(([core, events]) => [events, core] as const))

export function toEventsV1(event: Resource): Resource {
  return { ...renamed(event, TO_EVENTS), apiVersion: EVENTS_V1 } as Resource
}

/** Anything else is handed back as it is. */
export function fromEventsV1(object: unknown): unknown {
  const { apiVersion, kind } = asRecord(object)
  if (apiVersion !== EVENTS_V1 || kind !== 'Event' || !isRecord(object)) return object
  return { ...renamed(object, TO_CORE), apiVersion: 'v1' }
}

function renamed(object: object, names: ReadonlyMap<string, string>): object {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [names.get(name) ?? name, value]))
}
