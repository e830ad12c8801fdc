/**
 * What programs make of a secret before it reaches a log. Each form takes the value without the space around it, and gives
 * texts of one character for each byte (latin1), so that a value need not be text. Pure.
 */
import { isUtf8 } from 'node:buffer'

type Forms = (secret: Buffer, raw: Buffer) => Iterable<string>

/** As it is, with either kind of line end. */
export const plainForms: Forms = secret => {
  const text = secret.toString('latin1')
  const lines = text.replaceAll('\r\n', '\n')
  return [text, lines, lines.replaceAll('\n', '\r\n')]
}

/**
 * Three ways to stand in base64, for a value may begin at any of three bytes (as the password does in `user:password`). Of
 * each only the characters that no neighbour has a part in; and the whole, as it is encoded by itself.
 */
export function* base64Forms(secret: Buffer, raw: Buffer): Generator<string> {
  const forms = [0, 1, 2].map(shift => {
    const encoded = Buffer.concat([Buffer.alloc(shift), secret]).toString('base64')
    return encoded.slice(Math.ceil((8 * shift) / 6), Math.floor((8 * (shift + secret.length)) / 6))
  })
  const padded = [secret, raw].map(bytes => bytes.toString('base64'))
  const alone = [...padded, ...padded.map(form => form.replaceAll('=', ''))]
  for (const form of [...forms, ...alone]) yield* [form, form.replaceAll('+', '-').replaceAll('/', '_')]
  // As base64 and openssl break lines.
  for (const form of padded) yield* [76, 64].flatMap(columns => brokenForms(form, columns))
}

export const hexForms: Forms = secret => {
  const form = secret.toString('hex')
  // As xxd breaks lines.
  return [form, form.toUpperCase(), ...brokenForms(form, 60)]
}

/** The lines together, and each of them, which may stand behind an indent. */
function brokenForms(form: string, columns: number): readonly string[] {
  if (form.length <= columns) return []
  const lines = form.match(new RegExp(`.{1,${columns}}`, 'g')) ?? []
  return [lines.join('\n'), lines.join('\r\n'), ...lines.filter(({ length }) => length >= 8)]
}

/** In a string of JSON, without its quotes: as most write it, as Go does, as Python does, with `/` as PHP has it. */
export function* jsonForms(secret: Buffer): Generator<string> {
  if (!isUtf8(secret)) return
  const text = secret.toString('utf8')
  const usual = JSON.stringify(text).slice(1, -1)
  const asCode = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  const forms = [
    usual,
    usual.replace(/[<>&\u2028\u2029]/g, asCode),
    usual.replace(/[\u007f-\uffff]/g, asCode),
    usual.replaceAll('/', '\\/'),
    // Python's repr.
    usual.replaceAll('\\"', '"'),
  ]
  for (const form of forms) yield asBytes(form)
}

/** As `set -x`, `printf %q` and `declare -p` of bash and other shells print it, without the quotes around. */
export function* shellForms(secret: Buffer): Generator<string> {
  const text = secret.toString('latin1')
  yield text.replaceAll("'", "'\\''")
  yield text.replaceAll("'", `'"'"'`)
  yield text.replace(/[^\w@%+=:./-]/g, '\\$&')
  yield text.replace(/[^\w@%+=:./,-]/g, '\\$&')
  yield text.replace(/["$`\\]/g, '\\$&')
  const named: Readonly<Record<string, string>> = { '\n': 'n', '\r': 'r', '\t': 't', "'": "'", '\\': '\\', '\x1b': 'E' }
  const quoted = (isPlain: (code: number) => boolean): string =>
    Array.from(text, byte => {
      const code = byte.charCodeAt(0)
      if (named[byte] !== undefined) return `\\${named[byte]}`
      return code >= 32 && isPlain(code) ? byte : `\\${code.toString(8).padStart(3, '0')}`
    }).join('')
  yield quoted(code => code !== 127)
  yield quoted(code => code < 127)
}

/** What encoders leave as it is, besides letters and digits: JavaScript, Go and curl, Python, HTML forms, Go's paths, browsers. */
const LEFT_IN_URLS = ["-_.~!'()*", '-_.~', '-_.~/', '-_.*', '-_.~$&+=:@', "-_.~!'()*;/?:@&=+$,#"]

export function* urlForms(secret: Buffer): Generator<string> {
  for (const left of LEFT_IN_URLS) {
    for (const space of ['%20', '+']) {
      const encoded = (hex: (digits: string) => string): string =>
        Array.from(secret, byte => {
          const character = String.fromCharCode(byte)
          if (/[A-Za-z0-9]/.test(character) || left.includes(character)) return character
          return character === ' ' ? space : `%${hex(byte.toString(16).padStart(2, '0'))}`
        }).join('')
      yield encoded(digits => digits.toUpperCase())
      yield encoded(digits => digits)
    }
  }
}

function asBytes(text: string): string {
  return Buffer.from(text).toString('latin1')
}
