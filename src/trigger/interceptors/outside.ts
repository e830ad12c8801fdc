/**
 * What interceptors ask of the world outside. Handed in, so that everything here stays pure. What came to nothing is an
 * answer; only a cluster that is away is thrown, so that the event is dispatched again.
 */

export interface Outside {
  /** One POST, without redirects. */
  post(request: Posting): Promise<Posted>
  /** GitHub's API, for as long as one interceptor may take. */
  gitHub(as: GitHubAs): GitHubReader
}

export interface Posting {
  /** http or https. */
  readonly url: string
  /** 'cluster' is a Service, which may have a private address; 'public' is what the installation allows. */
  readonly network: 'cluster' | 'public'
  /** Certificates in PEM that are trusted instead of this machine's. */
  readonly caBundle?: string
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly body: string | Uint8Array
  readonly timeoutMs: number
  /** Of the answer's body. */
  readonly maxBytes: number
}

export type Posted =
  | {
      readonly is: 'answered'
      readonly status: number
      /** As `Not Found`. */
      readonly statusText: string
      readonly headers: Readonly<Record<string, readonly string[]>>
      readonly body: Uint8Array
    }
  | { readonly is: 'failed'; readonly message: string }

export interface GitHubAs {
  /** As the sender of the event says, who may be anybody: it is used only where the installation knows it. */
  readonly enterpriseHost: string | undefined
  readonly token: string | undefined
}

export interface GitHubReader {
  /** `path` as in GitHub's documentation: `/repos/{owner}/{repo}`. */
  get(path: string, params: Readonly<Record<string, string | number>>): Promise<GitHubAnswer>
}

export type GitHubAnswer =
  /** `more`: there is another page. */
  | { readonly is: 'found'; readonly data: unknown; readonly more: boolean }
  | { readonly is: 'refused'; readonly status: number; readonly message: string }
  | { readonly is: 'failed'; readonly message: string }
