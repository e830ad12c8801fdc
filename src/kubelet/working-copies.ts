/**
 * Folders of this machine that containers may write in without their being changed: an overlay over each where the
 * kernel can (no file is read for it, however big the folder is), else a copy.
 */
import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join, relative } from 'node:path'

export interface WorkingCopy {
  /** The user's. */
  readonly folder: string
  /** What containers mount. With an overlay the folder itself: only they see the difference. */
  readonly path: string
  /** Where this process finds what containers see at `path`. */
  readonly view: string
  readonly by: 'overlay' | 'copy'
}

export interface WorkingCopiesDeps {
  /** Holds what is written. */
  readonly rootDir: string
  /** See ProcessRuntime; undefined where there are no namespaces. */
  readonly overlay: ((folder: string, upper: string, work: string) => Promise<string | undefined>) | undefined
  /** See ProcessRuntime. */
  readonly viewOf: (path: string) => string
}

/**
 * @param folders absolute and free of links; one inside another shares its copy
 * @param besides covered too where there are overlays: what programs in the folders write to by its own path
 * @throws Error saying which folder cannot be copied, and why
 */
export async function makeWorkingCopies(
  folders: readonly string[],
  besides: readonly string[],
  deps: WorkingCopiesDeps,
): Promise<readonly WorkingCopy[]> {
  const made = new Map<string, WorkingCopy>()
  for (const folder of outermost([...folders, ...besides])) {
    const place = join(deps.rootDir, String(made.size))
    const isOverlay = await laidOver(folder, place, deps)
    if (isOverlay) made.set(folder, { folder, path: folder, view: deps.viewOf(folder), by: 'overlay' })
    else if (folders.some(one => isWithin(one, folder))) {
      const copy = join(place, 'copy')
      await copyFolder(folder, copy)
      made.set(folder, { folder, path: copy, view: copy, by: 'copy' })
    }
  }
  return folders.flatMap(folder => {
    const around = [...made.values()].find(one => isWithin(folder, one.folder))
    if (around === undefined) return []
    const inside = relative(around.folder, folder)
    return [{ ...around, folder, path: join(around.path, inside), view: join(around.view, inside) }]
  })
}

async function laidOver(folder: string, place: string, { overlay }: WorkingCopiesDeps): Promise<boolean> {
  if (overlay === undefined) return false
  const [upper, work] = [join(place, 'written'), join(place, 'work')]
  await mkdir(upper, { recursive: true, mode: 0o755 })
  await mkdir(work)
  return (await overlay(folder, upper, work)) === undefined
}

function outermost(folders: readonly string[]): readonly string[] {
  const all = [...new Set(folders)]
  return all.filter(folder => !all.some(other => other !== folder && isWithin(folder, other)))
}

export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

/** Owners, times and links as they are; blocks are shared where the file system can. */
async function copyFolder(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  const problem = await runCopy(['-a', '--reflink=auto', `${from}/.`, to])
  // BusyBox knows no --reflink.
  const still = problem?.includes('reflink') ? await runCopy(['-a', `${from}/.`, to]) : problem
  if (still !== undefined) throw new Error(`folder "${from}" cannot be copied for the run: ${still}`)
}

function runCopy(args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn('cp', args, { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(0, 2_000)
    })
    child.once('error', cause => reject(new Error('running cp', { cause })))
    child.once('close', code => resolve(code === 0 ? undefined : said.trim() || `cp ended with ${code}`))
  })
}
