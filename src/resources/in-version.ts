/** Objects in the versions they can be had in beside the one they are stored in. Pure. */
import { EVENTS_GROUP, toEventsV1 } from './events-v1.js'
import { groupVersion } from './kind-table.js'
import type { KindInfo } from './kinds.js'
import type { Resource } from './meta.js'
import { toV1beta1 } from './to-v1beta1.js'

/**
 * Only Tekton's v1beta1 and the other group's Events differ in more than their names; the others are stored under another name than they are asked
 * for, as with definitions whose conversion is None. The object itself when it is in that version already.
 */
export function inVersion({ group }: Pick<KindInfo, 'group'>, version: string, object: Resource): Resource {
  const apiVersion = groupVersion(group, version)
  if (object.apiVersion === apiVersion) return object
  if (group === EVENTS_GROUP) return toEventsV1(object)
  const shown = apiVersion === 'tekton.dev/v1beta1' ? toV1beta1(object) : object
  return { ...shown, apiVersion }
}
