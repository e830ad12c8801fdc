/** Freezes a value to its depths, so that a function that edits what it was given fails loudly. Maps and Sets are left open. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) frozen(inner)
  }
  return value
}
