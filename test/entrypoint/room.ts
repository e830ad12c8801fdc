/** What the tests of the entrypoint share: a directory that plays the Pod's volumes, and real steps started in it. */
import { isUtf8 } from 'node:buffer'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect } from 'vitest'
import type { EntrypointOptions } from '../../src/pod/entrypoint-args.js'
import { entrypointArgs } from '../../src/pod/entrypoint-args.js'
import { parseTerminationMessage, type TerminationEntry } from '../../src/status/termination-message.js'

const SOURCE = join(import.meta.dirname, '../../entrypoint')

export const builds = ['release', 'asan'] as const
export type Build = (typeof builds)[number]

/** Builds it when its sources have changed; does nothing otherwise. */
export function binary(build: Build): string {
  execFileSync('make', ['-s', '-C', SOURCE, build === 'asan' ? 'asan' : 'all'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return join(SOURCE, 'build', build === 'asan' ? 'entrypoint-asan' : 'entrypoint')
}

export interface Finished {
  readonly code: number | null
  /** The signal that ended the entrypoint itself. */
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Step {
  readonly pid: number
  readonly child: ChildProcess
  readonly done: Promise<Finished>
  /** Waits until it has set its inotify watch, which is when it really waits for its turn. */
  waits(): Promise<void>
}

export interface StartOptions {
  /** Put before the entrypoint, such as `unshare`. */
  readonly under?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly stdout?: 'pipe' | number
}

export class Room {
  readonly dir = mkdtempSync(join(tmpdir(), 'tektite-entrypoint-'))
  readonly #entrypoint: string
  readonly #build: Build
  /** In the environment of every process started here, so that those that got away are found. */
  readonly #mark = `TEKTITE_TEST_ROOM=${randomUUID()}`

  constructor(build: Build) {
    this.#entrypoint = binary(build)
    this.#build = build
  }

  path(...parts: readonly string[]): string {
    return join(this.dir, ...parts)
  }

  write(name: string, content: string | Uint8Array, mode = 0o644): string {
    mkdirSync(dirname(this.path(name)), { recursive: true })
    writeFileSync(this.path(name), content, { mode })
    return this.path(name)
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8')
  }

  has(name: string): boolean {
    return existsSync(this.path(name))
  }

  /** Every file below `name`, relative to it, sorted. */
  files(name = '.'): string[] {
    if (!this.has(name)) return []
    return readdirSync(this.path(name), { recursive: true, withFileTypes: true })
      .filter(entry => !entry.isDirectory())
      .map(entry => join(entry.parentPath, entry.name).slice(this.path(name).length + 1))
      .sort()
  }

  /** The termination message at `name`, which must be readable as the engine reads it. */
  message(name = 'termination'): readonly TerminationEntry[] {
    // Reading as UTF-8 would put U+FFFD where the program forgot to.
    expect(isUtf8(readFileSync(this.path(name))), 'the message is UTF-8').toBe(true)
    const { entries, error } = parseTerminationMessage(this.read(name))
    expect(error).toBeUndefined()
    return entries
  }

  start(options: EntrypointOptions, more: StartOptions = {}): Step {
    return this.startWith(entrypointArgs(options), more)
  }

  /** With arguments as they are, for those that entrypointArgs() would not make. */
  startWith(
    args: readonly string[],
    { under = [], env = {}, cwd = this.dir, stdout = 'pipe' }: StartOptions = {},
  ): Step {
    const [mark, value] = this.#mark.split('=') as [string, string]
    const [command, ...rest] = [...under, this.#entrypoint, ...args] as [string, ...string[]]
    const child = spawn(command, rest, {
      cwd,
      env: { ...process.env, ASAN_OPTIONS: 'exitcode=99', UBSAN_OPTIONS: 'exitcode=99', ...env, [mark]: value },
      stdio: ['ignore', stdout, 'pipe'],
    })
    const pid = child.pid
    if (pid === undefined) throw new Error(`could not start ${command}`)
    return { pid, child, done: this.#finish(child), waits: () => until(() => hasWatch(pid), `${pid} to watch`) }
  }

  async run(options: EntrypointOptions, more: StartOptions = {}): Promise<Finished> {
    return this.start(options, more).done
  }

  async #finish(child: ChildProcess): Promise<Finished> {
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
    const stderr = Buffer.concat(err).toString()
    if (this.#build === 'asan' && /Sanitizer|runtime error:/.test(stderr)) throw new Error(stderr)
    return { code, signal, stdout: Buffer.concat(out).toString(), stderr }
  }

  /** Processes started from here that still live. */
  processes(): number[] {
    return readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .map(Number)
      .filter(pid => environmentOf(pid).includes(this.#mark))
  }

  /** Their command lines. */
  commands(): string[] {
    return this.processes().map(commandOf)
  }

  /** @throws when something was left running; it is killed then, so that the next test starts clean. */
  leave(): void {
    const left = this.processes().map(pid => ({ pid, command: commandOf(pid) }))
    for (const { pid } of left) kill(pid)
    rmSync(this.dir, { recursive: true, force: true })
    expect(left).toEqual([])
  }
}

/** A fresh room for each test of the calling block, which is left, and looked through, afterwards. */
export function roomForEach(build: Build): () => Room {
  let room: Room | undefined
  beforeEach(() => {
    room = new Room(build)
  })
  afterEach(() => {
    room?.leave()
    room = undefined
  })
  return () => {
    if (room === undefined) throw new Error('no test is running')
    return room
  }
}

/** Waits for a condition that nobody tells us about. */
export async function until(condition: () => boolean, what: string, deadlineMs = 10_000): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms for ${what}`)
    await new Promise(resolve => setTimeout(resolve, 1))
  }
}

/** Compiles a fixture into the room. */
export function compile(room: Room, name: string): string {
  const program = room.path(name)
  execFileSync('cc', [
    '-std=gnu11',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-o',
    program,
    join(import.meta.dirname, 'fixtures', `${name}.c`),
  ])
  return program
}

export function isAlive(pid: number): boolean {
  // A zombie has ended; it only waits for its parent.
  return /^State:\s+[^ZX]/m.test(readOr(`/proc/${pid}/status`))
}

/** Where the process's descriptors lead: `anon_inode:inotify`, `anon_inode:[signalfd]`, paths. */
export function descriptors(pid: number): string[] {
  const dir = `/proc/${pid}/fd`
  if (!existsSync(dir)) return []
  return readdirSync(dir).flatMap(fd => {
    try {
      return [readlinkSync(join(dir, fd))]
    } catch {
      return [] // closed since
    }
  })
}

/** Neither running nor ended. */
export function isAsleep(pid: number): boolean {
  return /^State:\s+S/m.test(readOr(`/proc/${pid}/status`))
}

function hasWatch(pid: number): boolean {
  const dir = `/proc/${pid}/fdinfo`
  return existsSync(dir) && readdirSync(dir).some(fd => readOr(join(dir, fd)).includes('inotify wd:'))
}

function environmentOf(pid: number): string {
  return readOr(`/proc/${pid}/environ`)
}

function commandOf(pid: number): string {
  return readOr(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')
}

// Processes come and go while one looks.
function readOr(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended since.
  }
}
