/** The folders that `-w name=DIR` names: looked at before anything runs. */
import { readFile, realpath, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { isWithin } from '../../kubelet/working-copies.js'

export interface NamedFolder {
  readonly name: string
  readonly directory: string
}

export interface FoundFolders {
  /** Without links. */
  readonly workspaces: readonly NamedFolder[]
  /** Where git keeps what belongs to a linked worktree: its commits go there. */
  readonly besides: readonly string[]
  readonly problems: readonly string[]
}

/** @param tempDir holds what the run writes */
export async function findWorkingFolders(given: readonly NamedFolder[], tempDir: string): Promise<FoundFolders> {
  const temp = await realpath(tempDir)
  const looked = await Promise.all(given.map(one => lookAt(one, temp)))
  const workspaces = looked.flatMap(one => (typeof one === 'string' ? [] : [one]))
  const git = await Promise.all(workspaces.map(({ directory }) => gitFolderOf(directory)))
  return {
    workspaces,
    besides: git.filter(folder => folder !== undefined),
    problems: looked.filter(one => typeof one === 'string'),
  }
}

async function lookAt({ name, directory }: NamedFolder, temp: string): Promise<NamedFolder | string> {
  const found = await stat(directory).catch(() => undefined)
  if (!found?.isDirectory()) return `workspace "${name}": "${directory}" is not a folder; give one with -w ${name}=DIR`
  const real = await realpath(directory)
  if (isWithin(temp, real))
    return `workspace "${name}": "${directory}" holds the folder for temporary files, ${temp}, where the run writes; give a smaller folder, or set TMPDIR to one elsewhere`
  return { name, directory: real }
}

/** The repository of a linked worktree (`git worktree add`), whose own `.git` is a file that names it. */
async function gitFolderOf(directory: string): Promise<string | undefined> {
  const named = (await readFile(join(directory, '.git'), 'utf8').catch(() => '')).match(/^gitdir: (.+)\n?$/)?.[1]
  if (named === undefined) return undefined
  const own = resolve(directory, named)
  const common = (await readFile(join(own, 'commondir'), 'utf8').catch(() => '')).trim()
  // Only what git itself laid out so: a file in a folder may name any other.
  if (common === '' || dirname(dirname(own)) !== resolve(own, common)) return undefined
  return realpath(resolve(own, common)).catch(() => undefined)
}
