/** Which triggers an EventListener has: its own, those it refers to, those it selects, those of its groups. */
import { KINDS } from '../resources/kinds.js'
import { meetsLabelRequirement } from '../resources/label-requirement.js'
import type { Key } from '../resources/meta.js'
import { problemsText } from '../resources/problem.js'
import { storedProblems } from '../resources/shape.js'
import { triggersSpecShape } from '../resources/shapes-triggers.js'
import type {
  EventListener,
  LabelSelector,
  Trigger,
  TriggerInterceptor,
  TriggerSelector,
  TriggerSpec,
} from '../resources/triggers.js'
import type { ChainedInterceptor } from './interceptors/chain.js'
import { unsignedIn, unsignedText } from './interceptors/unsigned.js'

export interface FiringTrigger {
  /** The same whenever the same listener is read: namespace, name, and which of several of that name. */
  readonly id: string
  /** '' when it has none. */
  readonly name: string
  readonly namespace: string
  /** The Trigger object that this was read from; without: it is written in the listener. */
  readonly source?: Key & { readonly resourceVersion: string }
  /** Of its namespace; without: the listener's. */
  readonly serviceAccountName?: string
  readonly chain: readonly ChainedInterceptor[]
  readonly spec: Pick<TriggerSpec, 'bindings' | 'template'>
}

export type ListedTrigger =
  | { readonly is: 'trigger'; readonly trigger: FiringTrigger }
  /** A `triggerRef` to nothing, or nothing that makes sense. `what`: how it is called where it is no reference. */
  | { readonly is: 'missing'; readonly name: string; readonly message: string; readonly what?: string }

/** What has to be looked up before `triggersOf` can tell. */
export interface TriggerSources {
  /** Triggers of the listener's namespace, by name. */
  readonly refs: readonly string[]
  /** Namespaces whose Triggers may be selected; 'all': the whole cluster. */
  readonly namespaces: readonly string[] | 'all'
}

export function triggerSources(listener: EventListener): TriggerSources {
  const { spec, metadata } = listener
  if (malformation('EventListener', listener) !== undefined) return { refs: [], namespaces: [] }
  const selectors: readonly TriggerSelector[] = [
    spec,
    ...(spec.triggerGroups ?? []).map(group => group.triggerSelector),
  ]
  const namespaces = selectors.map(selector => namespacesOf(selector, metadata.namespace))
  return {
    refs: (spec.triggers ?? []).flatMap(({ triggerRef }) => (triggerRef ? [triggerRef] : [])),
    namespaces: namespaces.includes('all')
      ? 'all'
      : [...new Set(namespaces.flatMap(names => (names === 'all' ? [] : names)))],
  }
}

/** `triggers` holds at least what `triggerSources` asks for; what else is in it does not matter. */
export function triggersOf(listener: EventListener, triggers: readonly Trigger[]): readonly ListedTrigger[] {
  const { namespace } = listener.metadata
  const wrong = malformation('EventListener', listener)
  if (wrong !== undefined) return [wrong]
  const byName = new Map(triggers.map(trigger => [`${trigger.metadata.namespace}/${trigger.metadata.name}`, trigger]))
  const found: ListedTrigger[] = [
    ...(listener.spec.triggers ?? []).map((entry): ListedTrigger => {
      if (entry.triggerRef) return referred(entry.triggerRef, namespace, byName)
      return listed(entry.name ?? '', namespace, [], entry)
    }),
    ...select(listener.spec, namespace, triggers).map(trigger => listedTrigger(trigger, [])),
    ...(listener.spec.triggerGroups ?? []).flatMap(group => {
      const chain = chained(group.interceptors, namespace, group.name ?? '')
      return select(group.triggerSelector, namespace, triggers).map(trigger => listedTrigger(trigger, chain))
    }),
  ]
  return withIds(found)
}

/** Triggers whose interceptors look as if they guarded them, and do not. */
export function unsignedTriggers(
  listed: readonly ListedTrigger[],
): readonly { readonly trigger: string; readonly warning: string }[] {
  return listed.flatMap(one => {
    if (one.is === 'missing') return []
    const { namespace, name, chain } = one.trigger
    const interceptors = chain.map(({ interceptor }) => interceptor)
    return unsignedIn(interceptors).map(index => ({
      trigger: `${namespace}/${name}`,
      warning: unsignedText(interceptors[index]?.ref?.name ?? ''),
    }))
  })
}

