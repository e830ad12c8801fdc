/** The background collector: deletes what lost its owner, and empties namespaces and kinds that are being deleted. */
import type { KindTable } from '../../resources/kind-table.js'
import type { AnyKind } from '../../resources/kinds.js'
import type { Database } from '../../storage/lmdb.js'
import { pause } from '../../timers.js'
import { isClusterError } from '../cluster.js'
import { CLEAN_UP, isHeldBy, withoutFinalizer } from './deletion.js'
import type { Dependents } from './dependents.js'
import { type Address, addressOf, type Stored } from './keys.js'
import { whileTerminating } from './namespaces.js'
import type { Objects } from './objects.js'
import type { Owned, Owners, Sweep } from './owners.js'
import type { Removals } from './removals.js'
import type { Transaction, Writes } from './writes.js'

/** Objects collected at the same time: enough to share commits, few enough to let other writers in between. */
const BATCH = 64
/** Pause after the store could not write, as on a full disk. */
const RETRY_MS = 1_000

export interface CollectorDeps {
  readonly database: Database
  readonly objects: Objects
  readonly owners: Owners
  readonly dependents: Dependents
  readonly removals: Removals
  readonly writes: Writes
  readonly kinds: () => KindTable
  readonly now: () => number
}

export interface Collector {
  /** Looks for work soon. Cheap when there is none; call it after every write that may have made some. */
  wake(): void
  /** Resolves when there is no work left that can be done now. */
  idle(): Promise<void>
  close(): Promise<void>
}

export function createCollector(deps: CollectorDeps): Collector {
  const { database, objects, owners, dependents, removals, writes, kinds, now } = deps
  let running: Promise<void> | undefined
  let closed = false
  const stop = new AbortController()

  async function run(): Promise<void> {
    while (!closed) {
      const [sweep] = owners.sweeps(1)
      if (sweep === undefined) return
      try {
        await carryOut(sweep)
        if (!closed) await writes.run(transaction => finish(transaction, sweep))
      } catch (error) {
        if (!isClusterError(error, 'Unavailable')) throw error
        await pause(RETRY_MS, stop.signal)
      }
    }
  }

  async function carryOut(sweep: Sweep): Promise<void> {
    if (sweep.of === 'namespace') for (const kind of namespacedKinds()) await removeAll(kind, sweep.name)
    else if (sweep.of === 'instances') for (const kind of kindsOf(sweep.definition)) await removeAll(kind)
    else await collectOwned(sweep.uid)
  }

  function finish(transaction: Transaction, sweep: Sweep): void {
    owners.finish(sweep)
    if (sweep.of === 'dependents') dependents.release(transaction, sweep.owner, sweep.uid)
    if (sweep.of === 'namespace') releaseNamespace(transaction, sweep.name)
    if (sweep.of === 'instances') releaseDefinition(transaction, sweep.definition)
  }

  async function inBatches<T>(items: readonly T[], act: (transaction: Transaction, item: T) => void): Promise<void> {
    for (let start = 0; start < items.length && !closed; start += BATCH) {
      const batch = items.slice(start, start + BATCH)
      await Promise.all(batch.map(item => writes.run(transaction => act(transaction, item))))
    }
  }

  async function collectOwned(uid: string): Promise<void> {
    let after: Owned | undefined
    do {
      const page = owners.ownedBy(uid, BATCH, after?.row)
      await inBatches(page.filter(hasWork), dependents.collect)
      after = page.at(-1)
    } while (after !== undefined && !closed)
  }

  function hasWork({ kind, key }: Address): boolean {
    const object = objects.get(kind, key)
    return object !== undefined && dependents.hasWork(object)
  }

  async function removeAll(kind: AnyKind, namespace?: string): Promise<void> {
    const addresses = objects
      .list(kind, namespace === undefined ? {} : { namespace })
      .filter(isUnmarked)
      .map(addressOf)
    await inBatches(addresses, (transaction, address) => {
      const object = objects.get(address.kind, address.key)
      if (object !== undefined && isUnmarked(object)) removals.remove(transaction, object)
    })
  }

  function namespacedKinds(): readonly AnyKind[] {
    return kinds()
      .all.filter(({ namespaced }) => namespaced)
      .map(({ id }) => id)
  }

  function kindsOf(definition: string): readonly AnyKind[] {
    return kinds()
      .all.filter(entry => entry.definition?.metadata.name === definition)
      .map(({ id }) => id)
  }

  /** What is only marked asks for another sweep when it goes. */
  function releaseNamespace(transaction: Transaction, name: string): void {
    const namespace = objects.get('Namespace', { namespace: '', name })
    if (namespace?.metadata.deletionTimestamp === undefined) return
    const left = namespacedKinds().flatMap(kind =>
      objects.isEmpty(kind, name) ? [] : objects.list(kind, { namespace: name }),
    )
    if (left.length === 0 && (namespace.metadata.finalizers ?? []).length === 0) transaction.remove(namespace)
    else {
      const told = whileTerminating(namespace, left, kinds(), now())
      if (told !== namespace) transaction.put(told, namespace)
    }
  }

  function releaseDefinition(transaction: Transaction, name: string): void {
    const definition = objects.get('CustomResourceDefinition', { namespace: '', name })
    if (definition === undefined || !isHeldBy(CLEAN_UP, definition)) return
    if (!kindsOf(name).every(kind => objects.isEmpty(kind))) return
    removals.settle(transaction, withoutFinalizer(definition, CLEAN_UP), definition)
  }

  function wake(): void {
    if (closed || running !== undefined || owners.sweeps(1).length === 0) return
    // A fault that is not the database's is a defect of ours: it must be seen, and goes to the process as unhandled.
    running = run().finally(() => {
      running = undefined
      // What came in after the last look, and found us still running.
      wake()
    })
  }

  return {
    wake,
    async idle() {
      await database.flushed()
      while (running !== undefined) await running
    },
    async close() {
      closed = true
      stop.abort()
      await running
    },
  }
}

function isUnmarked({ metadata }: Stored): boolean {
  return metadata.deletionTimestamp === undefined
}
