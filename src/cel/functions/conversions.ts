/** From one type to another: `int('5')`, `string(1.5)`, `type(x)`. */
import { celFunction, type Overload } from '../function.js'
import { doubleText, int, intFromDouble, parseDouble, parseInteger, uint, uintFromDouble } from '../numbers.js'
import { CelProblem } from '../problem.js'
import { duration, durationText, parseDuration, parseTimestamp, timestamp, timestampText } from '../time.js'
import { kindOf, TypeName, type Value } from '../values.js'

const SECOND = 1_000_000_000n
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const numbers: readonly Overload[] = [
  celFunction('int', ['int'], 'int', ([value]) => value),
  celFunction('int', ['uint'], 'int', ([{ value }]) => int(value)),
  celFunction('int', ['double'], 'int', ([value]) => intFromDouble(value)),
  celFunction('int', ['string'], 'int', ([text]) => parseInteger(text, 'ParseInt')),
  celFunction('int', ['timestamp'], 'int', ([{ seconds }]) => seconds),
  celFunction('int', ['duration'], 'int', ([{ nanoseconds }]) => nanoseconds),
  celFunction('uint', ['uint'], 'uint', ([value]) => value),
  celFunction('uint', ['int'], 'uint', ([value]) => uint(value)),
  celFunction('uint', ['double'], 'uint', ([value]) => uintFromDouble(value)),
  celFunction('uint', ['string'], 'uint', ([text]) => uint(parseInteger(text, 'ParseUint'))),
  celFunction('double', ['double'], 'double', ([value]) => value),
  celFunction('double', ['int'], 'double', ([value]) => Number(value)),
  celFunction('double', ['uint'], 'double', ([{ value }]) => Number(value)),
  celFunction('double', ['string'], 'double', ([text]) => parseDouble(text)),
]

const texts: readonly Overload[] = [
  celFunction('string', ['string'], 'string', ([text]) => text),
  celFunction('string', ['bool'], 'string', ([value]) => String(value)),
  celFunction('string', ['int'], 'string', ([value]) => String(value)),
  celFunction('string', ['uint'], 'string', ([{ value }]) => String(value)),
  celFunction('string', ['double'], 'string', ([value]) => doubleText(value)),
  celFunction('string', ['bytes'], 'string', ([bytes], { meter }) => {
    meter.chargeText(bytes.length)
    return decoded(bytes)
  }),
  celFunction('string', ['timestamp'], 'string', ([value]) => timestampText(value)),
  celFunction('string', ['duration'], 'string', ([value]) => durationText(value)),
  celFunction('bytes', ['bytes'], 'bytes', ([bytes]) => bytes),
  celFunction('bytes', ['string'], 'bytes', ([text], { meter }) => {
    meter.chargeText(text.length)
    return Buffer.from(text)
  }),
]

const others: readonly Overload[] = [
  celFunction('bool', ['bool'], 'bool', ([value]) => value),
  celFunction('bool', ['string'], 'bool', ([text]) => parseBool(text)),
  celFunction('timestamp', ['timestamp'], 'timestamp', ([value]) => value),
  celFunction('timestamp', ['string'], 'timestamp', ([text]) => parseTimestamp(text)),
  celFunction('timestamp', ['int'], 'timestamp', ([seconds]) => timestamp(seconds * SECOND)),
  celFunction('duration', ['duration'], 'duration', ([value]) => value),
  celFunction('duration', ['string'], 'duration', ([text]) => parseDuration(text)),
  celFunction('duration', ['int'], 'duration', ([nanoseconds]) => duration(nanoseconds)),
  celFunction('type', ['A'], { type: 'A' }, ([value]) => new TypeName(kindOf(value as Value))),
  celFunction('dyn', ['A'], 'dyn', ([value]) => value as Value),
]

function decoded(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes)
  } catch {
    throw new CelProblem('invalid UTF-8 in bytes, cannot convert to string')
  }
}

function parseBool(text: string): boolean {
  if (/^(1|t|true|T|True|TRUE)$/.test(text)) return true
  if (/^(0|f|false|F|False|FALSE)$/.test(text)) return false
  throw new CelProblem(`strconv.ParseBool: parsing ${JSON.stringify(text.slice(0, 100))}: invalid syntax`)
}

export const CONVERSIONS: readonly Overload[] = [...numbers, ...texts, ...others]
