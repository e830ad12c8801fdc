/** A line of output for people: with where it comes from, and nothing in it that a terminal would obey. Pure. */
import { printable, type Style } from '../print/style.js'

/** All that begins with ESC, or its one-letter form: colours are the kind that ends with an m. */
const SEQUENCE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[PX^_][^\u001b]*(?:\u001b\\)?|\u001b[ -/]*[0-~]?/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const COLOUR = /^\u001b\[[0-9;]*m$/
const RESET = '\u001b[0m'

/** Colours stay where there are any, other sequences go, other control characters are shown. */
export function harmless(text: string, colours: boolean): string {
  const kept: string[] = []
  const marked = text.replaceAll('\uffff', '\ufffd').replace(SEQUENCE, sequence => {
    if (!colours || !COLOUR.test(sequence)) return ''
    kept.push(sequence)
    // A character that `printable` leaves alone, and that no text has any more.
    return '\uffff'
  })
  const shown = printable(marked).replaceAll('\uffff', () => kept.shift() ?? '')
  return colours && shown.includes('\u001b') && !shown.endsWith(RESET) ? `${shown}${RESET}` : shown
}

/** A progress bar writes over itself: here each state is a line, and the empty ones are none. */
export function screenLines(text: string): readonly string[] {
  if (!text.includes('\r')) return [text]
  const parts = text.split('\r').filter(part => part !== '')
  return parts.length === 0 ? [''] : parts
}

/** A colour for each name, the same every time. */
export function prefixOf(task: string, step: string, style: Style): string {
  const paints = [style.cyan, style.green, style.yellow, style.bold]
  const sum = [...`${task}/${step}`].reduce((total, letter) => total + (letter.codePointAt(0) ?? 0), 0)
  const paint = paints[sum % paints.length] ?? style.cyan
  return `${paint(`[${printable(task === '' ? step : `${task} : ${step}`)}]`)} `
}
