/** The first `maxChars` of a text, with a mark when there is more: for messages that quote what somebody wrote. */
export function shortened(text: string, maxChars: number): string {
  return text.length > maxChars ? `${text.slice(0, maxChars)}…` : text
}
