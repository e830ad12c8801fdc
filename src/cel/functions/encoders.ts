/** cel-go's encoders extension. */
import { celFunction, type Overload } from '../function.js'
import { CelProblem } from '../problem.js'

export const ENCODERS: readonly Overload[] = [
  celFunction('base64.encode', ['bytes'], 'string', ([bytes], { meter }) => {
    meter.chargeText(2 * bytes.length)
    return Buffer.from(bytes).toString('base64')
  }),
  celFunction('base64.decode', ['string'], 'bytes', ([text], { meter }) => {
    meter.chargeText(text.length)
    return decoded(text)
  }),
]

/** Padded or not, as cel-go tries both; line breaks are skipped. */
function decoded(text: string): Uint8Array {
  const plain = text.replace(/[\r\n]+/g, '')
  const bad = /[^A-Za-z0-9+/=]|=(?=[^=])/.exec(plain)
  const unpadded = plain.replace(/={1,2}$/, '')
  const isPadded = plain !== unpadded
  if (bad !== null || unpadded.includes('=') || unpadded.length % 4 === 1 || (isPadded && plain.length % 4 !== 0)) {
    throw new CelProblem(`illegal base64 data at input byte ${bad?.index ?? unpadded.length}`)
  }
  return Buffer.from(unpadded, 'base64')
}
