/**
 * The shells of images, from the programs that this machine has: for each a folder that lies before the machine's own
 * programs (`sh`, `ash`) and one that lies behind them (what Alpine has and the machine lacks).
 */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, realpathSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type ImageShell, imageShell } from './image-shell.js'

/** Folders of programs that a container sees together; the first that has a name wins. */
export interface ProgramLayers {
  readonly before: string
  /** The machine's own: where its /bin/sh is. */
  readonly machine: string
  readonly behind: string
}

export interface Shells {
  /** Undefined when the machine's programs are right as they are, or nothing better is there. */
  layersFor(image: string): ProgramLayers | undefined
}

export interface ShellsOptions {
  /** Holds the folders. They are made when first needed, and are right for the next engine too. */
  readonly dir: string
  /** Where programs are looked for: a PATH. */
  readonly path: string
}

/** What stands in for a shell, best first. Bash called `sh` takes nearly all that BusyBox's shell takes. */
const STAND_INS: Readonly<Record<ImageShell, readonly string[]>> = {
  busybox: ['busybox', 'bash'],
  'busybox-only': ['busybox'],
  bash: ['bash'],
  dash: ['dash'],
}

export function createShells({ dir, path }: ShellsOptions): Shells {
  const made = new Map<ImageShell, ProgramLayers | undefined>()
  return {
    layersFor(image) {
      const shell = imageShell(image)
      if (shell === undefined) return undefined
      if (!made.has(shell)) made.set(shell, makeLayers(shell, dir, path))
      return made.get(shell)
    },
  }
}

function makeLayers(shell: ImageShell, dir: string, path: string): ProgramLayers | undefined {
  const program = STAND_INS[shell].map(name => findProgram(name, path)).find(found => found !== undefined)
  if (program === undefined) return undefined
  const machine = realpathSync('/bin')
  // The machine's own sh is the image's, as on Alpine or in Debian's own images.
  if (realpathSync('/bin/sh') === program) return undefined
  const isAsh = shell === 'busybox' || shell === 'busybox-only'
  const before = isAsh ? ['sh', 'ash'] : ['sh']
  const behind = isAsh && program.endsWith('/busybox') ? applets(program, machine) : []
  const home = join(dir, encodeURIComponent(`${before.join('+')} ${program}`))
  linkAll(home, program, { before, behind })
  return { before: join(home, 'before'), machine, behind: join(home, 'behind') }
}

/** Its real path, so that no link has to be followed where another folder may lie over this one. */
function findProgram(name: string, path: string): string | undefined {
  for (const folder of path.split(':').filter(one => one.startsWith('/'))) {
    const file = join(folder, name)
    if (isFile(file)) return realpathSync(file)
  }
  return undefined
}

/** Not one either: a file in a folder of the PATH that we may not look into. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** Names that BusyBox answers to and the machine lacks. */
function applets(busybox: string, machine: string): readonly string[] {
  const listed = spawnSync(busybox, ['--list'], { encoding: 'utf8' })
  const taken = new Set(readdirSync(machine))
  return (listed.stdout ?? '').split('\n').filter(name => /^[\w.[-]+$/.test(name) && !taken.has(name))
}

/** Put in place whole, by a rename: another engine on the same folder may do the same now. */
function linkAll(home: string, program: string, folders: Readonly<Record<string, readonly string[]>>): void {
  if (statSync(home, { throwIfNoEntry: false }) !== undefined) return
  const draft = `${home}.${randomBytes(6).toString('hex')}`
  for (const [folder, names] of Object.entries(folders)) {
    mkdirSync(join(draft, folder), { recursive: true, mode: 0o755 })
    for (const name of names) symlinkSync(program, join(draft, folder, name))
  }
  try {
    renameSync(draft, home)
  } catch (cause) {
    rmSync(draft, { recursive: true, force: true })
    if (statSync(home, { throwIfNoEntry: false }) === undefined) throw new Error(`making ${home}`, { cause })
  }
}
