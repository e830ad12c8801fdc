/** Reads what a listener's triggers depend on. Every lookup is made once, however many triggers share it. */
import type { Cluster } from '../src/cluster/cluster.js'
import type { Secret } from '../src/resources/core.js'
import { keyOf } from '../src/resources/meta.js'
import type {
  EventListener,
  Trigger,
  TriggerBindingSpec,
  TriggerSpecBinding,
  TriggerTemplateSpec,
} from '../src/resources/triggers.js'
import { bindingKey, type TriggerWorld } from '../src/trigger/fire.js'
import { secretsOfChain } from '../src/trigger/interceptors/chain.js'
import { type ListedTrigger, triggerSources, triggersOf } from '../src/trigger/listener-triggers.js'
import type { Secrets } from '../src/trigger/secrets.js'

export async function observeTriggers(cluster: Cluster, listener: EventListener): Promise<readonly ListedTrigger[]> {
  const { refs, namespaces } = triggerSources(listener)
  const { namespace } = listener.metadata
  const [referred, selected] = await Promise.all([
    Promise.all([...new Set(refs)].map(name => cluster.get('Trigger', { namespace, name }))),
    namespaces === 'all'
      ? cluster.list('Trigger')
      : Promise.all(namespaces.map(name => cluster.list('Trigger', { namespace: name }))).then(lists => lists.flat()),
  ])
  // One that is referred to and selected is one object here; triggersOf counts both ways to it.
  const found = [...selected, ...referred.filter(trigger => trigger !== undefined)]
  const byUid = new Map<string, Trigger>(found.map(trigger => [trigger.metadata.uid, trigger]))
  return triggersOf(listener, [...byUid.values()])
}

export async function observeSecrets(cluster: Cluster, listed: readonly ListedTrigger[]): Promise<Secrets> {
  const refs = listed.flatMap(one => (one.is === 'trigger' ? secretsOfChain(one.trigger.chain) : []))
  const found = await lookUp(
    refs.map(({ namespace, ref }) => `${namespace}/${ref.secretName}`),
    (key): Promise<Secret | undefined> => cluster.get('Secret', splitKey(key)),
  )
  return found
}

export async function observeWorld(
  cluster: Cluster,
  listener: EventListener,
  listed: readonly ListedTrigger[],
): Promise<TriggerWorld> {
  const triggers = listed.flatMap(one => (one.is === 'trigger' ? [one.trigger] : []))
  const [secrets, bindings, templates] = await Promise.all([
    observeSecrets(cluster, listed),
    lookUp(
      triggers.flatMap(({ spec, namespace }) => referredBindings(spec.bindings, namespace)),
      (key): Promise<TriggerBindingSpec | undefined> => getBinding(cluster, key),
    ),
    lookUp(
      triggers.flatMap(({ spec, namespace }) => (spec.template.ref ? [`${namespace}/${spec.template.ref}`] : [])),
      (key): Promise<TriggerTemplateSpec | undefined> =>
        cluster.get('TriggerTemplate', splitKey(key)).then(template => template?.spec),
    ),
  ])
  return { listener: keyOf(listener), secrets, bindings, templates }
}

function referredBindings(bindings: readonly TriggerSpecBinding[] = [], namespace: string): readonly string[] {
  return bindings.filter(binding => binding.ref).map(binding => bindingKey(binding, namespace))
}

async function getBinding(cluster: Cluster, key: string): Promise<TriggerBindingSpec | undefined> {
  const [kind = '', namespace = '', name = ''] = key.split('/')
  const at = { namespace, name }
  const binding = await (kind === 'ClusterTriggerBinding'
    ? cluster.get('ClusterTriggerBinding', at)
    : cluster.get('TriggerBinding', at))
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
