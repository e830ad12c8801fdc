/**
 * A line of output as pieces of text with the looks that its SGR escapes ask for. Every other escape and control character
 * is dropped: a line is text, and moves, titles, links and sounds are nothing that a log shows. Pure.
 */

/** The theme has one accessible shade of each: what a program asks for in 256 or 16 million colours becomes the nearest. */
export const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const
export type Colour = (typeof COLOURS)[number]

export interface Look {
  readonly colour?: Colour
  readonly background?: Colour
  readonly bold?: boolean
  readonly faint?: boolean
  readonly italic?: boolean
  readonly underline?: boolean
  readonly struck?: boolean
  readonly inverse?: boolean
}

export interface Piece {
  readonly text: string
  readonly look: Look
}

const PLAIN: Look = {}

/** What a line may hold besides text: CSI, strings such as titles and links (OSC, DCS, PM, APC, SOS), and short escapes. */
const ESCAPES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /(?:\x1b\[|\x9b)([0-?]*)[ -/]*([@-~])?|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]?/g
/** And control characters, and those that turn the direction of text around, so that a line reads as it is not. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u202d\u202e\u2066-\u2069]/g

export function parseAnsi(line: string): readonly Piece[] {
  const pieces: Piece[] = []
  let look = PLAIN
  let from = 0
  const add = (to: number): void => {
    const text = line.slice(from, to).replace(CONTROLS, '')
    const last = pieces.at(-1)
    if (text === '') return
    if (last?.look === look) pieces[pieces.length - 1] = { text: last.text + text, look }
    else pieces.push({ text, look })
  }
  for (const match of line.matchAll(ESCAPES)) {
    add(match.index)
    from = match.index + match[0].length
    if (match[2] === 'm') look = withCodes(look, match[1] ?? '')
  }
  add(line.length)
  return pieces
}

/** What one reads, without any look. */
export function plainText(line: string): string {
  return line.replace(ESCAPES, '').replace(CONTROLS, '')
}

/** `38:5:n` is as good as `38;5;n`. */
function withCodes(look: Look, parameters: string): Look {
  const codes = parameters.split(/[;:]/).map(Number)
  let changed: Look = look
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at]!
    if (code === 38 || code === 48) {
      const { colour, used } = extendedColour(codes.slice(at + 1))
      changed = withColour(changed, code === 38 ? 'colour' : 'background', colour)
      at += used
    } else changed = withCode(changed, code)
  }
  return changed
}

function withCode(look: Look, code: number): Look {
  switch (code) {
    case 0:
      return PLAIN
    case 1:
      return { ...look, bold: true }
    case 2:
      return { ...look, faint: true }
    case 3:
      return { ...look, italic: true }
    case 4:
      return { ...look, underline: true }
    case 7:
      return { ...look, inverse: true }
    case 9:
      return { ...look, struck: true }
    case 22:
      return { ...look, bold: false, faint: false }
    case 23:
      return { ...look, italic: false }
    case 24:
      return { ...look, underline: false }
    case 27:
      return { ...look, inverse: false }
    case 29:
      return { ...look, struck: false }
    case 39:
      return withColour(look, 'colour', undefined)
    case 49:
      return withColour(look, 'background', undefined)
    default: {
      const colour = COLOURS[code % 10]
      const tens = Math.trunc(code / 10)
      if (tens === 3 || tens === 9) return withColour(look, 'colour', colour)
      if (tens === 4 || tens === 10) return withColour(look, 'background', colour)
      return look
    }
  }
}

function withColour(look: Look, which: 'colour' | 'background', colour: Colour | undefined): Look {
  const { [which]: _before, ...rest } = look
  return colour === undefined ? rest : { ...rest, [which]: colour }
}

/** Behind a 38 or 48: `5;n` or `2;r;g;b`. */
function extendedColour([space, ...values]: readonly number[]): { readonly colour: Colour | undefined; used: number } {
  if (space === 5) return { colour: ofPalette(values[0] ?? 0), used: 2 }
  if (space === 2) return { colour: nearest(values[0] ?? 0, values[1] ?? 0, values[2] ?? 0), used: 4 }
  return { colour: undefined, used: 1 }
}

/** Of the 256: 16 by name, a cube of 6×6×6, and 24 greys. */
function ofPalette(index: number): Colour | undefined {
  if (index < 16) return COLOURS[index % 8]
  if (index >= 232) return nearest(index, index, index)
  const level = (step: number): number => (step === 0 ? 0 : 55 + step * 40)
  const cube = index - 16
  return nearest(level(Math.trunc(cube / 36)), level(Math.trunc(cube / 6) % 6), level(cube % 6))
}

/** A grey is the colour of all text: a shade of it would be too light in one theme or the other. */
function nearest(red: number, green: number, blue: number): Colour | undefined {
  const most = Math.max(red, green, blue)
  const range = most - Math.min(red, green, blue)
  if (range < 0.2 * most || most === 0) return undefined
  const hue =
    most === red ? (green - blue) / range : most === green ? 2 + (blue - red) / range : 4 + (red - green) / range
  return (['red', 'yellow', 'green', 'cyan', 'blue', 'magenta'] as const)[Math.round((hue + 6) % 6) % 6]
}
