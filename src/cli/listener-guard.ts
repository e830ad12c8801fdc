/** How the listener that a delivery is sent to would have it signed: read from the engine, as its own git host knows it. */
import { observeTriggers, type Reads } from '../../listeners/observe.js'
import type { Secret } from '../resources/core.js'
import type { EventListener, SecretRef } from '../resources/triggers.js'
import type { ListedTrigger } from '../trigger/listener-triggers.js'
import { asSecretRef, secretValue } from '../trigger/secrets.js'
import { type Client, ClientError } from './client/client.js'
import { HOSTS, type Host } from './git-host-delivery.js'

export interface Guard {
  readonly host: Host
  readonly namespace: string
  readonly ref: SecretRef | undefined
}

/** As the listener's triggers ask for it: each host and Secret once, those with a Secret first. */
export async function guardsOf(reads: Reads, listener: EventListener): Promise<readonly Guard[]> {
  const guards = guardsIn(await observeTriggers(reads, listener))
  return [...guards.filter(({ ref }) => ref), ...guards.filter(({ ref }) => !ref)]
}

function guardsIn(listed: readonly ListedTrigger[]): readonly Guard[] {
  const found = new Map<string, Guard>()
  for (const one of listed) {
    for (const { interceptor, namespace } of one.is === 'trigger' ? one.trigger.chain : []) {
      const { name, kind = 'ClusterInterceptor' } = interceptor.ref ?? {}
      const host = HOSTS.find(each => each === name)
      // Somebody's own interceptor may be called like one of ours, and asks for something else.
      if (host === undefined || kind === 'NamespacedInterceptor') continue
      const ref = asSecretRef(interceptor.params?.find(({ name }) => name === 'secretRef')?.value)
      found.set(JSON.stringify([host, namespace, ref]), { host, namespace, ref })
    }
  }
  return [...found.values()]
}

/** @throws ClientError when it is not there */
export async function readSecretValue(engine: Client, namespace: string, ref: SecretRef): Promise<string> {
  const secret = await engine.get('Secret', { namespace, name: ref.secretName })
  const secrets = new Map<string, Secret>(secret === undefined ? [] : [[`${namespace}/${ref.secretName}`, secret]])
  const value = secretValue(secrets, namespace, ref)
  if (value.is === 'missing') throw new ClientError(404, value.message)
  return value.value
}

/** By `NAMESPACE/NAME` or NAME; the only one there is when not named. @throws ClientError when it is not clear which */
export async function findListener(
  engine: Client,
  name: string | undefined,
  namespace: string,
): Promise<EventListener> {
  if (name !== undefined) {
    const [first = '', second] = name.split('/')
    const key = second === undefined ? { namespace, name: first } : { namespace: first, name: second }
    const found = await engine.get('EventListener', key)
    if (found !== undefined) return found
    const there = (await engine.list('EventListener')).map(nameOf)
    throw new ClientError(
      404,
      `EventListener "${key.namespace}/${key.name}" does not exist; there ${there.length === 0 ? 'is none' : `are: ${there.join(', ')}`}`,
    )
  }
  const [only, ...others] = await engine.list('EventListener')
  if (only === undefined) throw new ClientError(404, 'there is no EventListener to send to: create one')
  if (others.length === 0) return only
  throw new ClientError(404, `there are several EventListeners (${[only, ...others].map(nameOf).join(', ')}): name one`)
}

export function readsOf(engine: Client): Reads {
  return {
    get: (kind, key) => engine.get(kind, key),
    list: (kind, { namespace = '' } = {}) => engine.list(kind, { namespace }),
  }
}

function nameOf({ metadata }: EventListener): string {
  return `${metadata.namespace}/${metadata.name}`
}
