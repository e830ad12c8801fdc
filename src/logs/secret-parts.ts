/** What of a secret value is a secret by itself: a line of a key, the password in a configuration file. Pure. */

/** Of a value of several lines, each that is long enough and says something. */
export function linesOf(text: string): readonly string[] {
  const lines = text.split(/[\r\n]+/)
  return lines.length < 2
    ? []
    : lines.map(line => line.trim()).filter(line => /[\p{L}\p{N}]/u.test(line) && !ARMOUR.test(line))
}

/** As a key file begins and ends: no secret, and worth reading in a log. */
const ARMOUR = /^-----(BEGIN|END) [A-Z0-9 ]+-----$/

/** Names behind which a secret stands. */
const TELLING = /pass|pwd|secret|token|auth|key|credential/i

/** `https://user:password@host` */
const URL_LOGIN = /:\/\/[^\s:@/]*:([^\s@/]+)@/g

/** `password: …` of YAML, `PASSWORD=…` of an environment file, `password …` of a netrc. */
const NAMED =
  /(?:^|\s)[\w.-]{0,64}(?:pass|pwd|secret|token|auth|key|credential)[\w.-]{0,64}(?:\s{0,8}[=:]\s{0,8}|\s{1,8})["']?([^\s"']+)/gi

/** Of JSON (a docker config, a cloud's key file), of URLs, and of files with a name before each value. */
export function partsOf(text: string): readonly string[] {
  const parts: string[] = []
  for (const [, password = ''] of text.matchAll(URL_LOGIN)) parts.push(password, decoded(password))
  const json = /^\s*[{[]/.test(text) ? parsed(text) : undefined
  if (json !== undefined) return [...parts, ...toldStrings(json)]
  for (const [, value = ''] of text.matchAll(NAMED)) parts.push(value)
  return parts
}

/** The texts behind telling names. In `auths` of a docker config, which holds objects, each says for itself what it is. */
function toldStrings(json: unknown): readonly string[] {
  const strings: string[] = []
  const left: unknown[] = [json]
  while (left.length > 0) {
    const value = left.pop()
    if (typeof value !== 'object' || value === null) continue
    for (const [name, inner] of Object.entries(value)) {
      if (typeof inner !== 'string') left.push(inner)
      else if (TELLING.test(name)) strings.push(inner, ...(name === 'auth' ? [passwordOf(inner)] : []))
    }
  }
  return strings
}

/** Of `user:password` in base64. */
function passwordOf(auth: string): string {
  const login = Buffer.from(auth, 'base64').toString('utf8')
  return login.slice(login.indexOf(':') + 1)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
