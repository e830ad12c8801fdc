/** Reads what a listener's triggers depend on. Every lookup is made once, however many triggers share it. */
import type { Cluster, Selector } from '../src/cluster/cluster.js'
import type { Secret } from '../src/resources/core.js'
import type { Kind, Kinds } from '../src/resources/kinds.js'
import { type Key, keyOf } from '../src/resources/meta.js'
import type {
  ClusterInterceptor,
  EventListener,
  Interceptor,
  InterceptorSpec,
  Trigger,
  TriggerBindingSpec,
  TriggerSpecBinding,
  TriggerTemplateSpec,
} from '../src/resources/triggers.js'
import { bindingKey, type TriggerWorld } from '../src/trigger/fire.js'
import { secretsOfChain } from '../src/trigger/interceptors/chain.js'
import type { InterceptorObjects } from '../src/trigger/interceptors/locate.js'
import { type ListedTrigger, triggerSources, triggersOf } from '../src/trigger/listener-triggers.js'
import type { Secrets } from '../src/trigger/secrets.js'

/** Every kind that a plan is made of. Secrets are none: they are read for each delivery. */
export const PLAN_KINDS = [
  'EventListener',
  'Trigger',
  'TriggerBinding',
  'ClusterTriggerBinding',
  'TriggerTemplate',
  'ClusterInterceptor',
  'Interceptor',
] as const satisfies readonly Kind[]
export type PlanKind = (typeof PLAN_KINDS)[number]

/** Where a plan is read from: the cluster, or a copy of it. */
export interface Reads {
  get<K extends PlanKind>(kind: K, key: Key): Promise<Kinds[K] | undefined>
  list<K extends PlanKind>(kind: K, selector?: Selector): Promise<readonly Kinds[K][]>
}

/** What an EventListener needs to fire, whatever the event. */
export interface ListenerPlan {
  readonly listener: EventListener
  readonly listed: readonly ListedTrigger[]
  readonly world: Omit<TriggerWorld, 'secrets'>
  /** Every Secret that an interceptor may ask for. */
  readonly secretKeys: readonly Key[]
  /** Made of copies, which may be behind the cluster. */
  readonly isCopy: boolean
}

export async function planListener(reads: Reads, listener: EventListener): Promise<ListenerPlan> {
  const listed = await observeTriggers(reads, listener)
  const [world, interceptors] = await Promise.all([
    observeWorld(reads, keyOf(listener), listed),
    observeInterceptors(reads, listener.metadata.namespace, listed),
  ])
  const secretKeys = secretKeysOf(listed, interceptors)
  return { listener, listed, world: { ...world, interceptors }, secretKeys, isCopy: false }
}

export async function observeTriggers(reads: Reads, listener: EventListener): Promise<readonly ListedTrigger[]> {
  const { refs, namespaces } = triggerSources(listener)
  const { namespace } = listener.metadata
  const [referred, selected] = await Promise.all([
    Promise.all([...new Set(refs)].map(name => reads.get('Trigger', { namespace, name }))),
    namespaces === 'all'
      ? reads.list('Trigger')
      : Promise.all(namespaces.map(name => reads.list('Trigger', { namespace: name }))).then(lists => lists.flat()),
  ])
  // One that is referred to and selected is one object here; triggersOf counts both ways to it.
  const found = [...selected, ...referred.filter(trigger => trigger !== undefined)]
  const byUid = new Map<string, Trigger>(found.map(trigger => [trigger.metadata.uid, trigger]))
  return triggersOf(listener, [...byUid.values()])
}

/** Those that the triggers refer to. Namespaced ones are the listener's, also for triggers of other namespaces. */
async function observeInterceptors(
  reads: Reads,
  namespace: string,
  listed: readonly ListedTrigger[],
): Promise<InterceptorObjects> {
  const refs = listed.flatMap(one =>
    one.is === 'trigger' ? one.trigger.chain.flatMap(({ interceptor }) => interceptor.ref ?? []) : [],
  )
  const [namespaced, others] = [true, false].map(own =>
    refs.filter(({ kind }) => (kind === 'NamespacedInterceptor') === own).map(({ name }) => name),
  )
  const [cluster, own] = await Promise.all([
    lookUp(others ?? [], name => reads.get('ClusterInterceptor', { namespace: '', name })),
    lookUp(namespaced ?? [], name => reads.get('Interceptor', { namespace, name })),
  ])
  return { cluster: specsOf(cluster), own: specsOf(own) }
}

function specsOf(found: ReadonlyMap<string, ClusterInterceptor | Interceptor>): ReadonlyMap<string, InterceptorSpec> {
  return new Map([...found].map(([name, { spec }]) => [name, spec ?? {}]))
}

export function secretKeysOf(listed: readonly ListedTrigger[], interceptors: InterceptorObjects): readonly Key[] {
  const refs = listed.flatMap(one => (one.is === 'trigger' ? secretsOfChain(one.trigger.chain, interceptors) : []))
  return [...new Set(refs.map(({ namespace, ref }) => `${namespace}/${ref.secretName}`))].map(splitKey)
}

export async function readSecrets(cluster: Pick<Cluster, 'get'>, keys: readonly Key[]): Promise<Secrets> {
  return lookUp(
    keys.map(({ namespace, name }) => `${namespace}/${name}`),
    (key): Promise<Secret | undefined> => cluster.get('Secret', splitKey(key)),
  )
}

export async function observeWorld(
  reads: Reads,
  listener: Key,
  listed: readonly ListedTrigger[],
): Promise<Omit<TriggerWorld, 'secrets'>> {
  const triggers = listed.flatMap(one => (one.is === 'trigger' ? [one.trigger] : []))
  const [bindings, templates] = await Promise.all([
    lookUp(
      triggers.flatMap(({ spec, namespace }) => referredBindings(spec.bindings, namespace)),
      (key): Promise<TriggerBindingSpec | undefined> => getBinding(reads, key),
    ),
    lookUp(
      triggers.flatMap(({ spec, namespace }) => (spec.template.ref ? [`${namespace}/${spec.template.ref}`] : [])),
      (key): Promise<TriggerTemplateSpec | undefined> =>
        reads.get('TriggerTemplate', splitKey(key)).then(template => template?.spec),
    ),
  ])
  return { listener, bindings, templates }
}

function referredBindings(bindings: readonly TriggerSpecBinding[] = [], namespace: string): readonly string[] {
  return bindings.filter(binding => binding.ref).map(binding => bindingKey(binding, namespace))
}

async function getBinding(reads: Reads, key: string): Promise<TriggerBindingSpec | undefined> {
  const [kind = '', namespace = '', name = ''] = key.split('/')
  const at = { namespace, name }
  const binding = await (kind === 'ClusterTriggerBinding'
    ? reads.get('ClusterTriggerBinding', at)
    : reads.get('TriggerBinding', at))
  return binding?.spec
}

async function lookUp<T>(
  keys: readonly string[],
  get: (key: string) => Promise<T | undefined>,
): Promise<ReadonlyMap<string, T>> {
  const found = await Promise.all([...new Set(keys)].map(async key => [key, await get(key)] as const))
  return new Map(found.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])))
}

function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const [namespace = '', name = ''] = key.split('/')
  return { namespace, name }
}
