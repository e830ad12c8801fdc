/** Tells when files of some folders change: not in `.git`, and not what git ignores. */
import { execFile } from 'node:child_process'
import { type FSWatcher, watch } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'

export interface FileWatch {
  /** Resolves to the first path that changed, when nothing has changed any more for a moment. Never rejects. */
  readonly changed: Promise<string>
  close(): void
}

/** Editors write a file in several steps, and a branch is switched in many. */
const QUIET_MS = 150

/**
 * @param paths files and folders; a folder with all that is in it
 * @throws Error where the machine's limit of watches is reached
 */
export async function watchFiles(paths: readonly string[]): Promise<FileWatch> {
  const watchers: FSWatcher[] = []
  const close = () => {
    for (const watcher of watchers) watcher.close()
    clearTimeout(timer)
  }
  let timer: NodeJS.Timeout | undefined
  let first: string | undefined
  let tell: (path: string) => void = () => undefined
  const changed = new Promise<string>(resolve => {
    tell = resolve
  })
  const note = async (path: string): Promise<void> => {
    if (first === undefined && (await isIgnored(path))) return
    first ??= path
    clearTimeout(timer)
    timer = setTimeout(() => tell(first ?? path), QUIET_MS)
  }

  const watchFolder = (folder: string, only?: string): void => {
    const watcher = watch(folder, (_, name) => {
      if (name === null || name === '.git' || (only !== undefined && name !== only)) return
      void note(join(folder, name))
    })
    watcher.on('error', () => undefined) // the folder is gone, which its parent tells
    watchers.push(watcher)
  }

  try {
    for (const path of paths) {
      const real = await realpath(path)
      // A file is replaced by a rename as often as it is written to: its folder sees both.
      if (!(await stat(real)).isDirectory()) watchFolder(dirname(real), basename(real))
      else for (const folder of await foldersIn(real)) watchFolder(folder)
    }
  } catch (error) {
    close()
    if (error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EMFILE')) {
      throw new Error(
        'this machine allows no more watches of folders; raise it with "sysctl fs.inotify.max_user_watches=524288", or let git ignore what need not be watched',
      )
    }
    throw error
  }
  return { changed, close }
}

async function foldersIn(root: string): Promise<readonly string[]> {
  const ignored = new Set(await ignoredFolders(root))
  const found = [root]
  for (let at = 0; at < found.length; at++) {
    const folder = found[at] as string
    // A folder that has just been deleted has nothing in it.
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const path = join(folder, entry.name)
      if (entry.isDirectory() && entry.name !== '.git' && !ignored.has(path)) found.push(path)
    }
  }
  return found
}

/** None where there is no git, or no repository. */
async function ignoredFolders(root: string): Promise<readonly string[]> {
  const args = ['ls-files', '-z', '--others', '--ignored', '--exclude-standard', '--directory']
  const { output } = await git(root, args)
  return output
    .split('\0')
    .filter(path => path.endsWith('/'))
    .map(path => join(root, path.slice(0, -1)))
}

async function isIgnored(path: string): Promise<boolean> {
  const folder = dirname(path)
  const { code } = await git(folder, ['check-ignore', '-q', '--', relative(folder, path)])
  return code === 0
}

function git(folder: string, args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise(resolve => {
    execFile('git', ['-C', folder, ...args], { maxBuffer: 1 << 26 }, (error, output) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 128
      resolve({ code, output: error === null ? output : '' })
    })
  })
}
