/** What of a line a terminal would still show after its carriage returns: of a progress bar the last state. Pure. */
export function shownText(line: string): string {
  if (!line.includes('\r')) return line
  const states = line.split('\r')
  // What ends a line of Windows' kind, or a bar that went back once more, wrote nothing over it.
  return states.findLast(state => state !== '') ?? ''
}
