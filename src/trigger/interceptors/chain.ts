/** The interceptors of one trigger, one after the other; the first that does not let the event pass ends it. */

import { after, type MaybePromise } from '../../lib/maybe-promise.js'
import type { SecretRef, TriggerInterceptor } from '../../resources/triggers.js'
import type { InboundEvent } from '../event.js'
import { type Secrets, secretValue } from '../secrets.js'
import { BUILT_IN } from './built-in.js'
import {
  fail,
  type InterceptorAnswer,
  type InterceptorInput,
  type InterceptorKind,
  PASS,
  type Proof,
} from './interceptor.js'
import { type InterceptorObjects, type Located, locate, NO_INTERCEPTOR_OBJECTS } from './locate.js'
import type { Outside } from './outside.js'
import { asSpelled } from './params.js'
import { runRemote } from './remote.js'
import { runWebhook } from './webhook.js'

export interface ChainedInterceptor {
  readonly interceptor: TriggerInterceptor
  /** Whose Secrets it reads: the trigger's, or for those of a group the listener's. */
  readonly namespace: string
  /** The name of the trigger group that it is of. Those of a group come first. */
  readonly group?: string
}

/** What a chain runs with, besides the event and the Secrets. */
export interface ChainContext {
  /** The trigger's name, for those who are called. */
  readonly trigger?: string
  readonly objects?: InterceptorObjects
  readonly outside?: Outside
  readonly clock?: () => number
  readonly explained?: boolean
}

export type ChainAnswer =
  /** `event` is there when a webhook interceptor made another one of it. */
  | {
      readonly is: 'continue'
      readonly extensions: Readonly<Record<string, unknown>>
      readonly event?: InboundEvent
    }
  /** `by` says which interceptor, as its author would find it. */
  | { readonly is: 'stop'; readonly by: string; readonly message: string }
  | { readonly is: 'fail'; readonly by: string; readonly message: string }

export function runChain(
  chain: readonly ChainedInterceptor[],
  event: InboundEvent,
  secrets: Secrets,
  context: ChainContext = {},
): MaybePromise<ChainAnswer> {
  const { broken, ofGroup, ofTrigger } = readyChain(chain, context.objects)
  // Looked at first, so that a trigger which cannot work says so for every event and not only for some.
  if (broken !== undefined) return broken
  const start: At = { event, extensions: {} }
  const ofTriggerFrom = (at: At): MaybePromise<ChainAnswer> =>
    after(run(ofTrigger, at, secrets, context), passed => {
      if (passed.is !== 'continue') return passed
      const { extensions } = passed
      return { is: 'continue', extensions, ...(passed.event !== event && { event: passed.event }) }
    })
  if (ofGroup.length === 0) return ofTriggerFrom(start)
  const grouped = onceFor(GROUP_ANSWERS, event, chain[0], () => run(ofGroup, start, secrets, context))
  return after(grouped, passed => {
    if (passed.is !== 'continue') return passed
    // As in Tekton, what a group's webhook makes of the body is not for its triggers; headers are.
    const own = passed.event === event ? event : { ...event, headers: passed.event.headers }
    return ofTriggerFrom({ event: own, extensions: passed.extensions })
  })
}

type At = Pick<InterceptorInput, 'event' | 'extensions'>
type Passed = Exclude<ChainAnswer, { is: 'continue' }> | ({ readonly is: 'continue' } & At)
type Link = ChainedInterceptor & {
  /** As its author finds it. */
  readonly by: string
  readonly located: Located
  readonly params: Readonly<Record<string, unknown>>
  /** Equal for those that answer alike whenever they see the same event and the same extensions. */
  readonly alike: string
}

/** What can be said of a chain before an event comes. */
interface ReadyChain {
  readonly objects: InterceptorObjects
  readonly broken: Exclude<ChainAnswer, { is: 'continue' }> | undefined
  readonly ofGroup: readonly Link[]
  readonly ofTrigger: readonly Link[]
  /** Those that may ask for a proof of who sent the event. */
  readonly provable: readonly Link[]
  /** Equal for chains that ask for the same proofs. */
  readonly proofs: string
}