function referred(name: string, namespace: string, triggers: ReadonlyMap<string, Trigger>): ListedTrigger {
  const trigger = triggers.get(`${namespace}/${name}`)
  if (trigger !== undefined) return listedTrigger(trigger, [])
  const message = `error getting Trigger ${name} of namespace ${namespace}: triggers.triggers.tekton.dev "${name}" not found`
  return { is: 'missing', name, message }
}

function listedTrigger(trigger: Trigger, group: readonly ChainedInterceptor[]): ListedTrigger {
  const { metadata, spec } = trigger
  const { name, namespace, resourceVersion } = metadata
  const wrong = malformation('Trigger', trigger)
  if (wrong !== undefined) return wrong
  return listed(name, namespace, group, spec, { name, namespace, resourceVersion })
}

function listed(
  name: string,
  namespace: string,
  group: readonly ChainedInterceptor[],
  { interceptors, bindings, template, serviceAccountName }: Partial<TriggerSpec>,
  source?: FiringTrigger['source'],
): ListedTrigger {
  const chain = [...group, ...chained(interceptors ?? [], namespace)]
  const spec = { template: template ?? {}, ...(bindings === undefined ? {} : { bindings }) }
  const own = { ...(source && { source }), ...(serviceAccountName && { serviceAccountName }) }
  return { is: 'trigger', trigger: { id: '', name, namespace, ...own, chain, spec } }
}

function chained(
  interceptors: readonly TriggerInterceptor[],
  namespace: string,
  group?: string,
): readonly ChainedInterceptor[] {
  return interceptors.map(interceptor => ({ interceptor, namespace, ...(group !== undefined && { group }) }))
}

/** Tekton's definitions have no schema: without its webhook anything may stand there, and must not take others with it. */
function malformation(
  kind: 'EventListener' | 'Trigger',
  { metadata, spec }: EventListener | Trigger,
): Extract<ListedTrigger, { is: 'missing' }> | undefined {
  const { namespace, name } = metadata
  const problems = storedProblems(triggersSpecShape(kind, KINDS[kind].version) ?? 'object', spec, 'spec')
  if (problems.length === 0) return undefined
  const message = `${kind} ${namespace}/${name} is malformed: ${problemsText(problems)}`
  return { is: 'missing', name, message, what: `a sound ${kind} "${namespace}/${name}"` }
}

/** By name and not by position: a trigger that is put before another one must not change what the other one makes. */
function withIds(found: readonly ListedTrigger[]): readonly ListedTrigger[] {
  const seen = new Map<string, number>()
  return found.map(one => {
    if (one.is === 'missing') return one
    const name = `${one.trigger.namespace}/${one.trigger.name}`
    const occurrence = seen.get(name) ?? 0
    seen.set(name, occurrence + 1)
    return { is: 'trigger', trigger: { ...one.trigger, id: `${name}#${occurrence}` } }
  })
}

function namespacesOf({ namespaceSelector, labelSelector }: TriggerSelector, own: string): readonly string[] | 'all' {
  const names = namespaceSelector?.matchNames ?? []
  if (names.length === 1 && names[0] === '*') return 'all'
  if (names.length > 0) return names
  return labelSelector === undefined ? [] : [own]
}

function select(selector: TriggerSelector, own: string, triggers: readonly Trigger[]): readonly Trigger[] {
  const namespaces = namespacesOf(selector, own)
  const inReach =
    namespaces === 'all'
      ? triggers
      : namespaces.flatMap(name => triggers.filter(({ metadata }) => metadata.namespace === name))
  return inReach.filter(({ metadata }) => matchesLabels(selector.labelSelector ?? {}, metadata.labels ?? {}))
}

export function matchesLabels(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  const label = (key: string) => (Object.hasOwn(labels, key) ? labels[key] : undefined)
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => label(key) === value) &&
    (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      // Admission knows the four operators; whatever else got in selects nothing rather than everything.
      return meetsLabelRequirement(operator, label(key), values) ?? false
    })
  )
}
