/** What the texts of flags may be. Each throws an Error that says what it must be. Pure. */

export function text(written: string): string {
  return written
}

export function port(written: string): number {
  return wholeNumber(written, 0, 65_535, 'a port: 0 (any free one) to 65535')
}

export function count(written: string): number {
  return wholeNumber(written, 1, 10_000, 'a whole number from 1 to 10000')
}

function wholeNumber(written: string, least: number, most: number, what: string): number {
  const number = Number(written)
  if (/^\d+$/.test(written) && number >= least && number <= most) return number
  throw new Error(`it must be ${what}`)
}

export function redisUrl(written: string): string {
  const url = URL.canParse(written) ? new URL(written) : undefined
  if (url && /^rediss?:$/.test(url.protocol) && url.hostname !== '' && /^(\/\d*)?$/.test(url.pathname)) return written
  throw new Error('it must be redis://[user:password@]host[:port][/database], or rediss:// for TLS')
}

export function passwordIn(address: string): string | undefined {
  return URL.canParse(address) && new URL(address).password !== '' ? 'a password' : undefined
}

/** Without a slash at its end. */
export function webAddress(written: string): string {
  const url = URL.canParse(written) ? new URL(written) : undefined
  if (url && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '') return written.replace(/\/+$/, '')
  throw new Error('it must be an address such as https://ci.example.com')
}

export function namespace(written: string): string {
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(written)) return written
  throw new Error('it must be the name of a namespace: lower-case letters, digits and "-", 63 characters at most')
}

export function keyPrefix(written: string): string {
  if (/^[\w.:-]{1,100}$/.test(written)) return written
  throw new Error('it must be letters, digits and _ . : - (100 characters at most)')
}

export function oneOf<T extends string>(allowed: readonly T[]): (written: string) => T {
  return written => {
    const found = allowed.find(each => each === written)
    if (found !== undefined) return found
    throw new Error(`it must be one of ${allowed.join(', ')}`)
  }
}
