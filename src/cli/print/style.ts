/** Text for a terminal: colours, and nothing that it would obey. */
import type { Config } from '../../config.js'
import type { Terminal } from './live.js'

/** Nothing but the eight that every terminal has. */
export interface Style {
  readonly green: (text: string) => string
  readonly red: (text: string) => string
  readonly yellow: (text: string) => string
  readonly cyan: (text: string) => string
  readonly dim: (text: string) => string
  readonly bold: (text: string) => string
}

export function createStyle(color: boolean): Style {
  const paint = (code: number) => (text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text)
  return { green: paint(32), red: paint(31), yellow: paint(33), cyan: paint(36), dim: paint(2), bold: paint(1) }
}

/** For what is written to `terminal`. */
export function styleFor(terminal: Terminal, { color }: Pick<Config, 'color'>): Style {
  return createStyle(color && terminal.isTTY === true)
}

/** Of a terminal, in letters; undefined where nothing has to fit. */
export function widthOf(terminal: Terminal): number | undefined {
  return terminal.isTTY === true ? (terminal.columns ?? 80) : undefined
}

/** Control characters, and those that turn the direction of text around, so that a line reads as it is not. */
const OBEYED = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** What a hostile name or message may not do to a terminal: such characters are shown, not obeyed. */
export function printable(text: string): string {
  return text.replace(OBEYED, char => (char === '\n' || char === '\t' ? char : escaped(char)))
}

export function onOneLine(text: string): string {
  return printable(text).replaceAll(/[\n\t]/g, ' ')
}

const BRIEF = 100

/** As much of a line as there is room for beside others. */
export function brief(line: string): string {
  return line.length > BRIEF ? `${line.slice(0, BRIEF - 1)}…` : line
}

function escaped(char: string): string {
  const code = char.charCodeAt(0).toString(16)
  return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`
}
