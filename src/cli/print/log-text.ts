/** Lines that a step wrote, for a terminal or a file: colours at most, and nothing else that either would obey. Pure. */

const ESCAPE = 0x1b
const BELL = '\u0007'
const TAB_STOP = 8
const CSI = /\[[0-?]*[ -/]*[@-~]/y
const COLOUR = /^\[[\d;:]*m$/
/** Sequences with a text of any length in them: titles, links, the clipboard. */
const STRINGS = new Set([']', 'P', 'X', '^', '_'])
/** What turns the direction of text around, so that it reads as something else. */
const REORDERS = /[\u202a-\u202e\u2066-\u2069]/u

/** @param line without its end @param color whether colours stay; they end with the line */
export function logText(line: string, color: boolean): string {
  const seen = lastOverwrite(line)
  // Most lines are plain.
  if (!/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(seen)) return seen
  let text = ''
  let column = 0
  let isColoured = false
  for (let at = 0; at < seen.length; at++) {
    const code = seen.charCodeAt(at)
    const char = seen[at] as string
    if (code === ESCAPE) {
      const sequence = sequenceAt(seen, at + 1)
      if (color && COLOUR.test(sequence)) {
        text += `\u001b${sequence}`
        isColoured = true
      }
      at += sequence.length
    } else if (char === '\t') {
      const spaces = TAB_STOP - (column % TAB_STOP)
      text += ' '.repeat(spaces)
      column += spaces
    } else if (code >= 0x20 && (code < 0x7f || code > 0x9f) && !REORDERS.test(char)) {
      text += char
      column += 1
    }
  }
  return isColoured ? `${text}\u001b[0m` : text
}

/** A progress bar writes over itself: what stands there last is what a person would see. */
export function lastOverwrite(line: string): string {
  if (!line.includes('\r')) return line
  return line.split('\r').findLast(part => part !== '') ?? ''
}

/** What follows an ESC and belongs to it. */
function sequenceAt(line: string, at: number): string {
  const first = line[at] ?? ''
  if (first === '[') {
    CSI.lastIndex = at
    return CSI.exec(line)?.[0] ?? first
  }
  if (!STRINGS.has(first)) return first
  const ends = [line.indexOf(BELL, at), line.indexOf('\u001b', at + 1)].filter(end => end >= 0)
  const end = Math.min(...ends, line.length)
  return line.slice(at, line[end] === '\u001b' && line[end + 1] === '\\' ? end + 2 : end + 1)
}
