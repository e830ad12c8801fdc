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
  open,
  readdir,
  readlink,
  rename,
  rm,
  rmdir,
  symlink,
  unlink,
  utimes,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'

export interface Change {
  /** Relative to the folder. */
  readonly path: string
  readonly is: 'added' | 'changed' | 'deleted'
}

export interface WrittenBack {
  readonly changes: readonly Change[]
  /** Left as they are, and why. */
  readonly left: readonly { readonly path: string; readonly why: string }[]
}

type Kind = 'file' | 'folder' | 'link' | 'other'

interface Found extends Change {
  readonly before: Kind | undefined
  readonly after: Kind | undefined
}

const CHANGED_MEANWHILE = 'it was changed in the folder while the run went on'
const NO_FILE = 'it is neither a file, a folder nor a link'

/**
 * @param view where the copy is found
 * @param since when the run began; what was changed in the folder later is not overwritten. Epoch ms.
 */
export async function writeBack(folder: string, view: string, since: number): Promise<WrittenBack> {
  const found: Found[] = []
  await compare(folder, view, '', found)
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

async function compare(folder: string, view: string, inside: string, found: Found[]): Promise<void> {
  const [before, after] = [await namesIn(join(folder, inside)), await namesIn(join(view, inside))]
  for (const name of [...new Set([...before, ...after])].sort()) {
    if (name === '.git') continue
    const path = join(inside, name)
    const [was, is] = [before.has(name), after.has(name)]
    const old = was ? await lstat(join(folder, path)) : undefined
    const now = is ? await lstat(join(view, path)) : undefined
    const kinds = { before: old && kindOf(old), after: now && kindOf(now) }
    if (now === undefined) found.push({ path, is: 'deleted', ...kinds })
    else if (old === undefined) found.push({ path, is: 'added', ...kinds })
    else if (await differs(old, now, join(folder, path), join(view, path)))
      found.push({ path, is: 'changed', ...kinds })
    if (kinds.before === 'folder' || kinds.after === 'folder') {
      const [left, right] = [kinds.before === 'folder' ? folder : '', kinds.after === 'folder' ? view : '']
      if (left !== '' && right !== '') await compare(folder, view, path, found)
      else await all(left === '' ? view : folder, path, left === '' ? 'added' : 'deleted', found)
    }
  }
}

/** Everything in a folder that is there on one side only. */
async function all(root: string, inside: string, is: 'added' | 'deleted', found: Found[]): Promise<void> {
  for (const name of [...(await namesIn(join(root, inside)))].sort()) {
    if (name === '.git') continue
    const path = join(inside, name)
    const kind = kindOf(await lstat(join(root, path)))
    found.push({ path, is, before: is === 'deleted' ? kind : undefined, after: is === 'added' ? kind : undefined })
    if (kind === 'folder') await all(root, path, is, found)
  }
}

async function namesIn(path: string): Promise<ReadonlySet<string>> {
  return new Set(await readdir(path))
}

function kindOf(stats: Stats): Kind {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'folder'
  return stats.isSymbolicLink() ? 'link' : 'other'
}

async function kindAt(path: string): Promise<Kind | undefined> {
  return lstat(path).then(kindOf, () => undefined)
}

async function differs(old: Stats, now: Stats, before: string, after: string): Promise<boolean> {
  const kind = kindOf(now)
  if (kindOf(old) !== kind) return true
  if (kind === 'other') return false
  if (kind === 'link') return (await readlink(before)) !== (await readlink(after))
  if (old.mode !== now.mode) return true
  if (kind === 'folder') return false
  if (old.size !== now.size) return true
  const untouched = old.ino === now.ino && old.mtimeMs === now.mtimeMs && old.ctimeMs === now.ctimeMs
  return !untouched && !(await sameBytes(before, after))
}

const BLOCK = 1 << 16

async function sameBytes(one: string, other: string): Promise<boolean> {
  await using files = await openBoth(one, other)
  const [left, right] = [Buffer.alloc(BLOCK), Buffer.alloc(BLOCK)]
  for (let at = 0; ; at += BLOCK) {
    const [a, b] = [await files.one.read(left, 0, BLOCK, at), await files.other.read(right, 0, BLOCK, at)]
    if (!left.subarray(0, a.bytesRead).equals(right.subarray(0, b.bytesRead))) return false
    if (a.bytesRead < BLOCK) return true
  }
}

async function openBoth(one: string, other: string) {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW
  const first = await open(one, flags)
  const second = await open(other, flags).catch(async error => {
    await first.close()
    throw error
  })
  return {
    one: first,
    other: second,
    async [Symbol.asyncDispose]() {
      await Promise.all([first.close(), second.close()])
    },
  }
}

async function changedSince(path: string, since: number): Promise<boolean> {
  return lstat(path).then(
    stats => stats.ctimeMs > since,
    () => false,
  )
}

/** False for a folder that is not empty. */
async function removeOne(path: string, kind: Kind | undefined): Promise<boolean> {
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
async function bring(source: string, target: string, kind: Exclude<Kind, 'other'>): Promise<void> {
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
