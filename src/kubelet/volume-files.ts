import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
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
    // A key `constructor` is a key like any other.
    const content = Object.hasOwn(bytes, key) ? bytes[key] : undefined
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

/**
 * Synchronous, as all small work on a Pod's folder is: a small file costs 30 µs of processor time so and 200 µs by way of
 * the thread pool (measured), and a Pod has twenty of them and their folders. The disk is a local one: LMDB needs that.
 */
export function writeFiles(dir: string, files: readonly VolumeFile[]): void {
  for (const file of files) {
    const { path, bytes, mode } = file
    const target = join(dir, path)
    // A second try: only root could open a file without write permission again, and a step may be reading it.
    if (existsSync(target)) {
      replaceFile(dir, file)
      continue
    }
    if (path.includes('/')) mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, bytes, { mode: mode & 0o777 })
    if ((mode & ~process.umask() & 0o777) !== mode) chmodSync(target, mode)
  }
}

/** Replaces a file at once: who reads or waits for it sees the old text or the new one. */
export function replaceFile(dir: string, file: VolumeFile): void {
  const draft = `..${randomBytes(6).toString('hex')}`
  mkdirSync(dirname(join(dir, file.path)), { recursive: true, mode: 0o755 })
  writeFiles(dir, [{ ...file, path: draft }])
  renameSync(join(dir, draft), join(dir, file.path))
}
