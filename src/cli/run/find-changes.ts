/** What was added, changed and deleted in a copy of a folder. No link is followed, in either tree. */
import { constants, type Stats } from 'node:fs'
import { lstat, open, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'

export interface Change {
  /** Relative to the folder. */
  readonly path: string
  readonly is: 'added' | 'changed' | 'deleted'
}

export type Kind = 'file' | 'folder' | 'link' | 'other'

export interface Found extends Change {
  readonly before: Kind | undefined
  readonly after: Kind | undefined
}

/**
 * A folder comes before what is in it.
 * @param view where the copy is found
 * @param leftOut names of files and folders that are not looked at
 */
export async function findChanges(
  folder: string,
  view: string,
  leftOut: readonly string[] = [],
): Promise<readonly Found[]> {
  const found: Found[] = []
  await compare(folder, view, '', leftOut, found)
  return found
}

async function compare(
  folder: string,
  view: string,
  inside: string,
  leftOut: readonly string[],
  found: Found[],
): Promise<void> {
  const [before, after] = [await namesIn(join(folder, inside)), await namesIn(join(view, inside))]
  for (const name of [...new Set([...before, ...after])].sort()) {
    if (leftOut.includes(name)) continue
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
      if (left !== '' && right !== '') await compare(folder, view, path, leftOut, found)
      else await all(left === '' ? view : folder, path, left === '' ? 'added' : 'deleted', leftOut, found)
    }
  }
}

/** Everything in a folder that is there on one side only. */
async function all(
  root: string,
  inside: string,
  is: 'added' | 'deleted',
  leftOut: readonly string[],
  found: Found[],
): Promise<void> {
  for (const name of [...(await namesIn(join(root, inside)))].sort()) {
    if (leftOut.includes(name)) continue
    const path = join(inside, name)
    const kind = kindOf(await lstat(join(root, path)))
    found.push({ path, is, before: is === 'deleted' ? kind : undefined, after: is === 'added' ? kind : undefined })
    if (kind === 'folder') await all(root, path, is, leftOut, found)
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

export async function kindAt(path: string): Promise<Kind | undefined> {
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
