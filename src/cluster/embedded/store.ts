import { randomInt, randomUUID } from 'node:crypto'
import type { KindEntry, KindTable } from '../../resources/kind-table.js'
import type { AnyKind, Kinds } from '../../resources/kinds.js'
import type { Key } from '../../resources/meta.js'
import type { Database } from '../../storage/lmdb.js'
import { type Cluster, ClusterError, type Selector } from '../cluster.js'
import { type Candidate, MAX_GENERATE_NAME_CHARS, refusal } from './admission.js'
import { createCollector } from './collect.js'
import { objectText, type Stored } from './keys.js'
import { followKinds } from './kinds.js'
import { openObjects } from './objects.js'
import { openOwners } from './owners.js'
import {
  created,
  deletion,
  forbiddenChange,
  isReadyToGo,
  replaced,
  withFoldedStringData,
  withStatus,
} from './revise.js'
import { type EventOptions, type FollowedEvent, followEvents } from './stream.js'
import { createFeed, isSelected, type Snapshot, watchFeed } from './watch.js'
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
}

/** The embedded store: the `Cluster` port, and what its HTTP face needs besides. */
export interface EmbeddedCluster extends Cluster {
  /** As `list`, with the version that it shows: `events` from there on continue it without a gap. */
  listAt<K extends AnyKind>(kind: K, selector?: Selector): Promise<{ version: string; items: readonly Kinds[K][] }>
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

export type { EventOptions, FollowedEvent }

const DEFAULT_KEEP_EVENTS = 20_000
/** Writes between compactions: few enough that one is short, many enough that it costs next to nothing per write. */
const COMPACT_EVERY = 512
/** As k8s.io/apimachinery pkg/util/rand: no vowels and no 0, 1 and 3, so that no words come out. */
const NAME_LETTERS = 'bcdfghjklmnpqrstvwxz2456789'
const NAME_TRIES = 8
/** Of the tables in LMDB. Another number is another layout, which this program cannot read. */
const FORMAT = 1

/** @throws Error when the database was written by a version of Tektite that lays it out differently. */
export function openEmbeddedCluster(options: EmbeddedClusterOptions): EmbeddedCluster {
  const { database, now = Date.now, uid = randomUUID, random = randomInt, keepEvents = DEFAULT_KEEP_EVENTS } = options
  const meta = database.table<number>('meta')
  checkFormat(meta.get(['format']), database.directory)
  const objects = openObjects(database)
  const kinds = followKinds(objects)
  const owners = openOwners(database, objects, kinds.table)
  const feed = createFeed(objects.version())
  const writes = createWrites({ database, objects, owners, feed, onPublished: kinds.note })
  const collector = createCollector({ database, objects, owners, writes, kinds: kinds.table, deleteIn })
  let writesSinceCompaction = 0
  let closed = false

  function infoOf(kind: AnyKind): KindEntry {
    const info = kinds.table().of(kind)
    if (info === undefined) throw new ClusterError('NotFound', `no CustomResourceDefinition makes the kind ${kind}`)
    return info
  }

  async function write<T>(fn: (transaction: Transaction) => T): Promise<T> {
    if (closed) throw new ClusterError('Unavailable', `the store in ${database.directory} is closed`)
    const result = await writes.run(transaction => {
      if (meta.get(['format']) === undefined) meta.put(['format'], FORMAT)
      const value = fn(transaction)
      if (++writesSinceCompaction >= COMPACT_EVERY) {
        writesSinceCompaction = 0
        // Twice what came in, so that a log that is too long (keepEvents was lowered) gets shorter.
        objects.compact(keepEvents, 2 * COMPACT_EVERY)
      }
      return value
    })
    collector.wake()
    return result
  }

  function create(info: KindEntry, given: Candidate): Promise<Stored> {
    const object = withFoldedStringData(info.id, given)
    return write(transaction => {
      const name = object.metadata.name || freshName(info, object)
      admit(info, { ...object, metadata: { ...object.metadata, name } })
      const key = { namespace: object.metadata.namespace, name }
      if (objects.get(info.id, key) !== undefined) {
        throw new ClusterError('AlreadyExists', `${objectText(info, name)} already exists`)
      }
      if (owners.isTerminating(key.namespace)) {
        throw new ClusterError(
          'Forbidden',
          `${objectText(info, name)} is forbidden: unable to create new content in namespace ${key.namespace} because it is being terminated`,
        )
      }
      return transaction.put(created(object, { name, uid: uid(), now: now() }), undefined)
    })
  }

  function freshName(info: KindEntry, { metadata: { generateName = '', namespace } }: Candidate): string {
    if (generateName === '') return ''
    const base = `${generateName}`.slice(0, MAX_GENERATE_NAME_CHARS)
    for (let tries = 0; tries < NAME_TRIES; tries++) {
      const end = Array.from({ length: 5 }, () => NAME_LETTERS[random(NAME_LETTERS.length)]).join('')
      if (objects.get(info.id, { namespace, name: base + end }) === undefined) return base + end
    }
    throw new ClusterError('AlreadyExists', `${objectText(info, base)}: ${NAME_TRIES} generated names were all taken`)
  }

  /** The stored object that a caller wants to replace. */
  function current(info: KindEntry, { metadata }: Stored): Stored {
    const { name, namespace, uid, resourceVersion } = metadata
    const stored = objects.get(info.id, { namespace, name })
    if (stored === undefined || (uid && uid !== stored.metadata.uid)) {
      const other = stored === undefined ? '' : `: it has the uid ${stored.metadata.uid} now, not ${uid}`
      throw new ClusterError('NotFound', `${objectText(info, name)} not found${other}`)
    }
    if (!resourceVersion) refuse(info, name, 'metadata.resourceVersion: Required value: must be set for an update')
    if (resourceVersion !== stored.metadata.resourceVersion) {
      throw new ClusterError(
        'Conflict',
        `Operation cannot be fulfilled on ${objectText(info, name)}: the object has been modified ` +
          `(version ${stored.metadata.resourceVersion}, not ${resourceVersion}); apply your changes to the latest version and try again`,
      )
    }
    return stored
  }

  function replace(info: KindEntry, given: Stored): Promise<Stored> {
    return write(transaction => {
      const stored = current(info, given)
      const object = withFoldedStringData(info.id, given)
      admit(info, object)
      const next = replaced(info, stored, object)
      if (next === stored) return stored
      const problem = forbiddenChange(info.id, stored, next)
      if (problem !== undefined) refuse(info, stored.metadata.name, problem)
      if (isReadyToGo(info.id, next)) return transaction.remove(transaction.put(next, stored))
      if (info.id === 'Namespace' && next.metadata.deletionTimestamp !== undefined) {
        owners.demandNamespaceSweep(next.metadata.name)
      }
      return transaction.put(next, stored)
    })
  }

  function replaceStatus(info: KindEntry, given: Stored): Promise<Stored> {
    return write(transaction => {
      const stored = current(info, given)
      if (!info.status) refuse(info, stored.metadata.name, 'status: Forbidden: the kind has no status subresource')
      const next = withStatus(stored, given['status'])
      return next === stored ? stored : transaction.put(next, stored)
    })
  }

  function deleteIn(transaction: Transaction, kind: AnyKind, key: Key, graceSeconds?: number): void {
    const stored = objects.get(kind, key)
    if (stored === undefined) return
    const outcome = deletion(kind, stored, { now: now(), graceSeconds })
    if (outcome.is === 'remove') transaction.remove(stored)
    if (outcome.is === 'mark') transaction.put(outcome.object, stored)
    if (kind === 'Namespace') owners.demandNamespaceSweep(key.name)
  }

  function snapshot(kind: AnyKind, selector: Selector = {}): Snapshot {
    const { labels, unfinished = false } = selector
    const items = objects.list(kind, selector.namespace || undefined, { unfinished, ...(labels && { labels }) })
    const selected = labels === undefined ? items : items.filter(item => isSelected(item, selector))
    return { version: objects.version(), items: selected }
  }

  collector.wake()

  return {
    async get<K extends AnyKind>(kind: K, key: Key) {
      return objects.get(kind, key) as Kinds[K] | undefined
    },
    async list<K extends AnyKind>(kind: K, selector?: Selector) {
      return snapshot(kind, selector).items as readonly unknown[] as readonly Kinds[K][]
    },
    async listAt<K extends AnyKind>(kind: K, selector?: Selector) {
      const { version, items } = snapshot(kind, selector)
      return { version: `${version}`, items: items as readonly unknown[] as readonly Kinds[K][] }
    },
    create: async <K extends AnyKind>(kind: K, object: unknown) =>
      (await create(infoOf(kind), object as Candidate)) as unknown as Kinds[K],
    replace: async <K extends AnyKind>(kind: K, object: Kinds[K]) =>
      (await replace(infoOf(kind), object as unknown as Stored)) as unknown as Kinds[K],
    replaceStatus: async <K extends AnyKind>(kind: K, object: Kinds[K]) =>
      (await replaceStatus(infoOf(kind), object as unknown as Stored)) as unknown as Kinds[K],
    async delete(kind, key, { uid, graceSeconds } = {}) {
      await write(transaction => {
        const stored = objects.get(kind, key)
        if (stored === undefined || (uid !== undefined && uid !== stored.metadata.uid)) return
        deleteIn(transaction, kind, key, graceSeconds)
      })
    },
    watch: <K extends AnyKind>(kind: K, selector: Selector, signal: AbortSignal) =>
      watchFeed(feed, kind, selector, signal, () => snapshot(kind, selector)) as AsyncIterable<never>,
    events: (kind, since, signal, eventOptions) =>
      followEvents({ feed, objects }, kind, Number(since), signal, eventOptions),
    kinds: kinds.table,
    version: () => `${objects.version()}`,
    collected: () => collector.idle(),
    async close() {
      closed = true
      feed.close()
      await collector.close()
      await database.flushed()
    },
  }
}

/** @throws ClusterError 'Invalid' */
function admit(info: KindEntry, object: Candidate): void {
  const problem = refusal(info, object)
  if (problem !== undefined) refuse(info, object.metadata.name ?? '', problem)
}

function refuse({ kind }: KindEntry, name: string, problem: string): never {
  throw new ClusterError('Invalid', `${kind} ${JSON.stringify(`${name}`.slice(0, 300))} is invalid: ${problem}`)
}

function checkFormat(found: number | undefined, directory: string): void {
  if (found === undefined || found === FORMAT) return
  throw new Error(
    `The store in ${directory} has format ${found}, and this version of Tektite reads format ${FORMAT}. ` +
      'Use the version that wrote it, or another data directory.',
  )
}
