/** How many columns of a terminal a text takes. Pure. */

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u
const NOTHING = /[\p{Mn}\p{Me}\p{Cf}]/u
const PLAIN = /^[\x20-\x7e]*$/
const COLOURS = /(\p{Cc}\[[\d;:]*m)/u

export function widthOf(text: string): number {
  let width = 0
  for (const part of text.split(COLOURS)) {
    if (part.startsWith('\u001b[')) continue
    if (PLAIN.test(part)) width += part.length
    else for (const char of part) width += charWidth(char)
  }
  return width
}

/** Cut to so many columns, colours not counted and never cut. */
export function clip(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  let left = Math.max(0, columns)
  let out = ''
  for (const part of text.split(COLOURS)) {
    if (part.startsWith('\u001b[')) {
      out += part
      continue
    }
    for (const char of part) {
      left -= charWidth(char)
      if (left < 0) break
      out += char
    }
    if (left < 0) left = 0
  }
  return out
}

function charWidth(char: string): number {
  if (NOTHING.test(char)) return 0
  return WIDE.test(char) ? 2 : 1
}
