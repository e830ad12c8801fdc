import { chmod, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** The first may still be deleting other folders when it gives up on one. */
const TRIES = 5

/**
 * Removes a folder and all in it, also where somebody took the right to from us: Go's module cache is read-only, and an
 * overlay has a folder that only the kernel enters.
 */
export async function removeTree(path: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await rm(path, { recursive: true, force: true })
      return
    } catch (error) {
      if (tries === TRIES || !hasCode(error, 'EACCES', 'EPERM', 'ENOTEMPTY')) throw error
      await openFolders(path)
    }
  }
}

/** Links are left alone: what they lead to is not ours. */
async function openFolders(path: string): Promise<void> {
  try {
    await chmod(path, 0o700)
    for (const entry of await readdir(path, { withFileTypes: true }))
      if (entry.isDirectory()) await openFolders(join(path, entry.name))
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error // it has just been deleted
  }
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
