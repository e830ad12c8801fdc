/** Where a repository is, as people and webhooks write it. Pure. */

export interface RepositoryUrl {
  /** Undefined for ssh, whose port says nothing about the host's API. */
  readonly protocol: 'https:' | 'http:' | undefined
  /** Lower case, with the port if it is not the protocol's own; for ssh always without. */
  readonly host: string
  /** `['org', 'repo']`, without `.git`. */
  readonly path: readonly string[]
}

/** Undefined for what is no URL of a repository. A login in it is left out. */
export function parseRepositoryUrl(text: string): RepositoryUrl | undefined {
  const trimmed = text.trim()
  // git@host:org/repo.git
  const short = /^(?:[^@/:\s]+@)?([^@/:\s]+):(?!\/\/)([^:\s]+)$/.exec(trimmed)
  if (short) return repositoryAt(undefined, short[1] ?? '', short[2] ?? '')
  if (!URL.canParse(trimmed)) return undefined
  const { protocol, host, hostname, pathname } = new URL(trimmed)
  if (protocol === 'ssh:' || protocol === 'git+ssh:') return repositoryAt(undefined, hostname, pathname)
  return protocol === 'https:' || protocol === 'http:' ? repositoryAt(protocol, host, pathname) : undefined
}

function repositoryAt(protocol: RepositoryUrl['protocol'], host: string, text: string): RepositoryUrl | undefined {
  const path = pathParts(text.replace(/\.git\/*$/, ''))
  return host === '' || path === undefined || path.length === 0
    ? undefined
    : { protocol, host: host.toLowerCase(), path }
}

/** Undefined when a part is no name: a URL would swallow dots, and ask for something else with the token. */
export function pathParts(text: string): readonly string[] | undefined {
  try {
    const parts = text.split('/').filter(Boolean).map(decodeURIComponent)
    return parts.some(part => /^\.{1,2}$|[/\\\p{C}]/u.test(part)) ? undefined : parts
  } catch {
    return undefined // a percent sign that begins nothing
  }
}
