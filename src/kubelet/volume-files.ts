import { randomBytes } from 'node:crypto'
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { KeyToPath } from '../resources/core.js'

/** A file of a volume: where, what, and with which rights. */
export interface VolumeFile {
  readonly path: string
  readonly bytes: Buffer | string
  readonly mode: number
}

/** Kubernetes' default for files of ConfigMaps, Secrets and projections. */
export const DEFAULT_FILE_MODE = 0o644

/** The chosen keys, or all. A string says what is wrong. */
export function filesOf(
  bytes: Readonly<Record<string, Buffer>>,
  items: readonly KeyToPath[] | undefined,
  defaultMode: number,
  optional: boolean,
): readonly VolumeFile[] | string {
  const chosen: readonly KeyToPath[] = items ?? Object.keys(bytes).map(key => ({ key, path: key }))
  const files: VolumeFile[] = []
  for (const { key, path, mode } of chosen) {
    const content = bytes[key]
    if (content === undefined) {
      if (optional) continue
      return `references non-existent config key: ${key}`
    }
    if (!isInside(path)) return `path "${path}" must be relative and must not contain ".."`
    files.push({ path, bytes: content, mode: mode ?? defaultMode })
  }
  return files
}

/** A relative path that stays below where it starts. */
export function isInside(path: string): boolean {
  return path !== '' && !path.startsWith('/') && !path.includes('\0') && !path.split('/').includes('..')
}

export async function writeFiles(dir: string, files: readonly VolumeFile[]): Promise<void> {
  await Promise.all(
    files.map(async ({ path, bytes, mode }) => {
      const target = join(dir, path)
      if (path.includes('/')) await mkdir(dirname(target), { recursive: true })
      await writeFile(target, bytes, { mode: mode & 0o777 })
      if ((mode & ~process.umask() & 0o777) !== mode) await chmod(target, mode)
    }),
  )
}

/** Replaces a file at once: who reads or waits for it sees the old text or the new one. */
export async function replaceFile(dir: string, file: VolumeFile): Promise<void> {
  const draft = `..${randomBytes(6).toString('hex')}`
  await mkdir(dirname(join(dir, file.path)), { recursive: true, mode: 0o755 })
  await writeFiles(dir, [{ ...file, path: draft }])
  await rename(join(dir, draft), join(dir, file.path))
}
