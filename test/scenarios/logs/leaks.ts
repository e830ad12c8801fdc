/** Looks for secrets in stored bytes, by rules of its own: not those that hide them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What must not be found: the value, and what the usual programs make of it. */
export function needlesOf(secret: string | Buffer): readonly Buffer[] {
  const bytes = Buffer.from(secret)
  const text = bytes.toString('utf8').trim()
  const [base64, hex] = [bytes.toString('base64'), bytes.toString('hex')]
  const texts = [text, base64.slice(0, -4), encodeURIComponent(text), JSON.stringify(text).slice(1, -1), hex]
  // Of a value of several lines, also each line by itself, as far as it is no shorter than what is said to be masked.
  const lines = text.split(/\r?\n/).filter(line => line.length >= 8 && !line.startsWith('-----'))
  return [bytes, ...[...texts, ...lines].map(each => Buffer.from(each))].filter(({ length }) => length >= 6)
}

/** All files below a folder whose names pass. */
export function filesBelow(folder: string, isWanted: (name: string) => boolean): readonly string[] {
  for (;;) {
    try {
      return readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter(entry => entry.isFile() && isWanted(entry.name))
        .map(entry => join(entry.parentPath, entry.name))
    } catch (error) {
      // A folder within that went while it was listed.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !existsSync(folder)) throw error
    }
  }
}

export function leaksIn(bytes: Buffer, secrets: readonly (string | Buffer)[]): readonly string[] {
  return secrets.flatMap(needlesOf).flatMap(needle => (bytes.includes(needle) ? [needle.toString('latin1')] : []))
}

export function leaksInFiles(files: readonly string[], secrets: readonly (string | Buffer)[]): readonly string[] {
  return files.flatMap(file => leaksIn(readIfThere(file), secrets).map(leak => `${file}: ${leak}`))
}

/** The folder of a Pod that has ended goes when its logs are in the store. */
function readIfThere(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0)
    throw error
  }
}