/** A chain lives as long as the listener that it was read from stays the same. */
const READY = new WeakMap<readonly ChainedInterceptor[], ReadyChain>()

function readyChain(chain: readonly ChainedInterceptor[], objects = NO_INTERCEPTOR_OBJECTS): ReadyChain {
  const known = READY.get(chain)
  if (known?.objects === objects) return known
  const links = chain.map((one, index) => {
    const located = locate(one.interceptor, one.namespace, objects)
    const params = paramsOf(one.interceptor, located)
    const alike = JSON.stringify([located, one.namespace, params])
    return { ...one, by: describe(one.interceptor, index), located, params, alike }
  })
  const provable = provableLinks(links)
  const ready: ReadyChain = {
    objects,
    broken: links.flatMap(({ located, by }) =>
      located.is === 'nowhere' ? [{ is: 'fail' as const, by, message: located.message }] : [],
    )[0],
    ofGroup: links.filter(({ group }) => group !== undefined),
    ofTrigger: links.filter(({ group }) => group === undefined),
    provable,
    proofs: JSON.stringify(provable.map(({ located, namespace, params }) => [located, namespace, params['secretRef']])),
  }
  READY.set(chain, ready)
  return ready
}

/**
 * A group's interceptors look at an event once, however many triggers the group has. Kept with the event, which lives as
 * long as its dispatch; the key is the group's first interceptor, which all its triggers share.
 */
const GROUP_ANSWERS: Answers<Passed> = new WeakMap()
/** So does whatever answers alike for many triggers: one signature is checked, one list of files is asked for. */
const BUILT_IN_ANSWERS: Answers<InterceptorAnswer> = new WeakMap()

type Answers<T> = WeakMap<InboundEvent, Map<unknown, MaybePromise<T>>>

function onceFor<T>(
  all: Answers<T>,
  event: InboundEvent,
  key: unknown,
  answer: () => MaybePromise<T>,
): MaybePromise<T> {
  const answers = all.get(event) ?? new Map<unknown, MaybePromise<T>>()
  all.set(event, answers)
  const known = answers.get(key)
  if (known !== undefined) return known
  // Once it is there, whoever asks next has it at once.
  const asked = after(answer(), given => {
    answers.set(key, given)
    return given
  })
  answers.set(key, asked)
  return asked
}

function run(links: readonly Link[], from: At, secrets: Secrets, context: ChainContext): MaybePromise<Passed> {
  // A form that begins with a webhook goes there as it came, unless there is something to put into it.
  const asSent = links[0]?.located.is === 'webhook' && Object.keys(from.extensions).length === 0
  const runFrom = (index: number, { event, extensions }: At): MaybePromise<Passed> => {
    const link = links[index]
    if (link === undefined) return { is: 'continue', extensions, event }
    return after(runOne(link, { event, extensions, asSent }, secrets, context), answer => {
      if (answer.is !== 'continue') return { is: answer.is, by: link.by, message: answer.message }
      return runFrom(index + 1, {
        event: answer.event ?? event,
        // Most have nothing to add, and there may be a thousand triggers.
        extensions: answer === PASS ? extensions : { ...extensions, ...answer.extensions },
      })
    })
  }
  return runFrom(0, from)
}

type Answer = InterceptorAnswer & { readonly event?: InboundEvent }

function runOne(
  link: Link,
  at: At & { readonly asSent: boolean },
  secrets: Secrets,
  context: ChainContext,
): MaybePromise<Answer> {
  const { located, interceptor } = link
  const { outside, clock, explained } = context
  if (located.is === 'nowhere') return fail(located.message)
  if (located.is === 'webhook') {
    const answering = runWebhook(interceptor.webhook ?? {}, located.address, at, outside)
    return answering.then(answer => (answer.is === 'fail' ? answer : { ...answer, extensions: {} }))
  }
  const { params, namespace } = link
  const secret = (ref: SecretRef) => secretValue(secrets, namespace, ref)
  const { event, extensions } = at
  const input: InterceptorInput = { event, extensions, params, secret, clock, explained, outside }
  if (located.is === 'remote') return runRemote(located.address, triggerIdOf(link, context.trigger), input)
  if (event.unreadable !== undefined) return fail(unreadableBody(event.unreadable))
  const { run, usesExtensions } = BUILT_IN[located.name]
  return usesExtensions ? run(input) : onceFor(BUILT_IN_ANSWERS, event, link.alike, () => run(input))
}

