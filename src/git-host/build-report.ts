/** What a git host is told about a commit, and where: the same words for all hosts. */

/** How a run fares. The last five are ends. */
export type BuildState = 'queued' | 'running' | 'success' | 'failure' | 'error' | 'cancelled' | 'timedOut'

export interface BuildReport {
  readonly state: BuildState
  /** What tells this report from others on the same commit: `tektite/build`. */
  readonly context: string
  /** One line of at most 140 characters, the least that all hosts take. */
  readonly description: string
  /** Where a person reads more; '' when nobody said. */
  readonly url: string
  /** The run's uid. */
  readonly externalId: string
  /** Markdown, for hosts that show a page of it. */
  readonly summary: string
  /** RFC 3339; '' when not yet. */
  readonly startedAt: string
  readonly completedAt: string
}

export type GitHostKind = 'github' | 'github-check' | 'gitlab' | 'bitbucket' | 'bitbucket-server' | 'gitea'

/** A commit in a repository, and the login for it. */
export interface BuildPlace {
  readonly kind: GitHostKind
  /** URL of the API, without a slash at its end. */
  readonly api: string
  /** URL of the host for people, without a slash at its end. */
  readonly web: string
  /** `['group', 'subgroup', 'repo']`, unescaped, no part empty or made of dots. */
  readonly repository: readonly string[]
  /** Lower case hex digits, all of them. */
  readonly sha: string
  /** `username` is '' for a token that stands alone. */
  readonly login: {
    readonly username: string
    readonly token: string
    /** Makes tokens of its own, for `github` and `github-check`; `token` is '' then. */
    readonly app?: GitHubApp
  }
}

export interface GitHubApp {
  readonly id: string
  /** PEM. */
  readonly privateKey: string
}

/** What is known of earlier reports about the same run. */
export interface Sent {
  /** Names the check run that an earlier report has made. */
  readonly checkId?: number
  /** An earlier report may have made a check run and not come to say so: look for it first. */
  readonly mayHaveCheck?: boolean
  /** Change the check run that is there; make none. */
  readonly onlyExisting?: boolean
}

export type ReportOutcome =
  /** The host has it. `checkId` names what it made, for those that want it named from then on. */
  | { readonly is: 'taken'; readonly checkId?: number }
  /** It will say so again. */
  | { readonly is: 'refused'; readonly message: string; readonly status?: number }
  /** The token may send statuses, and no check runs. */
  | { readonly is: 'no checks'; readonly message: string }
  | {
      readonly is: 'later'
      readonly message: string
      /** As the host asks; else it is for the sender to choose. */
      readonly afterMs?: number
      /** No answer at all, or one that holds for everything that is sent with this token. */
      readonly concerns: 'host' | 'report'
    }

export function isEnd(state: BuildState): boolean {
  return state !== 'queued' && state !== 'running'
}
