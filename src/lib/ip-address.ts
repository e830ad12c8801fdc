/** IP addresses and URIs as Go reads them, without `node:net`. */

export function isIPv4(text: string): boolean {
  const parts = text.split('.')
  return parts.length === 4 && parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
}

export function isIPv6(text: string): boolean {
  if (text.length > 45) return false
  const halves = text.split('::')
  if (halves.length > 2) return false
  const [left = '', right] = halves
  const groups = [...groupsOf(left), ...groupsOf(right ?? '')]
  if (!groups.every((group, index) => isGroup(group, index === groups.length - 1))) return false
  const count = groups.reduce((sum, group) => sum + (group.includes('.') ? 2 : 1), 0)
  return right === undefined ? count === 8 : count < 8
}

function groupsOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(':')
}

/** The last one may be an IPv4 address. */
function isGroup(text: string, last: boolean): boolean {
  return /^[0-9a-f]{1,4}$/i.test(text) || (last && isIPv4(text))
}

export function isCidr(text: string): boolean {
  const [address = '', bits = '', ...more] = text.split('/')
  if (more.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(bits)) return false
  return (isIPv4(address) && Number(bits) <= 32) || (isIPv6(address) && Number(bits) <= 128)
}

/** As Go's url.ParseRequestURI: with a scheme, or from the root. */
export function isUri(text: string): boolean {
  if (/[\s\p{Cc}]/u.test(text) || /%(?![0-9a-f]{2})/i.test(text)) return false
  if (text.startsWith('/')) return true
  return /^[a-z][a-z0-9+.-]*:[^\s]+$/i.test(text)
}
