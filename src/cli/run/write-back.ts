/**
 * Brings what steps changed in the copy of a folder to the folder itself. All changes are found before the first is
 * made. No link is followed, in either tree. `.git` is left alone: a repository is no set of files one may mix.
 */

import { randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import {
  chmod,
  copyFile,
  lchown,
  lstat,
  mkdir,
  readlink,
  rename,
  rm,
  rmdir,
  symlink,
  unlink,
  utimes,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Change, findChanges, type Kind, kindAt } from './find-changes.js'

export interface WrittenBack {
  readonly changes: readonly Change[]
  /** Left as they are, and why. */
  readonly left: readonly { readonly path: string; readonly why: string }[]
}

const CHANGED_MEANWHILE = 'it was changed in the folder while the run went on'
const NO_FILE = 'it is neither a file, a folder nor a link'

/**
 * @param view where the copy is found
 * @param since when the run began; what was changed in the folder later is not overwritten. Epoch ms.
 */
export async function writeBack(folder: string, view: string, since: number): Promise<WrittenBack> {
  const found = await findChanges(folder, view, ['.git'])
  const changes: Change[] = []
  const left: { path: string; why: string }[] = []
  // What goes, goes from within: a folder when it is empty. What comes, comes from without.
  const deletions = found.filter(({ after, before }) => before !== undefined && after !== before).reverse()
  for (const { path, is, before } of deletions) {
    const target = join(folder, path)
    if ((await changedSince(target, since)) && before !== 'folder') left.push({ path, why: CHANGED_MEANWHILE })
    else if (!(await removeOne(target, before))) left.push({ path, why: 'something in it is left' })
    else if (is === 'deleted') changes.push({ path, is })
  }
  const stay = new Set(left.map(({ path }) => path))
  for (const { path, is, before, after } of found) {
    if (stay.has(dirname(path))) stay.add(path)
    if (after === undefined || stay.has(path)) continue
    const [source, target] = [join(view, path), join(folder, path)]
    if (after === 'other') left.push({ path, why: NO_FILE })
    else if (after === before && after !== 'folder' && (await changedSince(target, since)))
      left.push({ path, why: CHANGED_MEANWHILE })
    else if (before === undefined && after !== 'folder' && (await kindAt(target)) !== undefined)
      left.push({ path, why: CHANGED_MEANWHILE })
    else {
      await bring(source, target, after)
      changes.push({ path, is })
      continue
    }
    stay.add(path)
  }
  return { changes: changes.sort((a, b) => (a.path < b.path ? -1 : 1)), left }
}

export async function changedSince(path: string, since: number): Promise<boolean> {
  return lstat(path).then(
    stats => stats.ctimeMs > since,
    () => false,
  )
}

/** False for a folder that is not empty. */
export async function removeOne(path: string, kind: Kind | undefined): Promise<boolean> {
  try {
    await (kind === 'folder' ? rmdir(path) : unlink(path))
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    if (error.code === 'ENOENT') return true
    if (error.code === 'ENOTEMPTY' || error.code === 'EEXIST') return false
    throw error
  }
}

/** Put in place whole, by a rename: whoever reads it meanwhile sees the old one or the new one. */
export async function bring(source: string, target: string, kind: Exclude<Kind, 'other'>): Promise<void> {
  const stats = await lstat(source)
  if (kind === 'folder') {
    await mkdir(target, { recursive: true })
    await own(target, stats)
    return chmod(target, stats.mode & 0o7777)
  }
  const draft = join(dirname(target), `.tektite-${randomBytes(6).toString('hex')}`)
  try {
    if (kind === 'link') {
      await symlink(await readlink(source), draft)
      await own(draft, stats)
    } else {
      await copyFile(source, draft, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
      await own(draft, stats)
      await chmod(draft, stats.mode & 0o7777)
      await utimes(draft, stats.atime, stats.mtime)
    }
    await rename(draft, target)
  } catch (cause) {
    await rm(draft, { force: true })
    throw new Error(`writing "${target}" back`, { cause })
  }
}

/** Only root can give a file to somebody else, and only root's steps can have. */
async function own(path: string, { uid, gid }: Stats): Promise<void> {
  if (process.geteuid?.() === 0) await lchown(path, uid, gid)
}
