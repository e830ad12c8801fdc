/** Kubernetes REST paths, taken apart. Pure. */
import type { KindEntry, KindTable } from '../resources/kind-table.js'

export interface Route {
  readonly info: KindEntry
  /** As in the path: one of those that are served. */
  readonly version: string
  /** '' for cluster-scoped kinds, and for a list over all namespaces. */
  readonly namespace: string
  /** Undefined for a collection. */
  readonly name: string | undefined
  /** `status`, `log`, … */
  readonly subresource: string | undefined
}

/** Undefined when the path names no resource we have. */
export function parseRoute(kinds: KindTable, path: string): Route | undefined {
  const parts = path
    .split('/')
    .filter(part => part !== '')
    .map(decodeURIComponent)
  const grouped = parts[0] === 'apis'
  if (!grouped && parts[0] !== 'api') return undefined
  const [group = '', version = '', ...rest] = grouped ? parts.slice(1) : ['', ...parts.slice(1)]
  const inNamespace = rest[0] === 'namespaces' && rest.length > 2 && !isOfNamespace(group, rest)
  const namespace = inNamespace ? (rest[1] ?? '') : ''
  const [plural = '', name, subresource, ...tooMany] = inNamespace ? rest.slice(2) : rest
  if (tooMany.length > 0) return undefined
  const info = kinds.at(group, plural)
  if (!info?.served.includes(version)) return undefined
  if (info.namespaced !== inNamespace && (inNamespace || name !== undefined)) return undefined
  return { info, version, namespace, name, subresource }
}

/** `namespaces/NAME/status` is of the Namespace; anything else behind a namespace is in it. */
export function isOfNamespace(group: string, rest: readonly string[]): boolean {
  return group === '' && rest.length === 3 && (rest[2] === 'status' || rest[2] === 'finalize')
}
