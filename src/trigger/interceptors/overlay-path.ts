/** Where an overlay goes: dots nest, `\.` is a dot, numbers are places in a list, `-1` appends, `:1` is a name. */

export type Changed =
  | { readonly is: 'changed'; readonly value: unknown }
  | { readonly is: 'failed'; readonly message: string }

/** A list grows to at most this many elements because of a number in a key. */
const MAX_INDEX = 1000

interface Step {
  readonly name: string
  /** Where in a list; -1 is behind its end. Undefined for what can only be a name. */
  readonly place: number | undefined
}

export function setPath(root: unknown, path: string, value: unknown): Changed {
  const steps = (path.match(/(?:\\.|[^.\\])+|(?<=^|\.)(?=\.|$)/gs) ?? []).map(stepOf)
  if (steps.length === 0 || steps.some(({ name }) => name === '')) {
    return { is: 'failed', message: 'the key has an empty part' }
  }
  if (steps.some(({ place = 0 }) => place > MAX_INDEX)) {
    return { is: 'failed', message: `a place in a list is at most ${MAX_INDEX}` }
  }
  return { is: 'changed', value: setIn(root, steps, value) }
}

function stepOf(written: string): Step {
  const isName = written.startsWith(':')
  const name = (isName ? written.slice(1) : written).replace(/\\(.)/gs, '$1')
  return { name, place: !isName && /^(\d+|-1)$/.test(name) ? Number(name) : undefined }
}

function setIn(at: unknown, steps: readonly Step[], value: unknown): unknown {
  const [step, ...rest] = steps
  if (step === undefined) return value
  const { name, place } = step
  if (Array.isArray(at)) return setInList(at, step, rest, value)
  if (at === undefined && place !== undefined) return setInList([], step, rest, value)
  const members: Readonly<Record<string, unknown>> = typeof at === 'object' && at !== null ? { ...at } : {}
  return { ...members, [name]: setIn(Object.hasOwn(members, name) ? members[name] : undefined, rest, value) }
}

function setInList(list: readonly unknown[], { name, place }: Step, rest: readonly Step[], value: unknown): unknown {
  if (place === undefined) return { [name]: setIn(undefined, rest, value) }
  const at = place === -1 ? list.length : place
  const longer = Array.from({ length: Math.max(list.length, at + 1) }, (_, index) => list[index] ?? null)
  return longer.map((element, index) => (index === at ? setIn(list[at], rest, value) : element))
}
