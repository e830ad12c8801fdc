import { statSync, watch } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogPart } from '../logs/log-store.js'

const CHUNK_BYTES = 64 * 1024

export interface FollowedLog {
  /** The container's folder. It exists once the container was asked to start. */
  readonly folder: string
  readonly part: LogPart
  readonly offset: number
  /** Given: go on until it says true, and then to the end of the file. */
  readonly ended: (() => Promise<boolean>) | undefined
  readonly signal: AbortSignal
  /** Called at every change of the pod's state. */
  readonly wakes: Set<() => void>
}

/** A container's output, from the file its shim writes. A container that never started has none. */
export async function* followLog({
  folder,
  part,
  offset,
  ended,
  signal,
  wakes,
}: FollowedLog): AsyncGenerator<Uint8Array> {
  let pending = true
  let wake: (() => void) | undefined
  const notice = (): void => {
    pending = true
    wake?.()
  }
  wakes.add(notice)
  signal.addEventListener('abort', notice)
  const watcher = ended === undefined ? undefined : watchIfThere(folder, notice)
  let file: FileHandle | undefined
  try {
    let position = offset
    while (!signal.aborted) {
      pending = false
      // Asked before reading: what is read after the end is all of it.
      const last = ended === undefined || (await ended())
      file ??= await openIfLonger(pathOf(folder, part), position)
      while (file !== undefined) {
        const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
        const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, position)
        if (bytesRead === 0) break
        position += bytesRead
        yield buffer.subarray(0, bytesRead)
        if (signal.aborted) return
      }
      if (last || watcher === undefined) return
      if (!pending) await new Promise<void>(resolve => (wake = resolve))
    }
  } finally {
    wakes.delete(notice)
    signal.removeEventListener('abort', notice)
    watcher?.close()
    await file?.close()
  }
}

export function logSize(folder: string): number {
  return statSync(pathOf(folder, 'output'), { throwIfNoEntry: false })?.size ?? 0
}

function pathOf(folder: string, part: LogPart): string {
  return join(folder, part === 'times' ? 'times' : 'log')
}

function watchIfThere(folder: string, notice: () => void) {
  try {
    const watcher = watch(folder, notice)
    watcher.on('error', notice)
    return watcher
  } catch (error) {
    if (isMissing(error)) return undefined
    throw new Error(`watching ${folder}`, { cause: error })
  }
}

/** Most steps print nothing: their logs are not even opened. */
async function openIfLonger(path: string, offset: number): Promise<FileHandle | undefined> {
  try {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    if (size <= offset) return undefined
    return await open(path, 'r')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw new Error(`opening ${path}`, { cause: error })
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
