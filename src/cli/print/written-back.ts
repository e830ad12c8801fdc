/** What a run wrote back into a folder, for people. Pure. */
import type { WrittenBack } from '../run/write-back.js'
import { onOneLine, type Style } from './style.js'

const SHOWN = 20
const SIGNS = { added: '+', changed: '~', deleted: '-' } as const

export function writtenBackLines(folder: string, { changes, left }: WrittenBack, style: Style): readonly string[] {
  if (changes.length === 0 && left.length === 0) return [`${onOneLine(folder)}: the run changed nothing\n`]
  const paint = { added: style.green, changed: style.yellow, deleted: style.red }
  const lines = changes.slice(0, SHOWN).map(({ path, is }) => `  ${paint[is](SIGNS[is])} ${onOneLine(path)}\n`)
  const more = changes.length > SHOWN ? [style.dim(`  … and ${changes.length - SHOWN} more\n`)] : []
  return [
    `${style.bold('written back')} to ${onOneLine(folder)}: ${count(changes.length, 'change')}\n`,
    ...lines,
    ...more,
    ...left.map(({ path, why }) => `${style.yellow('warning')}: ${onOneLine(path)} is not written back: ${why}\n`),
  ]
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
