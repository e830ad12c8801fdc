/** Colours for people: nothing but the eight that every terminal has. */
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

/** What a hostile name or message may not do to a terminal: control characters are shown, not obeyed. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, char => (char === '\n' || char === '\t' ? char : escaped(char)))
}

function escaped(char: string): string {
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
}
