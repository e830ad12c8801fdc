/** A schedule as a trigger, and its mark on what it creates. */
import { isKind, KINDS } from '../resources/kinds.js'
import {
  SCHEDULE_LABEL,
  SCHEDULE_UID_LABEL,
  SCHEDULED_AT_ANNOTATION,
  type Schedule,
  type ScheduleSpec,
} from '../resources/schedules.js'
import { asRecord, isRecord, type Json } from '../resources/shape.js'
import type { TriggerTemplateSpec } from '../resources/triggers.js'
import { LISTENER_LABEL } from '../trigger/fire.js'
import type { FiringTrigger } from '../trigger/listener-triggers.js'

/** `template` is what `spec.template` says or refers to; undefined when there is no such template. */
export function firingTrigger({ metadata, spec }: Schedule, template: TriggerTemplateSpec | undefined): FiringTrigger {
  const { namespace, name, uid } = metadata
  return {
    id: uid,
    name,
    namespace,
    chain: [],
    spec: {
      bindings: spec.bindings ?? [],
      template: template === undefined ? spec.template : { spec: withParams(template, spec.params) },
    },
  }
}

/** A param of the schedule stands where the template's own default stood: it is a value, and no expression. */
function withParams(template: TriggerTemplateSpec, params: ScheduleSpec['params'] = []): TriggerTemplateSpec {
  const given = params.map(({ name, value }) => ({ name, default: value }))
  const others = (template.params ?? []).filter(({ name }) => !given.some(param => param.name === name))
  return { ...template, params: [...others, ...given] }
}

/** `scheduledAt`: RFC 3339. What is created elsewhere than in the schedule's namespace cannot be owned by it. */
export function marked(object: Json, schedule: Schedule, scheduledAt: string): Json {
  const { namespace, name, uid } = schedule.metadata
  const metadata = asRecord(object['metadata'])
  const { labels, annotations = {}, ownerReferences = [] } = metadata
  // Anything but a mapping is left for admission to refuse.
  if (!isRecord(labels) || !isRecord(annotations) || !Array.isArray(ownerReferences)) return object
  const { [LISTENER_LABEL]: _none, ...rest } = labels
  const kind = String(object['kind'])
  const isOwned = metadata['namespace'] === namespace && !(isKind(kind) && !KINDS[kind].namespaced)
  const { apiVersion, kind: ownerKind } = schedule
  const owner = { apiVersion, kind: ownerKind, name, uid, controller: true, blockOwnerDeletion: true }
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: { ...rest, [SCHEDULE_LABEL]: name, [SCHEDULE_UID_LABEL]: uid },
      annotations: { ...annotations, [SCHEDULED_AT_ANNOTATION]: scheduledAt },
      ...(isOwned && { ownerReferences: [...ownerReferences, owner] }),
    },
  }
}
