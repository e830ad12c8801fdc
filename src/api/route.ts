/** Kubernetes REST paths, taken apart. Pure. */
import { isKind, KINDS, type Kind } from '../resources/kinds.js'

export interface Route {
  readonly kind: Kind
  /** '' for cluster-scoped kinds, and for a list over all namespaces. */
  readonly namespace: string
  /** Undefined for a collection. */
  readonly name: string | undefined
  /** `status`, `log`, … */
  readonly subresource: string | undefined
}

/** Undefined when the path names no resource we have. */
export function parseRoute(path: string): Route | undefined {
  const parts = path
    .split('/')
    .filter(part => part !== '')
    .map(decodeURIComponent)
  const grouped = parts[0] === 'apis'
  if (!grouped && parts[0] !== 'api') return undefined
  const [group, version, ...rest] = grouped
    ? [parts[1], parts[2], ...parts.slice(3)]
    : ['', parts[1], ...parts.slice(2)]
  const inNamespace = rest[0] === 'namespaces' && rest.length > 2
  const namespace = inNamespace ? (rest[1] ?? '') : ''
  const [plural, name, subresource, ...tooMany] = inNamespace ? rest.slice(2) : rest
  if (tooMany.length > 0) return undefined
  const kind = Object.keys(KINDS).find(each => isKind(each) && matches(each, group ?? '', version ?? '', plural ?? ''))
  if (kind === undefined || !isKind(kind)) return undefined
  if (KINDS[kind].namespaced !== inNamespace && (inNamespace || name !== undefined)) return undefined
  return { kind, namespace, name, subresource }
}

function matches(kind: Kind, group: string, version: string, plural: string): boolean {
  const info = KINDS[kind]
  // Objects are stored and shown in one version only; asking for another is answered with that one.
  return info.group === group && info.served.includes(version) && info.plural === plural
}

/** `a=b,c==d`. Undefined when it asks for more than equality. */
export function parseLabelSelector(text: string): Readonly<Record<string, string>> | undefined {
  const labels: Record<string, string> = {}
  for (const part of text.split(',').filter(each => each !== '')) {
    const match = /^\s*([^=!\s(]+)\s*==?\s*([^=!\s(]*)\s*$/.exec(part)
    if (!match?.[1]) return undefined
    labels[match[1]] = match[2] ?? ''
  }
  return labels
}
