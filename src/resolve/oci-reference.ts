/** Image references, read as Docker and Tekton read them. Pure. */

export interface ImageReference {
  /** With port. Docker Hub is `index.docker.io`. */
  readonly registry: string
  readonly repository: string
  /** A tag, or a digest (`sha256:…`). */
  readonly version: string
  readonly digest: string | undefined
}

const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/
const REGISTRY =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/
const MAX_CHARS = 1_024

/** The message when the text is none. */
export function parseImageReference(text: string): ImageReference | string {
  const wrong = (why: string): string => `could not parse reference: ${text.slice(0, 200)}: ${why}`
  if (text.length > MAX_CHARS) return wrong(`longer than ${MAX_CHARS} characters`)
  const [named = '', digest, ...more] = text.split('@')
  if (more.length > 0) return wrong('a digest must contain exactly one "@" separator')
  if (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest)) return wrong(`unsupported digest "${digest}"`)
  const [, untagged = '', tag] = /^(.*?)(?::([^/:]*))?$/s.exec(named) ?? []
  if (tag !== undefined && !/^\w[\w.-]{0,127}$/.test(tag)) return wrong(`invalid tag "${tag}"`)
  const slash = untagged.indexOf('/')
  const first = slash < 0 ? '' : untagged.slice(0, slash)
  // Without a dot or a port the first part is a folder of Docker Hub.
  const isRegistry = /[.:]/.test(first) || first === 'localhost'
  const registry = isRegistry ? first : 'index.docker.io'
  const path = isRegistry ? untagged.slice(slash + 1) : untagged
  if (!REGISTRY.test(registry)) return wrong(`invalid registry "${registry}"`)
  if (!REPOSITORY.test(path)) return wrong(`invalid repository "${path}"`)
  const isHub = registry === 'index.docker.io' || registry === 'docker.io'
  return {
    registry: isHub ? 'index.docker.io' : registry,
    repository: isHub && !path.includes('/') ? `library/${path}` : path,
    version: digest ?? tag ?? 'latest',
    digest,
  }
}

/** Registries that may speak plain http: only those that a network of one's own can hold. */
export function mayBePlain(registry: string): boolean {
  const host = registry.replace(/:\d+$/, '')
  return (
    /^(localhost|\[::1\]|127(\.\d+){3}|.*\.local|.*\.localhost)$/.test(host) ||
    /^(10(\.\d+){3}|192\.168(\.\d+){2}|172\.(1[6-9]|2\d|3[01])(\.\d+){2})$/.test(host)
  )
}
