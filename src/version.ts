/** Of this program, as its package says. */
import { readFileSync } from 'node:fs'

export function version(): string {
  // From where this is compiled to.
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version
}
