/** How texts on the command line become values. Commander shows the message of what is thrown here. */
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { PARTS, type Part } from '../../config.js'
import { parseDuration } from '../../lib/duration.js'
import { describeError } from '../../lib/fault.js'
import { parseHeader } from '../request.js'
import { type SecretFlag, secretFlag } from '../run/secrets.js'

/** A flag that may be repeated. */
export function repeated<T>(parse: (text: string) => T): (text: string, before: readonly T[] | undefined) => T[] {
  return (text, before) => [...(before ?? []), parse(text)]
}

export function pair(text: string): { name: string; value: string } {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It must be of the form name=value.')
  return { name: text.slice(0, at), value: text.slice(at + 1) }
}

/** As curl takes it, or with `=`. */
export function header(text: string): { name: string; value: string } {
  const parsed = parseHeader(text)
  if (parsed === undefined) throw new InvalidArgumentError("It must be of the form 'Name: value'.")
  return { ...parsed }
}

export function workspace(text: string): { name: string; directory: string } {
  const { name, value } = pair(text)
  return { name, directory: resolve(value) }
}

/** @throws Error, and not commander's, which would repeat the text: it may be a secret. */
export function secret(text: string): SecretFlag {
  try {
    return secretFlag(text)
  } catch (error) {
    throw new Error(`--secret: ${describeError(error)}`)
  }
}

/** In milliseconds. */
export function duration(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError('It must be a duration such as 90s, 5m or 1h30m.')
  return ms
}

export function port(text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 0 || number > 65_535) {
    throw new InvalidArgumentError('It must be a port: 0 (any free one) to 65535.')
  }
  return number
}

export function ipAddress(text: string): string {
  if (isIP(text) === 0) throw new InvalidArgumentError('It must be an IP address, such as 127.0.0.1 or 0.0.0.0.')
  return text
}

export function hostName(text: string): string {
  if (isIP(text) === 0 && !/^(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$/.test(text)) {
    throw new InvalidArgumentError('It must be a host name or an IP address.')
  }
  return text
}

/** An address in front of which a path is put: http or https, without a slash at its end. */
export function baseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new InvalidArgumentError('It must be an address such as https://ci.example.com.')
  }
  return text.replace(/\/+$/, '')
}

export function count(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1.')
  return Number(text)
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 0.')
  return Number(text)
}

/** With commas between, and repeated. */
export function names(text: string, before: readonly string[] = []): string[] {
  return [...before, ...text.split(',').filter(name => name !== '')]
}

/** As it is written: the API server reads it, too. */
export function goDuration(text: string): string {
  if (parseDuration(text) === undefined)
    throw new InvalidArgumentError('It must be a duration such as 90s, 5m or 1h30m.')
  return text
}

/** In epoch ms. */
export function instant(text: string): number {
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) throw new InvalidArgumentError('It must be a time such as 2026-03-29T00:00:00Z.')
  return ms
}

/** Parted by commas. */
export function parts(text: string): readonly Part[] {
  const named = text.split(',').map(one => one.trim())
  const known = PARTS.filter(part => named.includes(part))
  if (known.length < new Set(named).size || !known.includes('api')) {
    throw new InvalidArgumentError(`It must be a list such as api,kubelet of ${PARTS.join(', ')}, with the api in it.`)
  }
  return known
}
