/** One trigger and one event: the objects to create, or why there are none. Pure; everything it reads was read before. */

import { after, type MaybePromise } from '../lib/maybe-promise.js'
import { isKind, KINDS } from '../resources/kinds.js'
import type { Key } from '../resources/meta.js'
import { asRecord, isRecord } from '../resources/shape.js'
import type { TriggerBindingSpec, TriggerSpecBinding, TriggerTemplateSpec } from '../resources/triggers.js'
import { bindParams, readBindings } from './bindings.js'
import type { InboundEvent } from './event.js'
import { type ChainAnswer, runChain, unreadableBody } from './interceptors/chain.js'
import type { InterceptorObjects } from './interceptors/locate.js'
import type { Outside } from './interceptors/outside.js'
import type { FiringTrigger } from './listener-triggers.js'
import { derivedUuid } from './names.js'
import type { Secrets } from './secrets.js'
import { renderTemplate } from './template.js'

export const EVENT_ID_LABEL = 'triggers.tekton.dev/triggers-eventid'
export const LISTENER_LABEL = 'triggers.tekton.dev/eventlistener'
export const TRIGGER_LABEL = 'triggers.tekton.dev/trigger'

/** What was looked up for a firing. What is not in a map does not exist. */
export interface TriggerWorld {
  readonly listener: Key
  readonly secrets: Secrets
  /** ClusterInterceptors, and Interceptors of the listener's namespace. */
  readonly interceptors?: InterceptorObjects
  /** What interceptors may ask of others. Without it, those that need it fail. */
  readonly outside?: Outside
  /** Milliseconds that never go back. Without it, expressions end by counting alone. */
  readonly clock?: () => number
  /** Whether a filter that is not true says which of its terms is not. Default true. */
  readonly explained?: boolean
  /** By `bindingKey`. */
  readonly bindings: ReadonlyMap<string, TriggerBindingSpec>
  /** By `<namespace>/<name>`. */
  readonly templates: ReadonlyMap<string, TriggerTemplateSpec>
}

export type TriggerResult =
  /** What the template says, with labels and a namespace: to be admitted, named by `derivedName`, created in this order. */
  | { readonly is: 'fired'; readonly objects: readonly Readonly<Record<string, unknown>>[] }
  | { readonly is: 'filtered'; readonly by: string; readonly why: string }
  | { readonly is: 'failed'; readonly reason: FailureReason; readonly message: string }

export type FailureReason = 'InterceptorFailed' | 'BindingFailed' | 'TemplateFailed'

/** At once, unless an interceptor has something to wait for. */
export function fire(trigger: FiringTrigger, event: InboundEvent, world: TriggerWorld): MaybePromise<TriggerResult> {
  const { interceptors, outside, clock, explained } = world
  const passing = runChain(trigger.chain, event, world.secrets, {
    trigger: trigger.name,
    ...(interceptors && { objects: interceptors }),
    ...(outside && { outside }),
    ...(clock && { clock }),
    ...(explained !== undefined && { explained }),
  })
  return after(passing, passed => resultOf(trigger, event, world, passed))
}

function resultOf(
  trigger: FiringTrigger,
  event: InboundEvent,
  world: TriggerWorld,
  passed: ChainAnswer,
): TriggerResult {
  if (passed.is === 'stop') return { is: 'filtered', by: passed.by, why: passed.message }
  if (passed.is === 'fail') return failed('InterceptorFailed', `${passed.by}: ${passed.message}`)

  const seen = passed.event ?? event
  if (seen.unreadable !== undefined) return failed('BindingFailed', unreadableBody(seen.unreadable))

  const template = templateOf(trigger, world)
  if (typeof template === 'string') return failed('TemplateFailed', template)
  const bindings = readBindings(trigger.spec.bindings ?? [], one =>
    world.bindings.get(bindingKey(one, trigger.namespace)),
  )
  if (bindings.is === 'failed') return failed('BindingFailed', bindings.message)
  const bound = bindParams(bindings.params, template.params, seen, passed.extensions)
  if (bound.is === 'failed') return failed('BindingFailed', bound.message)

  const rendered = renderTemplate(template, bound.params, derivedUuid('uid', event.id, trigger.id))
  if (rendered.is === 'failed') return failed('TemplateFailed', rendered.message)
  const labels = {
    [LISTENER_LABEL]: world.listener.name,
    [TRIGGER_LABEL]: trigger.name,
    [EVENT_ID_LABEL]: event.id,
  }
  return {
    is: 'fired',
    objects: rendered.resources.map(resource => furnished(resource, trigger.namespace, labels)),
  }
}

/** Where `TriggerWorld.bindings` keeps what a binding refers to. */
export function bindingKey({ ref, kind }: TriggerSpecBinding, namespace: string): string {
  return kind === 'ClusterTriggerBinding' ? `ClusterTriggerBinding//${ref}` : `TriggerBinding/${namespace}/${ref}`
}

function templateOf({ spec, namespace }: FiringTrigger, world: TriggerWorld): TriggerTemplateSpec | string {
  const { ref = '', spec: inline } = spec.template
  if (inline !== undefined) return inline
  const found = world.templates.get(`${namespace}/${ref}`)
  return found ?? `error getting TriggerTemplate ${ref}: triggertemplates.triggers.tekton.dev "${ref}" not found`
}

/** Our labels win over the author's of the same name; a namespace that is not written is the trigger's. */
function furnished(
  resource: Readonly<Record<string, unknown>>,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  const metadata = asRecord(resource['metadata'])
  const written = metadata['labels']
  // Anything but a mapping is left for admission to refuse.
  const merged = written === undefined || isRecord(written) ? { ...asRecord(written), ...labels } : written
  const kind = String(resource['kind'])
  const isNamespaced = !isKind(kind) || KINDS[kind].namespaced
  const place = isNamespaced && !metadata['namespace'] ? { namespace } : {}
  return { ...resource, metadata: { ...metadata, ...place, labels: merged } }
}

function failed(reason: FailureReason, message: string): TriggerResult {
  return { is: 'failed', reason, message }
}
