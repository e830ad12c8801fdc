/**
 * Where paths are rewritten, a command that is run beside a container (a probe) needs what the container's own command
 * needed. Kept in the container's folder, so that a kubelet that was restarted since needs no memory of it.
 */
import { writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Mount } from './runtime.js'

/** Before the container is started: whoever finds it running finds its mounts. */
export function writeMounts(folder: string, mounts: readonly Mount[]): void {
  writeFileSync(join(folder, 'mounts'), JSON.stringify(mounts))
}

/** None for a container that has them where it expects them. */
export async function readMounts(folder: string): Promise<readonly Mount[]> {
  try {
    return JSON.parse(await readFile(join(folder, 'mounts'), 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw new Error(`reading ${join(folder, 'mounts')}`, { cause: error })
  }
}
