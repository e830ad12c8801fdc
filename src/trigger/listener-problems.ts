/** What a listener's triggers name and is not there, for its status. Every event would fail at it. */
import type { TriggerSpecBinding } from '../resources/triggers.js'
import { bindingKey, type TriggerWorld } from './fire.js'
import { missingInChain, secretsOfChain } from './interceptors/chain.js'
import type { FiringTrigger, ListedTrigger } from './listener-triggers.js'
import { secretValue } from './secrets.js'

/** One line each; a thing that many triggers miss is named once. */
export function listenerProblems(listed: readonly ListedTrigger[], world: TriggerWorld): readonly string[] {
  return [...new Set(listed.flatMap(one => problemsOf(one, world)))]
}

function problemsOf(listed: ListedTrigger, world: TriggerWorld): readonly string[] {
  if (listed.is === 'missing') return [listed.what ?? `Trigger "${listed.name}"`]
  const { trigger } = listed
  return [
    ...templateProblems(trigger, world),
    ...(trigger.spec.bindings ?? []).flatMap(binding => bindingProblems(binding, trigger, world)),
    ...missingInChain(trigger.chain, world.interceptors),
    ...secretsOfChain(trigger.chain, world.interceptors).flatMap(({ namespace, ref }) => {
      if (secretValue(world.secrets, namespace, ref).is === 'value') return []
      return [`a value under the key "${ref.secretKey}" of Secret "${namespace}/${ref.secretName}"`]
    }),
  ]
}

function templateProblems({ spec, namespace }: FiringTrigger, world: TriggerWorld): readonly string[] {
  const { ref, spec: inline } = spec.template
  const isThere = inline !== undefined || world.templates.has(`${namespace}/${ref}`)
  return isThere ? [] : [`TriggerTemplate "${namespace}/${ref}"`]
}

function bindingProblems(
  binding: TriggerSpecBinding,
  { namespace }: FiringTrigger,
  world: TriggerWorld,
): readonly string[] {
  const { ref, kind = 'TriggerBinding' } = binding
  if (!ref || world.bindings.has(bindingKey(binding, namespace))) return []
  return [kind === 'ClusterTriggerBinding' ? `${kind} "${ref}"` : `${kind} "${namespace}/${ref}"`]
}
