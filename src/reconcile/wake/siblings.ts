/**
 * Which children of each owner have not ended. Of a thousand that end within a second, each makes the same look at their
 * owner necessary, and that look costs as much as there are children: it is taken in windows that grow with their number.
 */
import type { RunKey } from '../../queue/queue.js'

/** How long a look at an owner may wait for more of its children to end, per child. 4 children: at once; 1000: 0.2 s. */
const WINDOW_MS_PER_CHILD = 0.2

export interface Siblings {
  /** The child runs. */
  add(owner: RunKey, uid: string): void
  /** It has ended, or is gone. */
  remove(owner: RunKey, uid: string): void
  /** 0 when nothing of the owner runs any more, as far as we know: then what comes next waits for this look alone. */
  windowMs(owner: RunKey): number
}

export function createSiblings(): Siblings {
  const families = new Map<RunKey, { readonly running: Set<string>; most: number }>()
  return {
    add(owner, uid) {
      const family = families.get(owner) ?? { running: new Set(), most: 0 }
      families.set(owner, family)
      family.running.add(uid)
      family.most = Math.max(family.most, family.running.size)
    },
    remove(owner, uid) {
      const family = families.get(owner)
      family?.running.delete(uid)
      if (family?.running.size === 0) families.delete(owner)
    },
    windowMs: owner => Math.floor((families.get(owner)?.most ?? 0) * WINDOW_MS_PER_CHILD),
  }
}
