/**
 * Where the machine allows no mount namespace, a container sees the machine's own paths, and the container paths in its
 * command, environment and scripts are replaced by the folders that would have been mounted there.
 *
 * Known limits: a path that is put together at run time (`cd /; ls tekton`), one inside a file that the step itself
 * makes, and a folder that only contains mount points (`/tekton`) are not found; read-only mounts can be written to.
 */
import type { Mount } from './runtime.js'

export type Rewrite = (text: string) => string

/** Longest path first, so that `/workspace/source` wins over `/workspace`. */
export function rewriteWith(mounts: readonly Pick<Mount, 'hostPath' | 'containerPath'>[]): Rewrite {
  const targets = new Map(mounts.map(mount => [trimSlash(mount.containerPath), mount.hostPath]))
  targets.delete('')
  if (targets.size === 0) return text => text
  const paths = [...targets.keys()].sort((a, b) => b.length - a.length || (a < b ? -1 : 1))
  // A path begins where no other path goes on, and its last segment ends where the name ends.
  const pattern = new RegExp(`(?<![\\w./-])(${paths.map(escapePattern).join('|')})(?![\\w-]|\\.\\w)`, 'g')
  return text => text.replace(pattern, path => targets.get(path) ?? path)
}

function trimSlash(path: string): string {
  return path.replace(/\/+$/, '')
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
