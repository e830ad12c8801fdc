import { randomInt, randomUUID } from 'node:crypto'
import type { KindEntry, KindTable } from '../../resources/kind-table.js'
import type { AnyKind, Kinds } from '../../resources/kinds.js'
import type { Key, New } from '../../resources/meta.js'
import type { Database } from '../../storage/lmdb.js'
import { type Cluster, ClusterError, type DeleteOptions, type Selector } from '../cluster.js'
import type { Candidate } from './admission.js'
import { createAuthoring } from './authoring.js'
import type { StoreEvent } from './change-log.js'
import { createCollector } from './collect.js'
import { openDependents } from './dependents.js'
import { objectText, type Stored } from './keys.js'
import { followKinds } from './kinds.js'
import { openObjects } from './objects.js'
import { openOwners } from './owners.js'
import { createRemovals, type Removed } from './removals.js'
import { type Page, type PageOptions, type Row, readPage } from './snapshots.js'
import { type EventOptions, type FollowedEvent, followEvents } from './stream.js'
import { createFeed, type Snapshot, watchFeed } from './watch.js'
import { createWrites, type Transaction } from './writes.js'

export interface EmbeddedClusterOptions {
  readonly database: Database
  /** Epoch ms. */
  readonly now?: () => number
  readonly uid?: () => string
  /** A whole number from 0 up to, not including, `below`. Makes the ends of generated names. */
  readonly random?: (below: number) => number
  /** Changes that a stream can be resumed behind; older ones are forgotten. */
  readonly keepEvents?: number
  /** Room that they may take on disk, roughly. */
  readonly keepEventBytes?: number
}

export interface WriteOptions {
  /** Goes through everything and stores nothing: what comes back is what a real call would have given. */
  readonly dryRun?: boolean
}

/** What a delete came to. */
export interface Removal<T> {
  /** As it went, or as it is marked now. */
  readonly object: T
  /** False: only marked. */
  readonly isGone: boolean
}

/** The embedded store: the `Cluster` port, and what its HTTP face needs besides. */
export interface EmbeddedCluster extends Cluster {
  create<K extends AnyKind>(kind: K, object: New<Kinds[K]>, options?: WriteOptions): Promise<Kinds[K]>
  replace<K extends AnyKind>(kind: K, object: Kinds[K], options?: WriteOptions): Promise<Kinds[K]>
  replaceStatus<K extends AnyKind>(kind: K, object: Kinds[K], options?: WriteOptions): Promise<Kinds[K]>
  /**
   * As `delete`, and says what came of it; undefined when there is no such object.
   * @throws ClusterError 'Conflict' also when it has another uid
   */
  remove<K extends AnyKind>(
    kind: K,
    key: Key,
    options?: DeleteOptions & WriteOptions,
  ): Promise<Removal<Kinds[K]> | undefined>
  /** Whether there is such an object. Costs next to nothing. */
  exists(kind: AnyKind, key: Key): boolean
  /** As `list`, with the version that it shows: `events` from there on continue it without a gap. */
  listAt<K extends AnyKind>(kind: K, selector?: Selector): Promise<{ version: string; items: readonly Kinds[K][] }>
  /**
   * Objects of a kind in pages, and as they were at an earlier version. Undefined when that version is compacted away,
   * or was never given out.
   */
  page<K extends AnyKind>(kind: K, options?: PageOptions<Kinds[K]>): Page<Kinds[K]> | undefined
  /**
   * Every write to a kind (or to all) after a version, in order, until `signal` aborts or the cluster is closed.
   * Yields `expired` and ends when the version is compacted away, or was never given out: list again.
   */
  events(
    kind: AnyKind | 'all',
    since: string,
    signal: AbortSignal,
    options?: EventOptions,
  ): AsyncIterable<FollowedEvent>
  /** The kinds there are now: another table after each change to a CustomResourceDefinition. */
  kinds(): KindTable
  /** The version of the newest write that is visible. */
  version(): string
  /** Resolves when what is already deleted has nothing left that can be collected. */
  collected(): Promise<void>
  /** Ends watches and streams, finishes writes. Does not close the database. */
  close(): Promise<void>
}

export type { EventOptions, FollowedEvent, Page, PageOptions, Row, StoreEvent }

const DEFAULT_KEEP_EVENTS = 20_000
const DEFAULT_KEEP_EVENT_BYTES = 128 * 1024 ** 2
/** Of the tables in LMDB. Another number is another layout, which this program cannot read. */
const FORMAT = 1

