/** The background collector: deletes what lost its owner, and empties namespaces that are being deleted. */
import type { KindTable } from '../../resources/kind-table.js'
import type { AnyKind } from '../../resources/kinds.js'
import type { Key } from '../../resources/meta.js'
import type { Database, TableKey } from '../../storage/lmdb.js'
import { pause } from '../../timers.js'
import { isClusterError } from '../cluster.js'
import type { Objects } from './objects.js'
import type { Owners, Sweep } from './owners.js'
import type { Transaction, Writes } from './writes.js'

/** Objects collected at the same time: enough to share commits, few enough to let other writers in between. */
const BATCH = 64
/** Pause after the store could not write, as on a full disk. */
const RETRY_MS = 1_000

export interface CollectorDeps {
  readonly database: Database
  readonly objects: Objects
  readonly owners: Owners
  readonly writes: Writes
  readonly kinds: () => KindTable
  /** Deletes one object inside a transaction, as a caller's delete without options would. */
  readonly deleteIn: (transaction: Transaction, kind: AnyKind, key: Key) => void
}

export interface Collector {
  /** Looks for work soon. Cheap when there is none; call it after every write that may have made some. */
  wake(): void
  /** Resolves when there is no work left that can be done now. */
  idle(): Promise<void>
  close(): Promise<void>
}

export function createCollector({ database, objects, owners, writes, kinds, deleteIn }: CollectorDeps): Collector {
  let running: Promise<void> | undefined
  let closed = false
  const stop = new AbortController()

  async function run(): Promise<void> {
    while (!closed) {
      const [sweep] = owners.sweeps(1)
      if (sweep === undefined) return
      try {
        await (sweep.of === 'owner' ? collectOwned(sweep.uid) : emptyNamespace(sweep.name))
        if (!closed) await finish(sweep)
      } catch (error) {
        if (!isClusterError(error, 'Unavailable')) throw error
        await pause(RETRY_MS, stop.signal)
      }
    }
  }

  async function finish(sweep: Sweep): Promise<void> {
    await writes.run(transaction => {
      owners.finish(sweep)
      if (sweep.of === 'namespace') removeEmptyNamespace(transaction, sweep.name)
    })
  }

  async function collectOwned(uid: string): Promise<void> {
    let after: TableKey | undefined
    do {
      const page = owners.ownedBy(uid, BATCH, after)
      await Promise.all(page.map(({ kind, key }) => writes.run(transaction => collect(transaction, kind, key))))
      after = page.at(-1)?.row
    } while (after !== undefined && !closed)
  }

  /** With one owner left the object stays, and forgets the others. */
  function collect(transaction: Transaction, kind: AnyKind, key: Key): void {
    const object = objects.get(kind, key)
    if (object === undefined) return
    const gone = new Set(owners.goneOwners(object))
    if (gone.size === 0) return
    const left = object.metadata.ownerReferences!.filter(reference => !gone.has(reference))
    if (left.length === 0) deleteIn(transaction, kind, key)
    else transaction.put({ ...object, metadata: { ...object.metadata, ownerReferences: Object.freeze(left) } }, object)
  }

  function namespacedKinds(): readonly AnyKind[] {
    return kinds()
      .all.filter(({ namespaced }) => namespaced)
      .map(({ id }) => id)
  }

  async function emptyNamespace(namespace: string): Promise<void> {
    for (const kind of namespacedKinds()) {
      const keys = objects.list(kind, namespace).map(({ metadata: { name } }) => ({ namespace, name }))
      for (let start = 0; start < keys.length && !closed; start += BATCH) {
        const batch = keys.slice(start, start + BATCH)
        await Promise.all(batch.map(key => writes.run(transaction => deleteIn(transaction, kind, key))))
      }
    }
  }

  function removeEmptyNamespace(transaction: Transaction, name: string): void {
    const namespace = objects.get('Namespace', { namespace: '', name })
    if (namespace?.metadata.deletionTimestamp === undefined) return
    if ((namespace.metadata.finalizers ?? []).length > 0) return
    // What is only marked asks for another sweep when it goes.
    if (namespacedKinds().every(kind => objects.isEmpty(kind, name))) transaction.remove(namespace)
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
