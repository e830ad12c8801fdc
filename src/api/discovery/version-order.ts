/** Which version of a group clients should take: v2 before v1 before v1beta1 before v1alpha1, and other names last. Pure. */

const FORM = /^v(\d+)(?:(alpha|beta)(\d+))?$/
const STABILITY: Readonly<Record<string, number>> = { alpha: 0, beta: 1 }

export function compareVersions(a: string, b: string): number {
  const [first, second] = [rankOf(a), rankOf(b)]
  if (first === undefined || second === undefined) {
    if (first !== undefined) return -1
    return second === undefined ? a.localeCompare(b, 'en') : 1
  }
  const different = first.findIndex((part, i) => part !== second[i])
  return different < 0 ? 0 : (second[different] ?? 0) - (first[different] ?? 0)
}

/** Stability, major number, number of the alpha or beta. */
function rankOf(version: string): readonly number[] | undefined {
  const [, major, stability, minor] = FORM.exec(version) ?? []
  if (major === undefined) return undefined
  return [STABILITY[stability ?? ''] ?? 2, Number(major), Number(minor ?? 0)]
}
