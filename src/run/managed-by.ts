/** Whose runs are whose, by `spec.managedBy`. */
import type { Settings } from './settings.js'

/** What it says of Tekton's own runs, where it says something. */
export const MANAGED_BY_TEKTON = 'tekton.dev/pipeline'

/** Where an installation shares a cluster with another one, each takes what names it; nobody's are Tekton's. */
export function isTakenBy({ managedBy = MANAGED_BY_TEKTON }: Pick<Settings, 'managedBy'>, named = ''): boolean {
  return (named || MANAGED_BY_TEKTON) === managedBy
}
