/** Where two values differ, path by path. */
import { isDeepStrictEqual } from 'node:util'
import type { Json } from './comparable.js'

export interface Difference {
  /** `TaskRun build-<random>-test.status.steps[compile].terminated.reason` */
  readonly path: string
  /** Undefined: it has no such field. */
  readonly recorded: Json | undefined
  readonly ours: Json | undefined
}

export function differences(recorded: Json | undefined, ours: Json | undefined, path = ''): readonly Difference[] {
  if (isDeepStrictEqual(recorded, ours)) return []
  if (isList(recorded) && isList(ours)) return differencesOfLists(recorded, ours, path)
  if (isMapping(recorded) && isMapping(ours)) {
    const fields = [...new Set([...Object.keys(recorded), ...Object.keys(ours)])]
    return fields.flatMap(field => differences(recorded[field], ours[field], path === '' ? field : `${path}.${field}`))
  }
  return [{ path, recorded, ours }]
}

/** Items with names are compared by name, and their order for itself. */
function differencesOfLists(recorded: readonly Json[], ours: readonly Json[], path: string): readonly Difference[] {
  const [theirNames, ourNames] = [namesOf(recorded), namesOf(ours)]
  if (theirNames === undefined || ourNames === undefined) {
    const length = Math.max(recorded.length, ours.length)
    return Array.from({ length }, (_, i) => differences(recorded[i], ours[i], `${path}[${i}]`)).flat()
  }
  const names = [...new Set([...theirNames, ...ourNames])]
  const found = names.flatMap(name =>
    differences(recorded[theirNames.indexOf(name)], ours[ourNames.indexOf(name)], `${path}[${name}]`),
  )
  const shared = (from: readonly string[]) => from.filter(name => theirNames.includes(name) && ourNames.includes(name))
  const isOrdered = isDeepStrictEqual(shared(theirNames), shared(ourNames))
  return isOrdered ? found : [...found, { path: `${path}[order]`, recorded: theirNames, ours: ourNames }]
}

function namesOf(list: readonly Json[]): readonly string[] | undefined {
  const names = list.flatMap(item => (isMapping(item) && typeof item['name'] === 'string' ? [item['name']] : []))
  return names.length === list.length && new Set(names).size === names.length ? names : undefined
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

function isMapping(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
