/** What nobody gets to see who reads the history: credentials that came with a delivery, and values of Secrets. Pure. */
import type { Secrets } from './secrets.js'

export const MASK = '***'

/** Of headers, and of fields in the query of a URL: GitLab's token, signatures, `?token=` and their like. */
const CREDENTIAL = /authori[sz]ation|cookie|token|secret|signature|passw(or)?d|api-?_?key|access-?_?key|credential/i
/** Shorter ones would be found in every second word. */
const SECRET_CHARACTERS = 4

type Headers = Readonly<Record<string, readonly string[]>>

export function maskHeaders(headers: Headers): Headers {
  const masked = Object.entries(headers).map(
    ([name, values]) => [name, CREDENTIAL.test(name) ? values.map(() => MASK) : values] as const,
  )
  return Object.fromEntries(masked)
}

/** The values that `maskHeaders` hides, for `masker`; of `Bearer x` also x alone. */
export function credentialsIn(headers: Headers): readonly string[] {
  return Object.entries(headers)
    .filter(([name]) => CREDENTIAL.test(name))
    .flatMap(([, values]) => values.flatMap(value => [value, value.slice(value.lastIndexOf(' ') + 1)]))
}

/** `url`: path and query. */
export function maskUrl(url: string): string {
  const start = url.indexOf('?')
  if (start < 0) return url
  const fields = url
    .slice(start + 1)
    .split('&')
    .map(field => {
      const [name = ''] = field.split('=', 1)
      return CREDENTIAL.test(decoded(name)) && field.includes('=') ? `${name}=${MASK}` : field
    })
  return `${url.slice(0, start)}?${fields.join('&')}`
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    // Not encoded as it should be: then it is what it looks like.
    return name
  }
}

/** Every value of these Secrets, whatever its key: for `masker`. */
export function valuesOf(secrets: Secrets): readonly string[] {
  return [...secrets.values()].flatMap(({ data = {}, stringData = {} }) => [
    ...Object.values(data).map(encoded => Buffer.from(encoded, 'base64').toString('utf8').trim()),
    ...Object.values(stringData).map(value => value.trim()),
  ])
}

/** Takes these values out of texts, the longest first: one may be part of another. */
export function masker(secrets: readonly string[]): (text: string) => string {
  const telling = [...new Set(secrets)]
    .filter(secret => secret.length >= SECRET_CHARACTERS)
    .sort((a, b) => b.length - a.length)
  return text => telling.reduce((masked, one) => (masked.includes(one) ? masked.replaceAll(one, MASK) : masked), text)
}
