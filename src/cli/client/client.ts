/**
 * The API server that commands talk to: an engine of this machine, one that is given by its URL, or a cluster of a
 * kubeconfig. `connect.ts` opens it, `place.ts` says which one it is.
 *
 *  - Absence is an answer: `get` resolves to undefined, `delete` to false. Everything else that goes wrong is a
 *    `ClientError` whose message is for the user.
 *  - One request is one try: a person is waiting, and can try again.
 */
import type { Change, Cluster, Selector } from '../../cluster/cluster.js'
import type { Kind, Kinds } from '../../resources/kinds.js'
import type { Key, New } from '../../resources/meta.js'

export interface Client {
  /** As in `http://127.0.0.1:6440`. */
  readonly api: string
  /** Where its webhooks go; undefined where only the API is known. */
  readonly hooks: string | undefined
  /** What the API server is, for messages: `the engine of ".tektite"`, `context "kind"`. */
  readonly said: string
  /** Where things are that no namespace is given for. */
  readonly namespace: string

  get<K extends Kind>(kind: K, key: Key): Promise<Kinds[K] | undefined>
  /** All of them, page after page. */
  list<K extends Kind>(kind: K, query?: ListQuery): Promise<readonly Kinds[K][]>
  /** The same, as the pages come. */
  pages<K extends Kind>(kind: K, query?: ListQuery): AsyncIterable<readonly Kinds[K][]>
  /** With `dryRun` nothing is stored; the API server says what would be. */
  create<K extends Kind>(kind: K, object: New<Kinds[K]>, options?: { readonly dryRun?: boolean }): Promise<Kinds[K]>
  /** `change` is a JSON merge patch. @throws ClientError with the code 404 when there is nothing to change */
  patch<K extends Kind>(kind: K, key: Key, change: unknown): Promise<Kinds[K]>
  /** False when it was not there. */
  delete(kind: Kind, key: Key): Promise<boolean>
  /** The whole set first, then its changes, over reconnects, until `signal` aborts. */
  watch<K extends Kind>(kind: K, selector: Selector, signal: AbortSignal): AsyncIterable<Change<Kinds[K]>>
  /** For code that is written against the port. */
  cluster(): Promise<Pick<Cluster, 'get' | 'list' | 'watch'>>

  /** What no store keeps: the answer of `GET path` as JSON. */
  read<T>(path: string): Promise<T>
  /** The answer of `POST path` as JSON. */
  post<T>(path: string, body?: unknown): Promise<T>
  /** Bytes as they come. @throws ClientError when the answer is none of 2xx, or none comes */
  stream(path: string, signal: AbortSignal): Promise<ByteStream>

  /** Ends what is under way. A command ends without it, unless it watches. */
  close(): void
}

export interface ListQuery {
  /** Default: all. */
  readonly namespace?: string
  /** As Kubernetes writes it: `app=web,tier!=db`. */
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** Of one page. */
  readonly pageSize?: number
}

export interface ByteStream {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Leaving the loop ends the connection. Throws when it is cut. */
  readonly bytes: AsyncIterable<Buffer>
}

/** What the API server said no with, or that none answers. The message is for the user. */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  /** The HTTP status; 0 when nobody answered. */
  readonly code: number
  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
