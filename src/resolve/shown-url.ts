/** A URL without the password that its author wrote into it: messages and statuses are for everybody. */
export function shownUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || parsed.password === '') return url
  parsed.password = 'xxxxx'
  return parsed.href
}
