/** Transactions over objects, owners and the feed: what is committed is published, in order, and nothing else is. */
import type { Database } from '../../storage/lmdb.js'
import { ClusterError } from '../cluster.js'
import type { StoreEvent } from './change-log.js'
import { settlingDefinitions } from './definitions.js'
import type { Stored } from './keys.js'
import type { Objects } from './objects.js'
import type { Owners } from './owners.js'
import { withVersion } from './revise.js'
import type { Feed } from './watch.js'

/** What a write does to single objects; only inside `Writes.run`. Both hand back the object under its new version. */
export interface Transaction {
  put(object: Stored, previous: Stored | undefined): Stored
  remove(stored: Stored): Stored
}

export interface Writes {
  /**
   * Runs `fn` in a transaction; resolves when it is committed and published.
   * @throws ClusterError as thrown by `fn`, or 'Unavailable' when the database cannot write.
   */
  run<T>(fn: (transaction: Transaction) => T): Promise<T>
  /**
   * As `run`, but nothing is kept. Objects come back under the version that they have, '' for new ones.
   * @throws ClusterError as `run` does
   */
  tryOut<T>(fn: (transaction: Transaction) => T): Promise<T>
}

export interface WritesDeps {
  readonly database: Database
  readonly objects: Objects
  readonly owners: Owners
  readonly feed: Feed
  /** Called for each committed event, in order, before those who follow see it. */
  readonly onPublished: (event: StoreEvent) => void
  /** Epoch ms. */
  readonly now: () => number
}

export function createWrites({ database, objects, owners, feed, onPublished, now }: WritesDeps): Writes {
  // In order of versions. A commit holds everything before it, so when one resolves, all up to it can be published.
  let uncommitted: StoreEvent[] = []

  function publish(version: number): void {
    const rest = uncommitted.findIndex(event => event.version > version)
    const done = uncommitted.splice(0, rest < 0 ? uncommitted.length : rest)
    for (const event of done) {
      onPublished(event)
      feed.publish(event)
    }
  }

  function forget(events: readonly StoreEvent[]): void {
    uncommitted = uncommitted.filter(event => !events.includes(event))
  }

  function transactionOf(events: StoreEvent[]): Transaction {
    const transaction: Transaction = {
      put(object, previous) {
        events.push(objects.put(object, previous))
        const stored = events.at(-1)!.object
        owners.noteWrite(previous, stored)
        return stored
      },
      remove(stored) {
        events.push(objects.remove(stored))
        owners.noteWrite(stored, undefined)
        return events.at(-1)!.object
      },
    }
    return settlingDefinitions(transaction, objects, now)
  }

  function clusterError(error: unknown): ClusterError {
    if (error instanceof ClusterError) return error
    // The call stack ran out while an object was copied or encoded.
    if (error instanceof RangeError) {
      return new ClusterError('Invalid', 'the object is nested too deeply', { cause: error })
    }
    return new ClusterError('Unavailable', `the store in ${database.directory} could not write`, { cause: error })
  }

  return {
    async run(fn) {
      const events: StoreEvent[] = []
      try {
        const result = await database.transaction(() => {
          const value = fn(transactionOf(events))
          uncommitted.push(...events)
          return value
        })
        const newest = events.at(-1)
        if (newest !== undefined) publish(newest.version)
        return result
      } catch (error) {
        forget(events)
        throw clusterError(error)
      }
    },
    async tryOut<T>(fn: (transaction: Transaction) => T) {
      const transaction = transactionOf([])
      const put: Transaction['put'] = (object, previous) =>
        withVersion(transaction.put(object, previous), previous?.metadata.resourceVersion ?? '')
      try {
        return await database.transaction<T>(() => {
          throw new RolledBack(fn({ ...transaction, put }))
        })
      } catch (error) {
        if (error instanceof RolledBack) return error.value as T
        throw clusterError(error)
      }
    },
  }
}

class RolledBack {
  readonly value: unknown
  constructor(value: unknown) {
    this.value = value
  }
}
