import type { RefSource } from '../resources/tekton.js'

/** What is asked, as text: params that are arrays or objects count as '', as in Tekton. */
export interface ResolverRequest {
  /** The run's: Secrets are read from here, unless the installation's own are meant. */
  readonly namespace: string
  readonly params: ReadonlyMap<string, string>
  /** The resolver's ConfigMap over the values that it is shipped with. */
  readonly config: ReadonlyMap<string, string>
}

export interface Found {
  /** The manifest, at most `MAX_DATA_BYTES`. Nobody has looked into it yet. */
  readonly data: Buffer
  readonly refSource: RefSource
  readonly annotations: Readonly<Record<string, string>>
}

/** How often `fetch` is tried in all when a try ends with a temporary error, and how long the pauses are. */
export interface Retry {
  readonly attempts: number
  readonly firstMs: number
  readonly factor: number
  /** Each pause is up to this part longer, so that many do not come back at the same moment. */
  readonly jitter: number
  readonly capMs: number
}

export interface Fetch {
  readonly is: 'ready'
  /** What is fetched can never change (a commit, a digest): `auto` caching keeps this, and only this. */
  readonly immutable: boolean
  /** `cache` is obeyed. */
  readonly cacheable: boolean
  /** Secrets of the run's namespace may be used: others must fetch for themselves. */
  readonly withSecrets: boolean
  readonly timeoutMs: number
  readonly retry: Retry
  /** Rejects soon after `signal` aborts, and leaves nothing behind then. */
  fetch(signal: AbortSignal): Promise<Found>
}

/**
 * Fetches manifests from one kind of place.
 *
 *  - `prepare` only looks at the request: what the author got wrong is an answer. It decides nothing that could change
 *    between two tries, and does not touch network, disk or cluster.
 *  - `fetch` may be called again after it failed, and overlaps freely with other fetches, of the same thing too. What it
 *    did not get it says with a `ResolutionError`, whose message goes to the author of the run: it names the thing, and
 *    no secret. Anything else that it throws is a fault of ours or of the cluster, and is tried again.
 *  - Bytes and time are bounded, whatever the other side sends. Addresses that the installation does not allow are
 *    never connected to, and a credential goes to the host it was made for and to no other.
 *  - It keeps nothing between calls; caching is done around it (`cache.ts`).
 */
export interface Resolver {
  /** The label `resolution.tekton.dev/type` of its requests. */
  readonly type: string
  /** As messages have it: `error getting "Git" …`. */
  readonly name: string
  /** In the namespace `tekton-pipelines-resolvers`. */
  readonly configMap: string
  /** Its key in the ConfigMap `resolvers-feature-flags`. */
  readonly flag: string
  /** What Tekton ships in `configMap`. */
  readonly defaults: Readonly<Record<string, string>>
  prepare(request: ResolverRequest): Fetch | { readonly is: 'wrong'; readonly message: string }
}

/** An object of 1.5 MiB has to hold it as base64, and Tekton's http resolver has the same limit. */
export const MAX_DATA_BYTES = 1_048_576

/** What a fetch came to, for the author of the run. */
export class ResolutionError extends Error {
  override readonly name = 'ResolutionError'
  /** Another try may do better: a connection that failed, a server that was busy. */
  readonly temporary: boolean
  constructor(message: string, options: ErrorOptions & { readonly temporary?: boolean } = {}) {
    super(message, options)
    this.temporary = options.temporary ?? false
  }
}
