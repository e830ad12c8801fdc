/** The functions that Tekton Triggers adds to CEL. */
import { shortened } from '../../lib/shortened.js'
import { celMethod, type Overload } from '../function.js'
import { jsonInside } from '../json.js'
import type { Meter } from '../meter.js'
import { CelProblem } from '../problem.js'
import { replaceAll } from '../regex.js'
import { LIST, MAP } from '../types.js'
import { entryOf, isList, keysOf, kindOf, type List, type MapValue, sizeOf, type Value } from '../values.js'
import { parseUrl } from './url.js'

/** What is written elsewhere of how Go and Kubernetes read and write texts. */
export interface Readers {
  /** A header's name as Go spells it. */
  readonly canonical: (header: string) => string
  /** JSON as Go writes it. */
  readonly jsonText: (json: unknown) => string
  readonly readJson: (text: string) => Reading
  readonly readYaml: (text: string) => Reading
}

export type Reading =
  | { readonly is: 'value'; readonly value: unknown }
  | { readonly is: 'unreadable'; readonly message: string }

const MAX_QUOTED = 100
/** Units per character. */
const JSON_COST = 0.5
/** Reading YAML is slow: 25,000 characters are a tenth of a second. */
const YAML_COST = 40

export function triggerFunctions({ canonical, jsonText, readJson, readYaml }: Readers): readonly Overload[] {
  // An event's header is asked again and again.
  const knownHeaders = new WeakSet<MapValue>()
  const firstValue = (header: MapValue, name: string, meter: Meter): string => {
    if (!knownHeaders.has(header)) {
      meter.charge(sizeOf(header))
      const isHeader = keysOf(header).every(key => isListOfTexts(entryOf(header, key)))
      if (!isHeader) throw new CelProblem('failed to convert to http.Header: a value of the map is no list of strings')
      knownHeaders.add(header)
    }
    const [first] = (entryOf(header, canonical(name)) ?? []) as readonly string[]
    return first ?? ''
  }
  const marshal = (value: Value, meter: Meter): string => {
    const json = jsonInside(value, meter)
    if (json.is === 'none') throw new CelProblem(`failed to convert to native: unsupported type ${json.type}`)
    // Written out, a list costs as much as it has elements, however often it is the same one.
    const text = jsonText(json.value)
    meter.chargeText(2 * text.length)
    return text
  }
  const parsed = (name: string, text: string, reading: Reading): MapValue => {
    const shown = shortened(text, MAX_QUOTED)
    if (reading.is === 'unreadable') {
      throw new CelProblem(`failed to decode '${shown}' in ${name}: ${reading.message}`)
    }
    const value = (reading.value ?? {}) as Value
    if (kindOf(value) === 'map') return value as MapValue
    const kind = isList(value) ? 'array' : kindOf(value) === 'double' ? 'number' : kindOf(value)
    const why = `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`
    throw new CelProblem(`failed to decode '${shown}' in ${name}: ${why}`)
  }
  return [
    celMethod('match', [MAP, 'string', 'string'], 'bool', ([header, name, value], { meter }) => {
      return firstValue(header, name, meter) === value
    }),
    celMethod('canonical', [MAP, 'string'], 'string', ([header, name], { meter }) => firstValue(header, name, meter)),
    celMethod('truncate', ['string', 'int'], 'string', ([text, length], { meter }) => truncate(text, length, meter)),
    celMethod('parseJSON', ['string'], MAP, ([text], { meter }) => {
      meter.charge(text.length * JSON_COST)
      return parsed('parseJSON', text, readJson(text))
    }),
    celMethod('parseYAML', ['string'], MAP, ([text], { meter }) => {
      meter.charge(text.length * YAML_COST)
      return parsed('parseYAML', text, readYaml(text))
    }),
    celMethod('parseURL', ['string'], MAP, ([text], { meter }) => {
      meter.charge(text.length)
      return parseUrl(text)
    }),
    celMethod('marshalJSON', [MAP], 'string', ([map], { meter }) => marshal(map, meter)),
    celMethod('marshalJSON', [LIST], 'string', ([list], { meter }) => marshal(list, meter)),
    celMethod('first', [LIST], 'dyn', ([list]) => list[0] ?? null),
    celMethod('last', [LIST], 'dyn', ([list]) => list.at(-1) ?? null),
    celMethod('translate', ['string', 'string', 'string'], 'string', ([text, pattern, replacement], { meter }) => {
      return replaceAll(text, pattern, replacement, meter)
    }),
    celMethod('compareSecret', ['string', 'string', 'string'], 'bool', ([text, key, name], { equalsSecret }) => {
      return equalsSecret(text, key, name)
    }),
    // The namespace is accepted and ignored, as Triggers does: Secrets of other namespaces are nobody's business here.
    celMethod(
      'compareSecret',
      ['string', 'string', 'string', 'string'],
      'bool',
      ([text, key, name], { equalsSecret }) => {
        return equalsSecret(text, key, name)
      },
    ),
  ]
}

function isListOfTexts(value: Value | undefined): boolean {
  return value !== undefined && isList(value) && (value as List).every(element => typeof element === 'string')
}

/** Bytes, as Go cuts strings; half a character at the end becomes U+FFFD. */
function truncate(text: string, length: bigint, meter: Meter): string {
  if (length < 0n) throw new CelProblem(`truncate to a negative length: ${length}`)
  meter.chargeText(text.length)
  if (length >= 3n * BigInt(text.length)) return text
  const bytes = Buffer.from(text)
  return bytes.length <= length ? text : bytes.subarray(0, Number(length)).toString()
}
