/**
 * What each EventListener needs to fire, worked out beforehand and kept until something that it was made of changes.
 *
 * Objects are followed, so that a delivery asks the cluster for no more than Secrets. The copies may be behind the
 * cluster, by as much as a watch of it is; a cluster in this process is never behind what its API's clients were told.
 * So what a plan filters is filtered; but before anything is created, `whetherInForce` asks the cluster itself.
 */
import type { Cluster, Selector } from '../src/cluster/cluster.js'
import type { Kinds } from '../src/resources/kinds.js'
import { type Key, keyOf, type Resource } from '../src/resources/meta.js'
import type { EventListener } from '../src/resources/triggers.js'
import type { FiringTrigger } from '../src/trigger/listener-triggers.js'
import { type FollowedKind, followKind } from './followed-kind.js'
import { type ListenerPlan, PLAN_KINDS, type PlanKind, planListener, type Reads } from './observe.js'

export interface Catalogue {
  /** Undefined: there is no such listener. */
  find(key: Key): Promise<ListenerPlan | undefined>
  /** As `find`, but read from the cluster itself. */
  read(key: Key): Promise<ListenerPlan | undefined>
  listeners(): Promise<readonly EventListener[]>
}

export interface FollowingCatalogue extends Catalogue {
  /** Tells of a listener that is new, or whose plan may be another one now; of each that there is at first. */
  onChange(tell: (listener: Key) => void): void
  /** Whether everything has been read once, and is followed. */
  isListed(): boolean
  count(kind: PlanKind): number
  close(): Promise<void>
}

/** Reads everything for everyone who asks. */
export function readingCatalogue(cluster: Reads): Catalogue {
  const read = async (key: Key) => {
    const listener = await cluster.get('EventListener', key)
    return listener && planListener(cluster, listener)
  }
  return { find: read, read, listeners: () => cluster.list('EventListener') }
}

interface Entry {
  readonly listener: Key
  readonly plan: Promise<ListenerPlan>
  /** What was read for it: `<Kind>/<namespace>/<name>`, and `<Kind>/<namespace>` or `<Kind>` for lists. */
  readonly madeOf: Set<string>
}

export function followingCatalogue(cluster: Reads & Pick<Cluster, 'watch'>): FollowingCatalogue {
  const stop = new AbortController()
  const reading = readingCatalogue(cluster)
  const entries = new Map<string, Entry>()
  const tellers: ((listener: Key) => void)[] = []

  function forget(kind: PlanKind, changed: Key | 'all'): void {
    const told: Key[] = kind === 'EventListener' ? (changed === 'all' ? all().map(keyOf) : [changed]) : []
    for (const [id, { listener, madeOf }] of entries) {
      const isTouched = changed === 'all' ? isMadeOf(madeOf, kind) : touches(madeOf, kind, changed)
      if (!isTouched) continue
      entries.delete(id)
      if (kind !== 'EventListener') told.push(listener)
    }
    for (const tell of tellers) told.forEach(tell)
  }

  function all(): readonly EventListener[] {
    return (copyOf('EventListener')?.list() ?? []) as readonly EventListener[]
  }

  const followed = new Map<PlanKind, FollowedKind<PlanKind>>(
    PLAN_KINDS.map(kind => [kind, followKind<PlanKind>(cluster, kind, stop.signal, forget)]),
  )

  /** The copy where it can be relied on. */
  function copyOf(kind: PlanKind): FollowedKind<PlanKind> | undefined {
    const copy = followed.get(kind)
    return copy?.isCurrent() ? copy : undefined
  }

  function readsNotedIn(madeOf: Set<string>): Reads {
    return {
      async get<K extends PlanKind>(kind: K, key: Key) {
        madeOf.add(`${kind}/${key.namespace}/${key.name}`)
        const copy = copyOf(kind)
        return copy ? (copy.get(key) as Kinds[K] | undefined) : cluster.get(kind, key)
      },
      async list<K extends PlanKind>(kind: K, selector: Selector = {}) {
        const { namespace, labels } = selector
        madeOf.add(namespace ? `${kind}/${namespace}` : kind)
        const copy = labels === undefined ? copyOf(kind) : undefined
        return copy ? (copy.list(namespace || undefined) as readonly Kinds[K][]) : cluster.list(kind, selector)
      },
    }
  }

  function planOf(listener: EventListener): Promise<ListenerPlan> {
    const { namespace, name } = listener.metadata
    const id = `${namespace}/${name}`
    const known = entries.get(id)
    if (known !== undefined) return known.plan
    const madeOf = new Set([`EventListener/${id}`])
    // In the map before it is made: a change meanwhile takes it out, and who asks after the change gets another one.
    const making = planListener(readsNotedIn(madeOf), listener).then(plan => ({ ...plan, isCopy: true }))
    const entry: Entry = { listener: keyOf(listener), plan: making, madeOf }
    entries.set(id, entry)
    entry.plan.catch(() => {
      if (entries.get(id) === entry) entries.delete(id)
    })
    return entry.plan
  }

  return {
    async find(key) {
      const listener = copyOf('EventListener')?.get(key) as EventListener | undefined
      return listener === undefined ? reading.read(key) : planOf(listener)
    },
    read: reading.read,
    onChange(tell) {
      tellers.push(tell)
      for (const listener of all()) tell(keyOf(listener))
    },
    isListed: () => PLAN_KINDS.every(kind => copyOf(kind) !== undefined),
    count: kind => copyOf(kind)?.list().length ?? 0,
    async listeners() {
      const copy = copyOf('EventListener')?.list() as readonly EventListener[] | undefined
      return copy ?? reading.listeners()
    },
    async close() {
      stop.abort()
      await Promise.all([...followed.values()].map(({ ended }) => ended))
    },
  }
}

function touches(madeOf: ReadonlySet<string>, kind: PlanKind, { namespace, name }: Key): boolean {
  return madeOf.has(kind) || madeOf.has(`${kind}/${namespace}`) || madeOf.has(`${kind}/${namespace}/${name}`)
}

function isMadeOf(madeOf: ReadonlySet<string>, kind: PlanKind): boolean {
  return [...madeOf].some(read => read === kind || read.startsWith(`${kind}/`))
}

/**
 * Asks the cluster itself whether it has the listener, and the Trigger that this one was read from, exactly as the plan
 * saw them: what was taken away before an event came makes nothing of it, however late we hear of it. One asker is for
 * one dispatch, and asks for the listener once.
 */
export function whetherInForce(cluster: Reads, plan: ListenerPlan): (trigger: FiringTrigger) => Promise<boolean> {
  const { listener } = plan
  let current: Promise<boolean> | undefined
  return async ({ source }) => {
    if (!plan.isCopy) return true
    current ??= cluster.get('EventListener', keyOf(listener)).then(now => isSame(now, listener.metadata))
    const trigger = source && cluster.get('Trigger', source)
    return (await current) && (source === undefined || isSame(await trigger, source))
  }
}

function isSame(now: Resource | undefined, seen: { readonly resourceVersion: string }): boolean {
  return now?.metadata.resourceVersion === seen.resourceVersion
}
