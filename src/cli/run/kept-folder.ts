/**
 * What steps changed in the copy of a folder, kept in a folder of ours and put over another copy later. Of folders only
 * those that are new are made; sockets and pipes are left out, as nobody is at their other end any more.
 */
import { chmod, lstat, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Found, findChanges, kindAt } from './find-changes.js'
import { bring, changedSince, removeOne } from './write-back.js'

/** A change, with the mode of a folder that is there afterwards. */
export interface KeptChange extends Omit<Found, 'is'> {
  readonly mode?: number
}

/**
 * @param budget bytes of files that may still be kept; less of it is left afterwards
 * @throws Error saying why it is not kept
 */
export async function keepFolder(
  folder: string,
  view: string,
  to: string,
  budget: { bytes: number },
): Promise<readonly KeptChange[]> {
  const kept: KeptChange[] = []
  await mkdir(to, { recursive: true, mode: 0o700 })
  for (const { path, before, after } of await findChanges(folder, view)) {
    if (after === 'other') continue
    const [source, target] = [join(view, path), join(to, path)]
    const mode = after === 'folder' ? (await lstat(source)).mode & 0o7777 : undefined
    if (after === 'file') {
      budget.bytes -= (await lstat(source)).size
      if (budget.bytes < 0) throw new Error('its steps wrote too much into the folders of its workspaces')
    }
    // Those without a change of their own are not in the list.
    if (after !== undefined) await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    if (after === 'folder') await mkdir(target, { recursive: true, mode: 0o700 })
    else if (after !== undefined) await bring(source, target, after)
    kept.push({
      path,
      ...(before && { before }),
      ...(after && { after }),
      ...(mode !== undefined && { mode }),
    } as KeptChange)
  }
  return kept
}

/**
 * The first path that somebody changed in the folder since, where steps had changed it too.
 * @param since epoch ms
 */
export async function changedByBoth(
  folder: string,
  changes: readonly KeptChange[],
  since: number,
): Promise<string | undefined> {
  const made = new Set(changes.filter(({ after }) => after === 'folder').map(({ path }) => path))
  for (const { path, before, after } of changes) {
    const now = await kindAt(join(folder, path))
    const isFolderStill = before === 'folder' && now === 'folder'
    if (now !== before || (now !== undefined && !isFolderStill && (await changedSince(join(folder, path), since))))
      return path
    // A link in the place of a folder would lead out of the copy.
    for (let above = dirname(path); above !== '.'; above = dirname(above))
      if (!made.has(above) && after !== undefined && (await kindAt(join(folder, above))) !== 'folder') return above
  }
  return undefined
}

/** @param view of the new copy; nothing else works on it */
export async function putBack(from: string, view: string, changes: readonly KeptChange[]): Promise<void> {
  // What goes, goes from within: a folder when it is empty. What comes, comes from without.
  for (const { path, before, after } of [...changes].reverse())
    if (before !== undefined && after !== before) await removeOne(join(view, path), before)
  for (const { path, after } of changes) {
    if (after === 'folder') await mkdir(join(view, path), { recursive: true })
    else if (after === 'file' || after === 'link') await bring(join(from, path), join(view, path), after)
  }
  // Now, as nobody may write into some of them any more.
  for (const { path, mode } of [...changes].reverse()) if (mode !== undefined) await chmod(join(view, path), mode)
}
