/** Versions and what one may ask of them, as far as hubs use hashicorp's go-version. Pure. */

export interface Version {
  /** Three at least: `0.6` is 0.6.0. */
  readonly segments: readonly number[]
  /** How many of them were written. */
  readonly written: number
  readonly prerelease: string
  /** As go-version prints it. */
  readonly text: string
}

export type Constraint = (version: Version) => boolean

const VERSION = /^v?(\d+(?:\.\d+)*)(?:-?([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z.-]+))?$/
const OPERATORS: readonly string[] = ['', '=', '!=', '>', '<', '>=', '<=', '~>']

export function parseVersion(text: string): Version | undefined {
  const [, numbers, prerelease = '', metadata = ''] = VERSION.exec(text) ?? []
  if (numbers === undefined || text.length > 128) return undefined
  const segments = numbers.split('.').map(Number)
  if (segments.some(segment => !Number.isSafeInteger(segment))) return undefined
  const padded = [...segments, ...Array<number>(Math.max(0, 3 - segments.length)).fill(0)]
  const end = (prerelease === '' ? '' : `-${prerelease}`) + (metadata === '' ? '' : `+${metadata}`)
  return { segments: padded, written: segments.length, prerelease, text: padded.join('.') + end }
}

/** Undefined when the text is no constraint. Several, parted by commas, must all hold. A plain version means `=`. */
export function parseConstraint(text: string): Constraint | undefined {
  const constraints = text.split(',').map(parseOne)
  if (constraints.some(one => one === undefined)) return undefined
  return version => constraints.every(one => one?.(version))
}

function parseOne(text: string): Constraint | undefined {
  const [, operator = '', written = ''] = /^\s*([=!<>~]*)\s*(\S+)\s*$/.exec(text) ?? []
  const wanted = parseVersion(written)
  if (wanted === undefined || !OPERATORS.includes(operator)) return undefined
  return version => {
    const order = compareVersions(version, wanted)
    switch (operator) {
      case '!=':
        return order !== 0
      case '>':
        return order > 0 && sameStage(version, wanted)
      case '<':
        return order < 0 && sameStage(version, wanted)
      case '>=':
        return order >= 0 && sameStage(version, wanted)
      case '<=':
        return order <= 0 && sameStage(version, wanted)
      case '~>':
        return order >= 0 && sameStage(version, wanted) && hasStem(version, wanted)
      default:
        return order === 0
    }
  }
}

/** A prerelease is meant only by who names one of the same version. */
function sameStage(version: Version, wanted: Version): boolean {
  if (version.prerelease === '') return true
  return wanted.prerelease !== '' && version.segments.join('.') === wanted.segments.join('.')
}

/** `~> 1.2.3` is any 1.2, `~> 1.2` any 1. */
function hasStem(version: Version, wanted: Version): boolean {
  const stem = wanted.segments.slice(0, Math.max(1, wanted.written - 1))
  return stem.every((segment, index) => version.segments[index] === segment)
}

export function compareVersions(a: Version, b: Version): number {
  for (let i = 0; i < Math.max(a.segments.length, b.segments.length); i += 1) {
    const difference = (a.segments[i] ?? 0) - (b.segments[i] ?? 0)
    if (difference !== 0) return difference
  }
  return comparePrereleases(a.prerelease, b.prerelease)
}

/** The release is after its prereleases; numbers are compared as numbers, and are before words. */
function comparePrereleases(a: string, b: string): number {
  if (a === b) return 0
  if (a === '' || b === '') return a === '' ? 1 : -1
  const [left, right] = [a.split('.'), b.split('.')]
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const [x, y] = [left[i], right[i]]
    if (x === y) continue
    if (x === undefined || y === undefined) return x === undefined ? -1 : 1
    const [isX, isY] = [/^\d+$/.test(x), /^\d+$/.test(y)]
    if (isX && isY) return Number(x) - Number(y)
    if (isX !== isY) return isX ? -1 : 1
    return x < y ? -1 : 1
  }
  return 0
}
