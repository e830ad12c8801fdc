/** What a container's folder says about it: the files are the shim's, see shim/README.md. */
import { watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { toTimestamp } from '../lib/time.js'
import { parseExit, parsePid, parseStat, type ShimPid, vanished } from './container-record.js'
import type { ContainerState } from './runtime.js'

/** A shim that was killed leaves no file behind that could be watched for. Only after a restart does this matter. */
const LOOK_AGAIN_MS = 1_000

/** Undefined when no shim ever claimed this container. */
export async function readContainer(folder: string, nowMs: number): Promise<ContainerState | undefined> {
  const ended = await readExit(folder)
  if (ended !== undefined) return ended
  const pid = parsePid((await readIfThere(join(folder, 'pid')))?.toString('utf8') ?? '')
  if (pid === undefined) return undefined
  const startedAt = toTimestamp(pid.startedAtMs)
  if (await isAlive(pid)) return { kind: 'running', startedAt }
  // It may have ended by itself between our two looks.
  return (await readExit(folder)) ?? vanished(startedAt, toTimestamp(nowMs))
}

/** The shim of a container that runs now. */
export async function readShimPid(folder: string): Promise<ShimPid | undefined> {
  const pid = parsePid((await readIfThere(join(folder, 'pid')))?.toString('utf8') ?? '')
  return pid !== undefined && (await isAlive(pid)) ? pid : undefined
}

/** Signals a shim that is not our server's. One that has gone needs no signal. */
export async function signalShim(folder: string, signal: number): Promise<void> {
  const shim = await readShimPid(folder)
  if (shim === undefined) return
  try {
    process.kill(shim.pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** Calls `look` when the folder changes and once in a while, until the returned function is called. */
export function watchContainer(folder: string, look: () => void): () => void {
  const watcher = watch(folder, look)
  watcher.on('error', look)
  const timer = setInterval(look, LOOK_AGAIN_MS)
  timer.unref()
  look()
  return () => {
    watcher.close()
    clearInterval(timer)
  }
}

async function readExit(folder: string): Promise<ContainerState | undefined> {
  const bytes = await readIfThere(join(folder, 'exit'))
  return bytes === undefined ? undefined : parseExit(bytes)
}

async function isAlive(shim: ShimPid): Promise<boolean> {
  const text = await readIfThere(`/proc/${shim.pid}/stat`)
  if (text === undefined) return false
  const { state, startTicks } = parseStat(text.toString('utf8'))
  return startTicks === shim.startTicks && state !== 'Z'
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    // ESRCH: a process that ends while its /proc file is read.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return undefined
    throw new Error(`reading ${path}`, { cause: error })
  }
}
