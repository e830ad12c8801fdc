/** `parseURL`: Go's net/url, for which also `/path?x=1`, `a/b` and `mailto:x` are URLs. */
import { shortened } from '../../lib/shortened.js'
import { CelProblem } from '../problem.js'
import type { MapValue } from '../values.js'

const SCHEME = /^([a-zA-Z][a-zA-Z0-9+.-]*):(.*)$/s

/** @throws CelProblem */
export function parseUrl(text: string): MapValue {
  const refuse = (why: string): CelProblem => {
    const shown = shortened(text, 100)
    return new CelProblem(`failed to decode '${shown}' in parseURL: parse ${JSON.stringify(shown)}: ${why}`)
  }
  const decoded = (part: string): string => unescaped(part, refuse)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\u0000-\u001f\u007f]/.test(text)) throw refuse('net/url: invalid control character in URL')
  const [beforeFragment, fragment] = cut(text, '#')
  const [, scheme = '', afterScheme = beforeFragment] = SCHEME.exec(beforeFragment) ?? []
  if (scheme === '' && beforeFragment.startsWith(':')) throw refuse('missing protocol scheme')
  const [hierarchy, rawQuery] = cut(afterScheme, '?')
  if (scheme === '' && /^[^/]*:/.test(hierarchy) && !hierarchy.startsWith('/')) {
    throw refuse('first path segment in URL cannot contain colon')
  }
  // `mailto:x` is opaque: nothing of it is a path.
  const isOpaque = scheme !== '' && !hierarchy.startsWith('/')
  const hasAuthority = hierarchy.startsWith('//') && (scheme !== '' || !hierarchy.startsWith('///'))
  const slash = hasAuthority ? hierarchy.indexOf('/', 2) : 0
  const authority = hasAuthority ? hierarchy.slice(2, slash < 0 ? undefined : slash) : ''
  const path = isOpaque ? '' : hasAuthority ? (slash < 0 ? '' : hierarchy.slice(slash)) : hierarchy
  const { auth, host } = readAuthority(authority, refuse)
  const queryStrings = readQuery(rawQuery)
  const query = Object.fromEntries(Object.entries(queryStrings).map(([name, values]) => [name, values.join(',')]))
  return {
    scheme: scheme.toLowerCase(),
    host,
    path: decoded(path),
    rawQuery,
    fragment: decoded(fragment),
    query,
    queryStrings,
    ...(auth === undefined ? {} : { auth }),
  }
}

type Refusal = (why: string) => CelProblem

function readAuthority(authority: string, refuse: Refusal) {
  const at = authority.lastIndexOf('@')
  const hostPort = authority.slice(at + 1)
  if (/[\s"<>\\^`{|}]/.test(hostPort))
    throw refuse(`invalid character ${JSON.stringify(hostPort.match(/[\s"<>\\^`{|}]/)?.[0])} in host name`)
  const [, port] = /^(?:\[[^\]]*\]|[^:]*)(.*)$/s.exec(hostPort) ?? []
  if (port !== undefined && port !== '' && !/^:\d*$/.test(port)) {
    throw refuse(`invalid port ${JSON.stringify(port)} after host`)
  }
  const host = unescaped(hostPort, refuse)
  if (at < 0) return { auth: undefined, host }
  const [username, password] = cut(authority.slice(0, at), ':')
  return { auth: { username: unescaped(username, refuse), password: unescaped(password, refuse) }, host }
}

/** As `url.Query()`: a pair that cannot be read, or with a semicolon, is left out. */
function readQuery(rawQuery: string): Readonly<Record<string, readonly string[]>> {
  const found = new Map<string, string[]>()
  for (const pair of rawQuery.split('&')) {
    if (pair === '' || pair.includes(';')) continue
    const [name, value] = cut(pair, '=').map(queryText)
    if (name === undefined || value === undefined) continue
    const values = found.get(name)
    if (values) values.push(value)
    else found.set(name, [value])
  }
  return Object.fromEntries(found)
}

function queryText(part: string): string | undefined {
  return isEscaped(part) ? percentDecoded(part.replaceAll('+', ' ')) : undefined
}

function unescaped(part: string, refuse: Refusal): string {
  if (isEscaped(part)) return percentDecoded(part)
  const wrong = /%(?![0-9A-Fa-f]{2}).{0,2}/s.exec(part)?.[0] ?? '%'
  throw refuse(`invalid URL escape ${JSON.stringify(wrong)}`)
}

function isEscaped(part: string): boolean {
  return !/%(?![0-9A-Fa-f]{2})/.test(part)
}

/** Bytes that are no UTF-8 become U+FFFD; Go keeps them, and writes U+FFFD later. */
function percentDecoded(part: string): string {
  return part.replace(/(?:%[0-9A-Fa-f]{2})+/g, escapes => Buffer.from(escapes.replaceAll('%', ''), 'hex').toString())
}

function cut(text: string, separator: string): [before: string, after: string] {
  const place = text.indexOf(separator)
  return place < 0 ? [text, ''] : [text.slice(0, place), text.slice(place + separator.length)]
}
