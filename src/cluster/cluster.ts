import type { AnyKind, Kinds } from '../resources/kinds.js'
import type { Key, New } from '../resources/meta.js'
import type { RefusedBy } from './refused-by.js'

/** Which objects of a kind: those that everything set is true of. Labels must all be equal. */
export interface Selector {
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  /** A label that must be there, whatever it says. */
  readonly hasLabel?: string
  /**
   * Without runs that have a verdict, and Pods whose containers will not run again (unless they are being deleted):
   * looking for work must not cost more with every run that ended. Where a store cannot be asked for that, it gives
   * those too.
   */
  readonly unfinished?: true
}

export type Change<T> =
  /** The whole matching set. First thing every watch yields, and again after any gap. */
  | { readonly type: 'listed'; readonly items: readonly T[] }
  | { readonly type: 'put'; readonly item: T }
  /** Gone, or no longer matching the selector. `item` is the last state seen. */
  | { readonly type: 'removed'; readonly item: T }

/** What becomes of the objects that name the deleted one as their owner. */
export type PropagationPolicy =
  /** The object goes at once, they go after it. */
  | 'Background'
  /** They go first; the object waits, marked, for those whose reference says `blockOwnerDeletion`. */
  | 'Foreground'
  /** They stay, and forget it. */
  | 'Orphan'

export interface DeleteOptions {
  /** Guards against a namesake: another uid under this name is left alone. */
  readonly uid?: string
  /** Guards against deleting what one has not seen: throws 'Conflict' when another version is stored. */
  readonly resourceVersion?: string
  /** Without one: what finalizers of the object say, else 'Background'. */
  readonly propagationPolicy?: PropagationPolicy
  /** How long a Pod's containers may take to end after SIGTERM. Other kinds ignore it. */
  readonly graceSeconds?: number
}

/**
 * The Kubernetes-style API that the engine is written against. One adapter talks to a real API server, the other is
 * our embedded store.
 *
 *  - Absence is an answer, not an error: `get` resolves to undefined, `delete` of a missing object succeeds.
 *    Everything else that goes wrong is a `ClusterError` whose `reason` is one of the API server's own words.
 *  - Objects are values. What is handed in is never kept or changed; what is handed out is frozen or the caller's own.
 *  - Calls may overlap freely. A resolved write is visible to every later read, and survives `kill -9`.
 *  - Every write gives the object a new `resourceVersion`; a write that would change nothing is none, and hands back
 *    the stored object as it is.
 *  - Cluster-scoped kinds have the namespace '' in keys and metadata.
 */
export interface Cluster {
  get<K extends AnyKind>(kind: K, key: Key): Promise<Kinds[K] | undefined>

  /** Sorted by namespace, then name. */
  list<K extends AnyKind>(kind: K, selector?: Selector): Promise<readonly Kinds[K][]>

  /**
   * Stores a new object: uid, resourceVersion, generation 1 and creationTimestamp are filled in, a missing `name` is
   * made of `generateName` and five random characters. A `status` is not taken.
   * @throws ClusterError 'AlreadyExists', 'Invalid', 'Forbidden'
   */
  create<K extends AnyKind>(kind: K, object: New<Kinds[K]>): Promise<Kinds[K]>

  /**
   * Writes metadata and spec (everything but `status`, for kinds that have the subresource) if `object` is still the
   * newest version. Uid and creation time cannot be changed; `generation` grows when the spec did.
   * @throws ClusterError 'Conflict' when someone wrote first, 'NotFound' when gone or another uid, 'Invalid'
   */
  replace<K extends AnyKind>(kind: K, object: Kinds[K]): Promise<Kinds[K]>

  /** As `replace`, but writes only `status`. */
  replaceStatus<K extends AnyKind>(kind: K, object: Kinds[K]): Promise<Kinds[K]>

  /**
   * Deletes the object and, in the background, what it owns (by `ownerReferences`) and nobody else does. An object with finalizers, and a
   * Pod that a kubelet runs, is only marked (`deletionTimestamp`), and goes when the last finalizer is removed, or
   * when the kubelet has stopped the Pod and deletes it with `graceSeconds: 0`.
   * @throws ClusterError 'Conflict'
   */
  delete(kind: AnyKind, key: Key, options?: DeleteOptions): Promise<void>

  /**
   * Follows a kind until `signal` aborts, then ends without an error. Reconnects, resumes and relists by itself: a
   * consumer never sees a version, a 410 or an ended stream. Every consumer must handle `listed`.
   */
  watch<K extends AnyKind>(kind: K, selector: Selector, signal: AbortSignal): AsyncIterable<Change<Kinds[K]>>
}

export type { RefusedBy }

export type ClusterErrorReason = 'AlreadyExists' | 'Conflict' | 'Forbidden' | 'Invalid' | 'NotFound' | 'Unavailable'

export class ClusterError extends Error {
  override readonly name = 'ClusterError'
  readonly reason: ClusterErrorReason
  /** Which part of the API server said no, where it can be told. */
  readonly by: RefusedBy | undefined
  constructor(reason: ClusterErrorReason, message: string, options: ErrorOptions & { readonly by?: RefusedBy } = {}) {
    const { by, ...rest } = options
    super(message, rest)
    this.reason = reason
    this.by = by
  }
}

export function isClusterError(error: unknown, reason: ClusterErrorReason): boolean {
  return error instanceof ClusterError && error.reason === reason
}
