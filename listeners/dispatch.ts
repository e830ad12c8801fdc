/** Inbox → fire → create: what one delivery makes of each trigger of its listener. */
import type { AdmitOptions } from '../src/admission/admit.js'
import type { Cluster } from '../src/cluster/cluster.js'
import type { DeliveryRecord, Dispatcher, Verdict } from '../src/inbox/inbox.js'
import type { Log } from '../src/lib/log.js'
import type { EventListener } from '../src/resources/triggers.js'
import { type EventReading, readEvent } from '../src/trigger/event.js'
import { fire, type TriggerWorld } from '../src/trigger/fire.js'
import type { FiringTrigger, ListedTrigger } from '../src/trigger/listener-triggers.js'
import { dispatchFault } from './away.js'
import { type Claim, createObjects } from './create.js'
import { observeTriggers, observeWorld } from './observe.js'

export interface DispatcherDeps {
  readonly cluster: Cluster
  /** What objects are admitted with, as it is now. */
  readonly admission: () => AdmitOptions
  readonly log: Log
}

/**
 * Verdicts come in the order of the listener's triggers.
 * @throws NotNow when the cluster was away, Error when something else went wrong: all of it is tried again
 */
export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  const { cluster, log } = deps
  return async record => {
    const { to: key, id } = record.delivery
    const listener = await cluster.get('EventListener', key).catch((cause: unknown) => {
      throw dispatchFault(`reading the listener of delivery ${id}`, [cause])
    })
    if (listener === undefined) {
      const message = `EventListener "${key.namespace}/${key.name}" does not exist any more: create it again and replay`
      return [{ trigger: '', is: 'failed', created: [], message }]
    }
    const verdicts = await dispatch(deps, listener, record)
    for (const { trigger, is, created, message } of verdicts) {
      const fields = { delivery: id, trigger, verdict: is, created, reason: message }
      if (is === 'failed') log.warn('trigger failed', fields)
      else log.info('trigger looked at', fields)
    }
    return verdicts
  }
}

async function dispatch(
  { cluster, admission, log }: DispatcherDeps,
  listener: EventListener,
  record: DeliveryRecord,
): Promise<readonly Verdict[]> {
  const event = readEvent(record.delivery, record.replay)
  const { listed, world } = await observe(cluster, listener).catch((cause: unknown) => {
    throw dispatchFault(`reading the triggers of delivery ${record.delivery.id}`, [cause])
  })
  const claim: Claim = { claimed: new Set(), options: admission(), log }
  const verdicts: Verdict[] = []
  const faults: unknown[] = []
  // One after the other: of two that want the same name, the same one wins in every repetition.
  for (const one of listed) {
    try {
      verdicts.push(await judge(cluster, one, event, world, record, claim))
    } catch (error) {
      // The others have their turn first: what is away for one need not be away for all.
      faults.push(error)
    }
  }
  if (faults.length > 0) {
    const where = `dispatching delivery ${record.delivery.id}: ${faults.length} of ${listed.length} triggers`
    throw dispatchFault(where, faults)
  }
  return verdicts
}

async function observe(cluster: Cluster, listener: EventListener) {
  const listed = await observeTriggers(cluster, listener)
  return { listed, world: await observeWorld(cluster, listener, listed) }
}

async function judge(
  cluster: Cluster,
  listed: ListedTrigger,
  reading: EventReading,
  world: TriggerWorld,
  record: DeliveryRecord,
  claim: Claim,
): Promise<Verdict> {
  if (listed.is === 'missing') return failure(listed.name, listed.message)
  const { trigger } = listed
  if (reading.is === 'unreadable') {
    return failure(trigger.name, `failed to marshal event: failed to unmarshal request body: ${reading.message}`)
  }
  const result = await fire(trigger, reading.event, world)
  switch (result.is) {
    case 'filtered':
      return { trigger: trigger.name, is: 'filtered', created: [], message: `${result.by}: ${result.why}` }
    case 'failed':
      return failure(trigger.name, `${describe(trigger)}: ${result.message}`)
    case 'fired': {
      const { id: deliveryId } = record.delivery
      const seed = { deliveryId, replay: record.replay, trigger: trigger.id }
      const { created, message } = await createObjects(cluster, result.objects, seed, claim)
      if (message !== '') return { ...failure(trigger.name, `${describe(trigger)}: ${message}`), created }
      return { trigger: trigger.name, is: 'fired', created, message: '' }
    }
    default:
      throw new Error(`unknown result ${JSON.stringify(result satisfies never)}`)
  }
}

function failure(trigger: string, message: string): Verdict {
  return { trigger, is: 'failed', created: [], message }
}

function describe({ namespace, name }: FiringTrigger): string {
  return name === '' ? `a trigger without a name in namespace ${namespace}` : `trigger "${namespace}/${name}"`
}
