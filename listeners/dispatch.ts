/** Inbox → fire → create: what one delivery makes of each trigger of its listener. */
import type { AdmitOptions } from '../src/admission/admit.js'
import type { Cluster } from '../src/cluster/cluster.js'
import type { DeliveryRecord, Dispatcher, Verdict } from '../src/inbox/inbox.js'
import type { Log } from '../src/lib/log.js'
import type { MaybePromise } from '../src/lib/maybe-promise.js'
import type { TriggerMetrics } from '../src/metrics/trigger-metrics.js'
import type { Key } from '../src/resources/meta.js'
import { actingAccount } from '../src/trigger/acting-account.js'
import { eventIdOf, readEvent } from '../src/trigger/event.js'
import { fire, type TriggerResult, type TriggerWorld } from '../src/trigger/fire.js'
import type { Outside } from '../src/trigger/interceptors/outside.js'
import type { FiringTrigger, ListedTrigger } from '../src/trigger/listener-triggers.js'
import { credentialsIn, masker, valuesOf } from '../src/trigger/redact.js'
import { markReplay } from '../src/trigger/replay.js'
import { type CreatingAs, type Creator, creatorFor } from './acting.js'
import { dispatchFault } from './away.js'
import { type Catalogue, readingCatalogue, whetherInForce } from './catalogue.js'
import { type Claim, createObjects } from './create.js'
import type { ListenerEvents } from './listener-events.js'
import { type ListenerPlan, readSecrets } from './observe.js'
import { createTurns, type Turns } from './turns.js'

/** Of one verdict: an expression, and what is wrong with it, fit in. */
const MESSAGE_CHARACTERS = 4_000

export interface DispatcherDeps {
  readonly cluster: Cluster
  /** Without: everything is read from the cluster for each delivery. */
  readonly catalogue?: Catalogue
  /** What objects are admitted with, as it is now. */
  readonly admission: () => AdmitOptions
  /** Without: interceptors that ask others fail. */
  readonly outside?: Outside
  readonly log: Log
  readonly metrics?: { readonly triggers: TriggerMetrics } | undefined
  /** Without: objects are created with our own rights. */
  readonly creatingAs?: CreatingAs
  /** Without: no CloudEvent is sent. */
  readonly events?: Pick<ListenerEvents, 'tell'>
}

/** Triggers of one delivery, of each verdict. */
const LOGGED_AT_MOST = 20
/** Triggers of a listener: what each filter looked at costs more to tell than to look at. */
const EXPLAINED_AT_MOST = 200
/** Triggers whose interceptors are at work at a time: some wait for others' answers. */
const FIRED_AHEAD = 16
/** Of a body. Each interceptor of others makes a text of it, so larger ones go to one after the other. */
const LARGE_BYTES = 1_048_576

/**
 * Verdicts come in the order of the listener's triggers.
 * @throws NotNow when the cluster was away, Error when something else went wrong: all of it is tried again
 */
export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  const { log, catalogue = readingCatalogue(deps.cluster) } = deps
  const turns = createTurns()
  return async record => {
    const { to: key, id, headers } = record.delivery
    const eventId = eventIdOf(record.delivery.eventId, record.replay)
    const reading = <T>(read: Promise<T>) =>
      read.catch((cause: unknown) => {
        throw dispatchFault(`reading the listener and triggers of delivery ${id}`, [cause])
      })
    for (let plan = await reading(catalogue.find(key)); ; plan = await reading(catalogue.read(key))) {
      if (plan === undefined) return [listenerIsGone(key)]
      const { listener } = plan
      deps.events?.tell(listener, eventId, 'started', headers)
      const verdicts = await dispatch(deps, turns, plan, record)
      // What was made so far has derived names: the second look finds it.
      if (verdicts === 'outdated') continue
      logVerdicts(log, id, verdicts)
      for (const { is, created } of verdicts) {
        for (const object of created) deps.metrics?.triggers.created(object.slice(0, object.indexOf('/')))
        if (is === 'fired') deps.events?.tell(listener, eventId, 'successful', headers)
      }
      deps.events?.tell(listener, eventId, 'done', headers)
      return verdicts
    }
  }
}

/** All of it is in the history, and there may be a thousand triggers. */
function logVerdicts(log: Log, delivery: string, verdicts: readonly Verdict[]): void {
  const count = (is: Verdict['is']) => verdicts.filter(verdict => verdict.is === is).length
  const [fired, filtered, failed] = [count('fired'), count('filtered'), count('failed')]
  log.info('delivery dispatched', { delivery, fired, filtered, failed })
  const some = (is: Verdict['is']) => verdicts.filter(verdict => verdict.is === is).slice(0, LOGGED_AT_MOST)
  for (const { trigger, namespace, created } of some('fired')) {
    log.info('trigger fired', { delivery, trigger, namespace, created })
  }
  for (const { trigger, namespace, by, message } of some('filtered')) {
    log.debug('trigger filtered', { delivery, trigger, namespace, by, reason: message })
  }
  for (const { trigger, namespace, created, message } of some('failed')) {
    log.warn('trigger failed', { delivery, trigger, namespace, created, reason: message })
  }
}

function listenerIsGone({ namespace, name }: Key): Verdict {
  return failure(undefined, `EventListener "${namespace}/${name}" does not exist any more: create it again and replay`)
}