/** Of a body that a webhook interceptor put in place of the event's. */
export function unreadableBody(message: string): string {
  return `failed to marshal event: failed to unmarshal request body: ${message}`
}

function triggerIdOf({ namespace, group }: ChainedInterceptor, trigger = ''): string {
  return group === undefined
    ? `namespaces/${namespace}/triggers/${trigger}`
    : `namespaces/${namespace}/triggerGroups/${group}`
}

/** The proofs that the chain asks for. No entry: the trigger takes events from anybody. */
export async function proveChain(
  chain: readonly ChainedInterceptor[],
  event: Pick<InboundEvent, 'headers' | 'rawBody'>,
  secrets: Secrets,
  objects?: InterceptorObjects,
): Promise<readonly { readonly proof: Exclude<Proof, { is: 'unguarded' }>; readonly namespace: string }[]> {
  const found = await Promise.all(
    readyChain(chain, objects).provable.map(async link => {
      const proof = await builtInOf(link)?.prove({ event, ...inputOf(link, secrets) })
      return proof === undefined || proof.is === 'unguarded' ? [] : [{ proof, namespace: link.namespace }]
    }),
  )
  return found.flat()
}

/** The same text for chains whose proofs come out the same for every event. */
export function proofsAsked(chain: readonly ChainedInterceptor[], objects?: InterceptorObjects): string {
  return readyChain(chain, objects).proofs
}

/** Behind a webhook interceptor headers and body may be others than those that came. */
function provableLinks(links: readonly Link[]): readonly Link[] {
  const webhook = links.findIndex(({ located }) => located.is === 'webhook')
  return (webhook < 0 ? links : links.slice(0, webhook)).filter(({ located }) => located.is === 'builtIn')
}

/** Every Secret that the chain may ask for, with its namespace. */
export function secretsOfChain(
  chain: readonly ChainedInterceptor[],
  objects?: InterceptorObjects,
): readonly { readonly namespace: string; readonly ref: SecretRef }[] {
  const { ofGroup, ofTrigger } = readyChain(chain, objects)
  return [...ofGroup, ...ofTrigger].flatMap(link =>
    (builtInOf(link)?.secretRefs(link.params) ?? []).map(ref => ({ namespace: link.namespace, ref })),
  )
}

/** The objects that the chain refers to and that are not there. */
export function missingInChain(chain: readonly ChainedInterceptor[], objects?: InterceptorObjects): readonly string[] {
  const { ofGroup, ofTrigger } = readyChain(chain, objects)
  return [...ofGroup, ...ofTrigger].flatMap(({ located }) =>
    located.is === 'nowhere' && located.missing !== undefined ? [located.missing] : [],
  )
}

function inputOf({ params, namespace }: Link, secrets: Secrets) {
  return { params, secret: (ref: SecretRef) => secretValue(secrets, namespace, ref) }
}

/** Those of others are sent as they are written. */
function paramsOf({ params = [] }: TriggerInterceptor, located: Located): Readonly<Record<string, unknown>> {
  const written = Object.fromEntries(params.map(({ name, value }) => [name, value]))
  return located.is === 'builtIn' ? asSpelled(written, BUILT_IN[located.name].params) : written
}

function builtInOf({ located }: Link): InterceptorKind | undefined {
  return located.is === 'builtIn' ? BUILT_IN[located.name] : undefined
}

function nameOf({ ref, webhook }: TriggerInterceptor): string {
  if (webhook !== undefined || ref === undefined) return 'webhook'
  return ref.kind === undefined || ref.kind === 'ClusterInterceptor' ? ref.name : `${ref.kind} ${ref.name}`
}

/** Positions count from 0 in the whole chain, those of a trigger group first. */
function describe(interceptor: TriggerInterceptor, index: number): string {
  const name = nameOf(interceptor)
  return `interceptors[${index}] ${name}${interceptor.name === undefined ? '' : ` "${interceptor.name}"`}`
}
