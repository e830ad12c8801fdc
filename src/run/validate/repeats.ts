/** Where each name stands first. Lists come from outside and may be long, so nothing here compares all with all. */
export function firstIndexes(names: readonly (string | undefined)[]): ReadonlyMap<string | undefined, number> {
  const first = new Map<string | undefined, number>()
  for (const [i, name] of names.entries()) if (!first.has(name)) first.set(name, i)
  return first
}

/** True at each index whose name stands earlier in the list. */
export function repeats(names: readonly (string | undefined)[]): readonly boolean[] {
  const first = firstIndexes(names)
  return names.map((name, i) => (first.get(name) ?? i) < i)
}
