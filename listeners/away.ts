import { ClusterError } from '../src/cluster/cluster.js'
import { NotNow } from '../src/inbox/inbox.js'

/**
 * Whether what was thrown says that the world is away, and nothing of the delivery it was thrown for. A store that says
 * no is no such thing, and neither is a mistake of our own that this delivery brings out; whatever else a store throws
 * comes from below it: the disk, the network.
 */
export function isAway(thrown: unknown): boolean {
  if (thrown instanceof ClusterError) return thrown.reason === 'Unavailable' || thrown.reason === 'Conflict'
  return ![TypeError, RangeError, SyntaxError, ReferenceError].some(mistake => thrown instanceof mistake)
}

/** What the inbox is told. One that is away is enough: the others are looked at again when it is back. */
export function dispatchFault(doing: string, faults: readonly unknown[]): Error {
  const away = faults.find(isAway)
  return away === undefined ? new Error(doing, { cause: faults[0] }) : new NotNow(doing, { cause: away })
}