/** @throws Error when the database was written by a version of Tektite that lays it out differently. */
export function openEmbeddedCluster(options: EmbeddedClusterOptions): EmbeddedCluster {
  const { database, now = Date.now, uid = randomUUID, random = randomInt } = options
  const { keepEvents = DEFAULT_KEEP_EVENTS, keepEventBytes = DEFAULT_KEEP_EVENT_BYTES } = options
  const meta = database.table<number>('meta')
  checkFormat(meta.get(['format']), database.directory)
  const objects = openObjects(database, { events: keepEvents, bytes: keepEventBytes })
  const kinds = followKinds(objects)
  const owners = openOwners(database, objects, kinds.table)
  const feed = createFeed(objects.log.version())
  const writes = createWrites({ database, objects, owners, feed, onPublished: kinds.note, now })
  const removals = createRemovals({ objects, owners, kinds: kinds.table, now })
  const authoring = createAuthoring({ objects, owners, removals, now, uid, random })
  const dependents = openDependents({ objects, owners, removals })
  const collecting = { database, objects, owners, dependents, removals, writes, kinds: kinds.table, now }
  const collector = createCollector(collecting)
  let closed = false

  function infoOf(kind: AnyKind): KindEntry {
    const info = kinds.table().of(kind)
    if (info === undefined) throw new ClusterError('NotFound', `no CustomResourceDefinition makes the kind ${kind}`)
    return info
  }

  async function write<T>(fn: (transaction: Transaction) => T, { dryRun = false }: WriteOptions = {}): Promise<T> {
    if (closed) throw new ClusterError('Unavailable', `the store in ${database.directory} is closed`)
    if (dryRun) return writes.tryOut(fn)
    const result = await writes.run(transaction => {
      if (meta.get(['format']) === undefined) meta.put(['format'], FORMAT)
      const value = fn(transaction)
      objects.log.compact()
      return value
    })
    collector.wake()
    return result
  }

  /** @throws ClusterError 'Conflict' */
  function remove(transaction: Transaction, kind: AnyKind, stored: Stored, options: DeleteOptions): Removed {
    const problem = failedPrecondition(stored, options)
    if (problem === undefined) return removals.remove(transaction, stored, options)
    const of = objectText(infoOf(kind), stored.metadata.name)
    throw new ClusterError('Conflict', `Operation cannot be fulfilled on ${of}: Precondition failed: ${problem}`)
  }

  function snapshot(kind: AnyKind, selector: Selector = {}): Snapshot {
    return { version: objects.log.version(), items: objects.list(kind, selector) }
  }

  collector.wake()

  return {
    async get<K extends AnyKind>(kind: K, key: Key) {
      return objects.get(kind, key) as Kinds[K] | undefined
    },
    exists: (kind, key) => objects.get(kind, key) !== undefined,
    async list<K extends AnyKind>(kind: K, selector?: Selector) {
      return snapshot(kind, selector).items as readonly unknown[] as readonly Kinds[K][]
    },
    async listAt<K extends AnyKind>(kind: K, selector?: Selector) {
      const { version, items } = snapshot(kind, selector)
      return { version: `${version}`, items: items as readonly unknown[] as readonly Kinds[K][] }
    },
    page: (kind, pageOptions = {}) =>
      readPage(objects, kind, pageOptions as PageOptions<Stored>) as Page<never> | undefined,
    create: (kind, object, options) =>
      write(
        transaction => authoring.create(transaction, infoOf(kind), object as unknown as Candidate),
        options,
      ) as Promise<never>,
    replace: (kind, object, options) =>
      write(
        transaction => authoring.replace(transaction, infoOf(kind), object as unknown as Stored),
        options,
      ) as Promise<never>,
    replaceStatus: (kind, object, options) =>
      write(
        transaction => authoring.replaceStatus(transaction, infoOf(kind), object as unknown as Stored),
        options,
      ) as Promise<never>,
    async delete(kind, key, options = {}) {
      await write(transaction => {
        const stored = objects.get(kind, key)
        const isNamesake = options.uid !== undefined && options.uid !== stored?.metadata.uid
        if (stored !== undefined && !isNamesake) remove(transaction, kind, stored, options)
      })
    },
    remove: (kind, key, options = {}) =>
      write(transaction => {
        const stored = objects.get(kind, key)
        return stored && remove(transaction, kind, stored, options)
      }, options) as Promise<Removal<never> | undefined>,
    watch: <K extends AnyKind>(kind: K, selector: Selector, signal: AbortSignal) =>
      watchFeed(feed, kind, selector, signal, () => snapshot(kind, selector)) as AsyncIterable<never>,
    events: (kind, since, signal, eventOptions) =>
      followEvents({ feed, objects }, kind, Number(since), signal, eventOptions),
    kinds: kinds.table,
    version: () => `${objects.log.version()}`,
    collected: () => collector.idle(),
    async close() {
      closed = true
      feed.close()
      await collector.close()
      await database.flushed()
    },
  }
}

function failedPrecondition({ metadata }: Stored, { uid, resourceVersion }: DeleteOptions): string | undefined {
  if (uid !== undefined && uid !== metadata.uid) {
    return `UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`
  }
  return resourceVersion === undefined || resourceVersion === metadata.resourceVersion
    ? undefined
    : `ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion}`
}

function checkFormat(found: number | undefined, directory: string): void {
  if (found === undefined || found === FORMAT) return
  throw new Error(
    `The store in ${directory} has format ${found}, and this version of Tektite reads format ${FORMAT}. ` +
      'Use the version that wrote it, or another data directory.',
  )
}
