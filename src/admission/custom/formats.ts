/** `format` of texts, as Kubernetes reads it; formats that it does not know restrict nothing. */
import { isCidr, isIPv4, isIPv6, isUri } from '../../lib/ip-address.js'

type Test = (text: string) => boolean

const FORMATS: Readonly<Record<string, Test>> = {
  bsonobjectid: text => /^[0-9a-f]{24}$/i.test(text),
  uri: isUri,
  email: text => /^[^\s@<>(),;:"[\]]{1,64}@[^\s@<>(),;:"[\]]{1,255}$/.test(text),
  hostname: text =>
    text.length <= 255 && text.split('.').every(label => /^[a-z0-9_]([-a-z0-9_]{0,61}[a-z0-9_])?$/i.test(label)),
  ipv4: isIPv4,
  ipv6: isIPv6,
  cidr: isCidr,
  mac: text => /^([0-9a-f]{2}([:-])([0-9a-f]{2}\2){4}[0-9a-f]{2}|([0-9a-f]{4}\.){2}[0-9a-f]{4})$/i.test(text),
  uuid: text => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text),
  uuid3: text => /^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text),
  uuid4: text => /^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i.test(text),
  uuid5: text => /^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i.test(text),
  hexcolor: text => /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.test(text),
  byte: text => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text),
  date: text => /^\d{4}-\d{2}-\d{2}$/.test(text) && isDay(text),
  datetime: isDateTime,
  duration: text => /^([+-]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d|w)\s*)+$|^0$/.test(text) || SCALA.test(text),
}

/** As Scala writes durations, which Go's decoder takes too. */
const SCALA =
  /^\d+(\.\d+)?\s*(ns|nano(second)?s?|µs|us|micro(second)?s?|ms|milli(second)?s?|s|sec(ond)?s?|m|min(ute)?s?|h|hrs?|hours?|d|days?|w|weeks?)$/

/** Whether the text is of the format; a longer one than anybody writes is not. */
export function isOfFormat(text: string, format: string): boolean {
  const name = format.replaceAll('-', '')
  const test = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined
  if (test === undefined) return true
  return (text.length <= 4096 || name === 'byte') && test(text)
}

function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}

function isDateTime(text: string): boolean {
  const match = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})([.,]\d+)?([Zz]|[+-](\d{2}):?(\d{2}))$/.exec(text)
  if (match === null || !isDay(match[1] ?? '')) return false
  return Number(match[2]) < 24 && Number(match[3]) < 60 && Number(match[4]) < 61
}
