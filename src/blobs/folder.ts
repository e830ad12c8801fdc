import { randomUUID } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type BlobEntry, type Blobs, BlobsError, checkKey, MOST_LISTED } from './blobs.js'

/** Begins with a dot, as no part of a key does. */
const DRAFTS = '.drafts'
/** Whoever wrote a draft for so long is dead. */
const OLD_DRAFT_MS = 24 * 60 * 60 * 1000
/** A folder may go between its making and its use, when the last object in it is removed. */
const TRIES = 10

/**
 * Objects as files of a folder that processes share, also over a network file system: what is relied on is that a rename
 * within it is one step. Whoever may write to the folder may write the objects; a link in it is followed.
 */
export function openFolderBlobs({ folder }: { readonly folder: string }): Blobs {
  const place = `folder ${folder}`
  const drafts = join(folder, DRAFTS)
  const pathOf = (key: string): string => join(folder, ...checkKey(key))
  const failed = (what: string, cause: unknown): never => {
    if (cause instanceof BlobsError) throw cause
    const code = codeOf(cause)
    const isSetUpWrong = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ENAMETOOLONG', 'EISDIR'].includes(code ?? '')
    throw new BlobsError(`${what} in ${place}`, { cause, isSetUpWrong })
  }
  let swept: Promise<void> | undefined

  async function put(key: string, bytes: Uint8Array): Promise<void> {
    const path = pathOf(key)
    swept ??= sweep(drafts)
    await swept
    const draft = join(drafts, randomUUID())
    try {
      await mkdir(drafts, { recursive: true })
      await writeThrough(draft, bytes)
      await moveMaking(draft, path)
      await syncFolder(dirname(path))
    } catch (error) {
      await rm(draft, { force: true }).catch(() => {})
      failed(`writing ${key}`, error)
    }
  }

  return {
    place,
    put,

    async get(key, { start, end = Number.POSITIVE_INFINITY } = { start: 0 }) {
      const path = pathOf(key)
      let file: FileHandle | undefined
      try {
        file = await open(path, 'r')
        const { size } = await file.stat()
        return await readUpTo(file, start, Math.max(0, Math.min(end, size) - start))
      } catch (error) {
        return isMissing(error) ? undefined : failed(`reading ${key}`, error)
      } finally {
        await file?.close()
      }
    },

    async list(prefix, { after = '', limit = MOST_LISTED } = {}) {
      const entries: BlobEntry[] = []
      try {
        for await (const key of keysUnder(folder, '', prefix, after)) {
          if (entries.length === limit) return { entries, more: true }
          const found = await stat(join(folder, key)).catch(error =>
            isMissing(error) ? undefined : failed(key, error),
          )
          if (found !== undefined) entries.push({ key, size: found.size })
        }
      } catch (error) {
        failed(`listing ${JSON.stringify(prefix)}`, error)
      }
      return { entries, more: false }
    },

    async remove(key) {
      const path = pathOf(key)
      try {
        await rm(path, { force: true })
        for (let parent = dirname(path); parent !== folder; parent = dirname(parent)) await rmdir(parent)
      } catch (error) {
        const code = codeOf(error) ?? ''
        // Others are in there, or somebody was faster.
        if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR'].includes(code)) failed(`removing ${key}`, error)
      }
    },
  }
}

/**
 * Keys that begin with `prefix` and come after `after`, in the order of their bytes: that of `a-b` is before `a/b`, so a
 * folder is sorted by its name with a slash.
 */
async function* keysUnder(folder: string, under: string, prefix: string, after: string): AsyncGenerator<string> {
  const found = await readdir(join(folder, under), { withFileTypes: true }).catch((error: unknown): Dirent[] => {
    if (isMissing(error)) return []
    throw error
  })
  const names = found
    .filter(each => !each.name.startsWith('.'))
    .map(each => under + each.name + (each.isDirectory() ? '/' : ''))
    .sort((one, other) => (one < other ? -1 : 1))
  for (const name of names) {
    if (name.endsWith('/')) {
      const mayHold = name.startsWith(prefix) || prefix.startsWith(name)
      if (mayHold && (name > after || after.startsWith(name))) yield* keysUnder(folder, name, prefix, after)
    } else if (name.startsWith(prefix) && name > after) yield name
  }
}

async function readUpTo(file: FileHandle, start: number, length: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(length)
  let read = 0
  while (read < length) {
    const { bytesRead } = await file.read(buffer, read, length - read, start + read)
    if (bytesRead === 0) break
    read += bytesRead
  }
  return buffer.subarray(0, read)
}

async function writeThrough(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function moveMaking(from: string, to: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await mkdir(dirname(to), { recursive: true })
      return await rename(from, to)
    } catch (error) {
      if (tries === TRIES || !isMissing(error)) throw error
    }
  }
}

/** The new name is on the disk only then. */
async function syncFolder(path: string): Promise<void> {
  let folder: FileHandle | undefined
  try {
    folder = await open(path)
    await folder.sync()
  } catch (error) {
    // Removed meanwhile, with the object in it; or a file system that does not know how.
    if (!isMissing(error) && codeOf(error) !== 'EINVAL') throw error
  } finally {
    await folder?.close()
  }
}

/** What processes that died have left. */
async function sweep(drafts: string): Promise<void> {
  const names = await readdir(drafts).catch((): string[] => [])
  for (const name of names) {
    const path = join(drafts, name)
    const found = await stat(path).catch(() => undefined)
    if (found && Date.now() - found.mtimeMs > OLD_DRAFT_MS) await rm(path, { force: true }).catch(() => {})
  }
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR'
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
