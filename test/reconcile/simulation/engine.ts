/**
 * One life of the engine in a simulation: the real passes and the real rule of whom to wake, over a cluster whose writes
 * take effect in any order, fail, or are the last thing this life does.
 */
import { type Change, type Cluster, ClusterError } from '../../../src/cluster/cluster.js'
import type { RunKey } from '../../../src/queue/queue.js'
import { createFinishedChildren } from '../../../src/reconcile/observe/finished-children.js'
import { reconcile } from '../../../src/reconcile/reconcile.js'
import { createUnfinished, WATCHED, WATCHED_KINDS } from '../../../src/reconcile/wake/unfinished.js'
import type { Watched } from '../../../src/reconcile/wake/wakes.js'
import { depsFor } from '../real-store.js'
import type { Clock } from './clock.js'

/** What befalls a write. `before` and `after` say whether it still took effect. */
export type Fate = 'well' | 'fails before' | 'fails after' | 'killed before' | 'killed after'

export interface Dice {
  /** 0 up to, not including, `below`. */
  pick(below: number): number
  fateOfWrite(): Fate
}

export interface Engine {
  /** Does one thing that it could do now; false when there is nothing. */
  step(): boolean
  isDead(): boolean
  close(): Promise<void>
}

/** Passes at a time. */
const CONCURRENCY = 4

export function startEngine(cluster: Cluster, clock: Clock, dice: Dice): Engine {
  const stop = new AbortController()
  const unfinished = createUnfinished()
  const pending = new Set<RunKey>()
  const running = new Set<RunKey>()
  const wokenMeanwhile = new Set<RunKey>()
  /** Writes and changes under way that wait for their turn. */
  const waiting: (() => void)[] = []
  let dead = false

  const turn = () => new Promise<void>(resolve => waiting.push(resolve))

  function wake(key: RunKey): void {
    if (running.has(key)) wokenMeanwhile.add(key)
    else pending.add(key)
  }

  function die(): void {
    dead = true
    stop.abort()
    for (const go of waiting.splice(0)) go()
  }

  async function read<T>(call: () => Promise<T>): Promise<T> {
    if (dead) throw new Error('killed')
    return call()
  }

  async function write<T>(call: () => Promise<T>): Promise<T> {
    await turn()
    if (dead) throw new Error('killed')
    const fate = dice.fateOfWrite()
    if (fate === 'killed before') die()
    if (fate === 'fails before' || dead) throw new ClusterError('Unavailable', 'the write got lost')
    const written = await call()
    if (fate === 'killed after') die()
    if (fate === 'fails after' || dead) throw new ClusterError('Unavailable', 'the answer got lost')
    return written
  }

  const seen: Cluster = {
    get: (kind, key) => read(() => cluster.get(kind, key)),
    list: (kind, selector) => read(() => cluster.list(kind, selector)),
    create: (kind, object) => write(() => cluster.create(kind, object)),
    replace: (kind, object) => write(() => cluster.replace(kind, object)),
    replaceStatus: (kind, object) => write(() => cluster.replaceStatus(kind, object)),
    delete: (kind, key, options) => write(() => cluster.delete(kind, key, options)),
    watch: (kind, selector, signal) => cluster.watch(kind, selector, signal),
  }
  const finished = createFinishedChildren()
  const deps = { ...depsFor(seen, clock.now), finished }

  async function pass(key: RunKey): Promise<void> {
    running.add(key)
    let again: number | undefined
    try {
      const outcome = await reconcile(deps, key)
      if (outcome.kind === 'again') again = outcome.afterMs
    } catch (error) {
      if (!dead && !(error instanceof Error && hasCause(error, ClusterError))) throw error
      again = 0
    }
    running.delete(key)
    if (dead) return
    if (wokenMeanwhile.delete(key) || again === 0) pending.add(key)
    else if (again !== undefined)
      clock.after(again, () => {
        if (!dead) wake(key)
      })
  }

  async function follow(kind: Watched['kind']): Promise<void> {
    for await (const change of seen.watch(kind, WATCHED[kind], stop.signal) as AsyncIterable<Change<Watched>>) {
      await turn()
      if (dead) return
      finished.heard(change)
      for (const { key } of unfinished.wakesOf(kind, change)) wake(key)
    }
  }

  const passes = new Set<Promise<void>>()
  const loops = WATCHED_KINDS.map(follow)
  let failure: unknown

  return {
    step() {
      if (failure !== undefined) throw failure
      const startable = running.size < CONCURRENCY ? pending.size : 0
      const choices = startable + waiting.length
      if (choices === 0) return false
      const choice = dice.pick(choices)
      if (choice < waiting.length) {
        const [go] = waiting.splice(choice, 1)
        go?.()
        return true
      }
      const key = [...pending][choice - waiting.length]!
      pending.delete(key)
      const under = pass(key).catch((error: unknown) => {
        failure = error
      })
      passes.add(under)
      void under.then(() => passes.delete(under))
      return true
    },
    isDead: () => dead,
    async close() {
      die()
      await Promise.all([...passes, ...loops])
      if (failure !== undefined) throw failure
    },
  }
}

function hasCause(error: unknown, kind: typeof ClusterError): boolean {
  for (let one = error; one instanceof Error; one = one.cause) if (one instanceof kind) return true
  return false
}
