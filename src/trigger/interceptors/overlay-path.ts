/** Where an overlay goes: dots nest, `\.` is a dot, numbers are places in a list, `-1` appends. */

export type Changed =
  | { readonly is: 'changed'; readonly value: unknown }
  | { readonly is: 'failed'; readonly message: string }

/** A list grows to at most this many elements because of a number in a key. */
const MAX_INDEX = 1000

export function setPath(root: unknown, path: string, value: unknown): Changed {
  const keys = (path.match(/(?:\\.|[^.\\])+|(?<=^|\.)(?=\.|$)/gs) ?? []).map(key => key.replace(/\\(.)/gs, '$1'))
  if (keys.length === 0 || keys.includes('')) return { is: 'failed', message: 'the key has an empty part' }
  if (keys.some(key => Number(key) > MAX_INDEX)) {
    return { is: 'failed', message: `a place in a list is at most ${MAX_INDEX}` }
  }
  return { is: 'changed', value: setIn(root, keys, value) }
}

function setIn(at: unknown, keys: readonly string[], value: unknown): unknown {
  const [key, ...rest] = keys
  if (key === undefined) return value
  const isPlace = /^(\d+|-1)$/.test(key)
  if (Array.isArray(at) || (at === undefined && isPlace))
    return setInList(Array.isArray(at) ? at : [], key, rest, value)
  const members: Readonly<Record<string, unknown>> = typeof at === 'object' && at !== null ? { ...at } : {}
  return { ...members, [key]: setIn(Object.hasOwn(members, key) ? members[key] : undefined, rest, value) }
}

function setInList(list: readonly unknown[], key: string, rest: readonly string[], value: unknown): unknown {
  if (!/^(\d+|-1)$/.test(key)) return { [key]: setIn(undefined, rest, value) }
  const place = key === '-1' ? list.length : Number(key)
  const longer = Array.from({ length: Math.max(list.length, place + 1) }, (_, index) => list[index] ?? null)
  return longer.map((element, index) => (index === place ? setIn(list[place], rest, value) : element))
}
