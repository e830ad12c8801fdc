import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

/** Says who may write in a directory. One process at a time, and within a process one opener at a time. */
export interface WriterLock {
  /** Lets the next one in. Safe to call twice. */
  release(): void
}

interface Holder {
  /** 0: released. */
  readonly pid: number
  /** Tells the holder from a later process that was given the same pid; '' where the system does not say. */
  readonly started: string
}

const LOCK_FILE = /^writer\.(\d+)\.lock$/
const RELEASED: Holder = { pid: 0, started: '' }

/**
 * Takes the directory (made if missing) for writing. A holder that died without releasing is replaced.
 *
 * Lock files are numbered, and the highest number is the holder. Creating the next number is atomic, and a file is
 * only ever removed by the holder of a higher number: so two processes that both saw a dead holder cannot both win,
 * which a single lock file that is deleted and made anew would allow.
 *
 * @throws Error naming the pid of a living holder.
 */
export function acquireWriterLock(directory: string): WriterLock {
  // What is kept holds Secrets; the folder around it may have been made by somebody else, for all to read.
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  for (;;) {
    const newest = lockNumbers(directory).at(-1) ?? 0
    const holder = newest === 0 ? RELEASED : readHolder(lockPath(directory, newest))
    if (holder !== undefined && isAlive(holder)) throw new Error(takenMessage(directory, holder.pid))

    const mine = newest + 1
    if (!createLockFile(directory, mine)) continue
    const numbers = lockNumbers(directory)
    // Someone went further while we looked, and may have removed the file that we based our number on.
    if (numbers.at(-1) !== mine) {
      rmSync(lockPath(directory, mine), { force: true })
      continue
    }
    for (const older of numbers) if (older < mine) rmSync(lockPath(directory, older), { force: true })
    return {
      release() {
        // Emptied, not removed: the number must not be given out a second time. Works on a full disk.
        if (existsSync(lockPath(directory, mine))) truncateSync(lockPath(directory, mine))
      },
    }
  }
}

function lockPath(directory: string, number: number): string {
  return join(directory, `writer.${number}.lock`)
}

/** Ascending. */
function lockNumbers(directory: string): readonly number[] {
  return readdirSync(directory)
    .flatMap(name => LOCK_FILE.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
}

/** Creates the file with its content in one step. False when the number is taken. */
function createLockFile(directory: string, number: number): boolean {
  const draft = join(directory, `writer.${process.pid}.${number}.draft`)
  writeFileSync(draft, holderText({ pid: process.pid, started: startOf(process.pid) ?? '' }))
  try {
    linkSync(draft, lockPath(directory, number))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw new Error(`creating the lock file ${lockPath(directory, number)}`, { cause: error })
  } finally {
    rmSync(draft, { force: true })
  }
}

function holderText(holder: Holder): string {
  return `${holder.pid} ${holder.started}\n`
}

/** Undefined when the file went away meanwhile: look again. An empty file was released. */
function readHolder(path: string): Holder | undefined {
  try {
    const [pid = '0', started = ''] = readFileSync(path, 'utf8').trim().split(' ')
    return { pid: Number.parseInt(pid, 10) || 0, started }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`reading the lock file ${path}`, { cause: error })
  }
}

function isAlive(holder: Holder): boolean {
  if (holder.pid === 0) return false
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    // EPERM: it lives, but belongs to another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const started = startOf(holder.pid)
  return started === undefined || holder.started === '' || started === holder.started
}

/** Boot and start time of a process; 'dead' for a zombie; undefined where there is no /proc. */
function startOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command's name is in parentheses and may hold anything; what follows are plain fields, from the third on.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? 'dead' : `${boot}/${fields[19]}`
  } catch {
    // No /proc (macOS), or the process ended this moment: the next look at its pid tells.
    return undefined
  }
}

function takenMessage(directory: string, pid: number): string {
  return pid === process.pid
    ? `The store in ${directory} is already open in this process (pid ${pid}). Close it first, or use another directory.`
    : `The store in ${directory} is in use by the process with pid ${pid}. ` +
        'Stop that process, talk to its API instead, or use another data directory.'
}
