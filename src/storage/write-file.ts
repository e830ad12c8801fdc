import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Replaces the file in one step: whoever reads it, also after a crash or a full disk, finds the old text or the new one.
 * One writer at a time.
 *
 * @param mode who may read it, from the first moment on
 * @throws Error naming the file; what was there before still is.
 */
export async function writeFileAtomically(path: string, text: string, mode = 0o644): Promise<void> {
  const draft = `${path}.${process.pid}.draft`
  try {
    await rm(draft, { force: true })
    await writeThrough(draft, text, mode)
    await rename(draft, path)
    await syncFolder(dirname(path))
  } catch (cause) {
    await rm(draft, { force: true })
    throw new Error(`writing ${path}`, { cause })
  }
}

async function writeThrough(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** The new name is on the disk only then. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