/** 'outdated': the plan is a copy, and the cluster says something else than it about a trigger that would fire. */
async function dispatch(
  deps: DispatcherDeps,
  turns: Turns,
  plan: ListenerPlan,
  record: DeliveryRecord,
): Promise<readonly Verdict[] | 'outdated'> {
  const { cluster, admission, outside, log } = deps
  const { listed, listener } = plan
  const { event } = readEvent(record.delivery, record.replay)
  const secrets = await readSecrets(cluster, plan.secretKeys).catch((cause: unknown) => {
    throw dispatchFault(`reading the Secrets of delivery ${record.delivery.id}`, [cause])
  })
  const clock = () => performance.now()
  const explained = listed.length <= EXPLAINED_AT_MOST
  const world: TriggerWorld = { ...plan.world, secrets, clock, explained, ...(outside && { outside }) }
  const claim: Claim = { claimed: new Set(), options: admission(), log }
  const inForce = whetherInForce(cluster, plan)
  const ahead = event.rawBody.length > LARGE_BYTES ? 1 : FIRED_AHEAD
  const fired = workAhead(listed, ahead, one => (one.is === 'trigger' ? fire(one.trigger, event, world) : undefined))
  const creator = (trigger: FiringTrigger) => creatorFor(cluster, actingAccount(listener, trigger), deps.creatingAs)
  const dispatching: Dispatching = { creator, inForce, record, claim, inLine: createLine() }
  const judging: MaybePromise<Verdict | 'outdated'>[] = []
  const faults: unknown[] = []
  for (const [index, one] of listed.entries()) {
    try {
      const turn = turns.next()
      if (turn !== undefined) await turn
      const firing = fired(index)
      judging.push(judge(dispatching, one, firing instanceof Promise ? await firing : firing))
    } catch (error) {
      // The others have their turn first: what is away for one need not be away for all.
      faults.push(error)
    }
  }
  const verdicts: Verdict[] = []
  let isOutdated = false
  for (const one of judging) {
    try {
      const verdict = one instanceof Promise ? await one : one
      if (verdict === 'outdated') isOutdated = true
      else verdicts.push(verdict)
    } catch (error) {
      faults.push(error)
    }
  }
  if (isOutdated) return 'outdated'
  if (faults.length > 0) {
    const where = `dispatching delivery ${record.delivery.id}: ${faults.length} of ${listed.length} triggers`
    throw dispatchFault(where, faults)
  }
  const mask = masker([...valuesOf(secrets), ...credentialsIn(record.delivery.headers)])
  return verdicts.map(verdict => masked(verdict, mask))
}

/** The results in order, with at most `limit` of them worked on beyond the one that is asked for. */
function workAhead<T, R>(items: readonly T[], limit: number, work: (item: T) => MaybePromise<R>) {
  const started: MaybePromise<R>[] = []
  const start = (item: T): MaybePromise<R> => {
    try {
      return work(item)
    } catch (error) {
      return Promise.reject(error)
    }
  }
  return (index: number): MaybePromise<R> | undefined => {
    while (started.length < Math.min(index + limit, items.length)) {
      const working = start(items[started.length] as T)
      // Told to whoever asks for it; nobody does after a dispatch that ends early.
      if (working instanceof Promise) working.catch(() => undefined)
      started.push(working)
    }
    return started[index]
  }
}

interface Dispatching {
  readonly creator: (trigger: FiringTrigger) => Creator
  readonly inForce: (trigger: FiringTrigger) => Promise<boolean>
  readonly record: DeliveryRecord
  readonly claim: Claim
  /** Created one after the other: of two that want the same name, the same one wins in every repetition. */
  readonly inLine: <T>(work: () => Promise<T>) => Promise<T>
}

/** What is given to it is done in that order, while whoever gives it goes on. */
function createLine(): Dispatching['inLine'] {
  let last: Promise<unknown> = Promise.resolve()
  return work => {
    const next = last.then(work)
    last = next.catch(() => undefined)
    return next
  }
}

/** `result` is there for a trigger that exists. */
function judge(
  dispatching: Dispatching,
  listed: ListedTrigger,
  result: TriggerResult | undefined,
): MaybePromise<Verdict | 'outdated'> {
  if (listed.is === 'missing') return failure({ name: listed.name, namespace: '' }, listed.message)
  const { trigger } = listed
  if (result === undefined) throw new Error(`trigger ${trigger.id} was not fired`)
  const { name, namespace } = trigger
  switch (result.is) {
    case 'filtered':
      return { trigger: name, namespace, is: 'filtered', by: result.by, created: [], message: result.why }
    case 'failed':
      return failure(trigger, result.message)
    case 'fired':
      return dispatching.inLine(() => createdBy(dispatching, trigger, result.objects))
    default:
      throw new Error(`unknown result ${JSON.stringify(result satisfies never)}`)
  }
}

async function createdBy(
  { creator, inForce, record, claim }: Dispatching,
  trigger: FiringTrigger,
  objects: readonly Readonly<Record<string, unknown>>[],
): Promise<Verdict | 'outdated'> {
  if (!(await inForce(trigger))) return 'outdated'
  const { id: deliveryId, eventId } = record.delivery
  const seed = { deliveryId, replay: record.replay, trigger: trigger.id }
  const marked = objects.map(object => markReplay(object, { of: eventId, count: record.replay }))
  const { created, message } = await createObjects(creator(trigger), marked, seed, claim)
  if (message !== '') return { ...failure(trigger, message), created }
  return { trigger: trigger.name, namespace: trigger.namespace, is: 'fired', by: '', created, message: '' }
}

function failure(trigger: { readonly name: string; readonly namespace: string } | undefined, message: string): Verdict {
  const { name = '', namespace = '' } = trigger ?? {}
  return { trigger: name, namespace, is: 'failed', by: '', created: [], message }
}

/** A message may quote what the event or an interceptor said: no credential gets into the history or the log with it. */
function masked(verdict: Verdict, mask: (text: string) => string): Verdict {
  return { ...verdict, message: mask(verdict.message).slice(0, MESSAGE_CHARACTERS) }
}
