/** Any text as one line of at most so many characters: no control characters, no marks that turn text around. */
export function oneLine(text: string, maxChars: number): string {
  // What is far beyond the end need not be looked at.
  const line = text
    .slice(0, 8 * maxChars)
    .replace(/[\p{C}\p{Z}\s]+/gu, ' ')
    .trim()
  if (line.length <= maxChars) return line
  // Half a character at the end would be none.
  return `${line.slice(0, maxChars - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}
