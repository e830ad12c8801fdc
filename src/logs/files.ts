import { closeSync, mkdirSync, openSync, renameSync, statSync, watch } from 'node:fs'
import { mkdir, open, readdir, rm, rmdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pathSegment } from '../lib/path-segment.js'
import type { LogKey, LogStore } from './log-store.js'

const CHUNK_BYTES = 64 * 1024

/** A log that may still grow has this ending; `finish` takes it away. So one rename says "nothing more will come". */
const OPEN_ENDING = '.partial'

/**
 * Logs as files: `<directory>/<namespace>/<pod>/<pod uid>/<container>.log`, and `.times` beside it.
 *
 * One process appends (the engine holds the data directory); any may read. What `append` wrote is in the page cache,
 * which outlives a killed process; a power cut may take the last seconds.
 */
export function createFileLogStore(options: { readonly directory: string }): LogStore {
  /** Appends to one key, one after the other. */
  const queues = new Map<string, Promise<void>>()
  const sizes = new Map<string, number>()

  const podDir = (pod: Pick<LogKey, 'namespace' | 'pod' | 'podUid'>): string =>
    join(options.directory, pathSegment(pod.namespace), pathSegment(pod.pod), pathSegment(pod.podUid))
  const pathOf = (key: LogKey): string =>
    join(podDir(key), `${pathSegment(key.container)}${key.part === 'times' ? '.times' : '.log'}`)

  const inOrder = async (path: string, work: () => Promise<void>): Promise<void> => {
    const mine = (queues.get(path) ?? Promise.resolve()).then(work)
    const settled = mine.catch(() => undefined)
    queues.set(path, settled)
    try {
      await mine
    } finally {
      if (queues.get(path) === settled) queues.delete(path)
    }
  }

  const storedSize = (path: string): number => sizeOf(path + OPEN_ENDING) ?? sizeOf(path) ?? 0

  const write = async (key: LogKey, offset: number, bytes: Uint8Array): Promise<void> => {
    const path = pathOf(key)
    const stored = sizes.get(path) ?? storedSize(path)
    if (offset > stored) {
      throw new Error(
        `log of container "${key.container}" of pod "${key.namespace}/${key.pod}" (uid ${key.podUid}): bytes at offset ${offset} refused, ` +
          `because only ${stored} are stored; go on from size()`,
      )
    }
    const fresh = bytes.subarray(stored - offset)
    if (fresh.byteLength === 0) return
    if (sizeOf(path) !== undefined) {
      throw new Error(
        `log of container "${key.container}" of pod "${key.namespace}/${key.pod}" (uid ${key.podUid}) is finished; nothing can be added`,
      )
    }
    sizes.delete(path) // until we know how far the write got
    const file = await openMaking(path + OPEN_ENDING)
    try {
      let written = 0
      while (written < fresh.byteLength) {
        const { bytesWritten } = await file.write(fresh, written, fresh.byteLength - written, stored + written)
        written += bytesWritten
      }
    } catch (cause) {
      throw new Error(`writing ${path}`, { cause })
    } finally {
      await file.close()
    }
    sizes.set(path, stored + fresh.byteLength)
  }

  return {
    size: async key => storedSize(pathOf(key)),
    append: (key, offset, bytes) => inOrder(pathOf(key), () => write(key, offset, bytes)),

    finish(key) {
      const path = pathOf(key)
      return inOrder(path, async () => {
        sizes.delete(path)
        if (finished(path) || sizeOf(path) !== undefined) return
        // No output.
        mkdirSync(dirname(path), { recursive: true })
        closeSync(openSync(path, 'a'))
      })
    },

    isFinished: async key => sizeOf(pathOf(key)) !== undefined,

    async read(key, { follow, offset = 0, limit = Number.POSITIVE_INFINITY, tail }, signal) {
      const path = pathOf(key)
      const size = sizeOf(path + OPEN_ENDING) ?? sizeOf(path)
      if (size === undefined) return undefined
      const start = tail === undefined ? offset : Math.max(offset, size - tail)
      return readLog(path, follow, { start, end: start + limit }, signal)
    },

    async pods(namespace, name) {
      const dir = dirname(podDir({ namespace, pod: name, podUid: '' }))
      const pods = (await readdir(dir).catch(noneIfMissing)).map(uid => storedPod(join(dir, uid)))
      const found = (await Promise.all(pods)).flat().toSorted((a, b) => a.birthtimeMs - b.birthtimeMs)
      return found.map(({ podUid, containers }) => ({ podUid, containers }))
    },

    async remove(pod) {
      const dir = podDir(pod)
      for (const path of sizes.keys()) if (path.startsWith(`${dir}/`)) sizes.delete(path)
      await rm(dir, { recursive: true, force: true })
      // The folders of the pod's name and its namespace, if this was their last log.
      for (const parent of [dirname(dir), dirname(dirname(dir))]) {
        try {
          await rmdir(parent)
        } catch {
          return // not empty, or gone already: either is fine
        }
      }
    },
  }
}

/** None when it is removed while we look. */
async function storedPod(dir: string) {
  try {
    const [{ birthtimeMs }, files] = await Promise.all([stat(dir), readdir(dir)])
    const containers = files.flatMap(file => /^(.*)\.log(?:\.partial)?$/.exec(file)?.[1] ?? []).toSorted()
    return [{ podUid: decodeURIComponent(basename(dir)), containers: containers.map(decodeURIComponent), birthtimeMs }]
  } catch (error) {
    return noneIfMissing(error)
  }
}

async function* readLog(
  path: string,
  follow: boolean,
  { start, end }: { readonly start: number; readonly end: number },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const file = await openEither(path)
  const wait = follow ? changes(dirname(path), signal) : undefined
  try {
    let position = start
    while (!signal.aborted) {
      // Asked before reading: what is read after the log was finished is all of it.
      const last = !follow || sizeOf(path) !== undefined
      for (;;) {
        const buffer = new Uint8Array(Math.min(CHUNK_BYTES, end - position))
        const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, position)
        if (bytesRead === 0) break
        position += bytesRead
        yield buffer.subarray(0, bytesRead)
        if (signal.aborted) return
      }
      if (last || position >= end) return
      // Removed by its name, while we hold it open: nothing more will come here either.
      if (sizeOf(path + OPEN_ENDING) === undefined && sizeOf(path) === undefined) return
      await wait?.next()
    }
  } finally {
    wait?.close()
    await file.close()
  }
}

/** Something happened in a folder since the last `next`, which otherwise waits for it. Abort counts as something. */
function changes(dir: string, signal: AbortSignal): { next(): Promise<void>; close(): void } {
  let pending = true // what happened before the watch began
  let wake: (() => void) | undefined
  const notice = (): void => {
    pending = true
    wake?.()
  }
  const watcher = watch(dir, notice)
  watcher.on('error', notice)
  signal.addEventListener('abort', notice)
  return {
    async next() {
      if (!pending) await new Promise<void>(resolve => (wake = resolve))
      pending = false
    },
    close() {
      watcher.close()
      signal.removeEventListener('abort', notice)
    },
  }
}

/** False when there is no open log. */
function finished(path: string): boolean {
  try {
    renameSync(path + OPEN_ENDING, path)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw new Error(`finishing log ${path}`, { cause: error })
  }
}

async function openEither(path: string) {
  // Finished in between? Then it has its final name now.
  for (const candidate of [path + OPEN_ENDING, path]) {
    try {
      return await open(candidate, 'r')
    } catch (error) {
      if (!isMissing(error)) throw new Error(`opening log ${candidate}`, { cause: error })
    }
  }
  throw new Error(`log ${path} was removed while it was being opened`)
}

/** For writing at any offset, with its folders. */
async function openMaking(path: string) {
  for (const flags of ['r+', 'w']) {
    try {
      if (flags === 'w') await mkdir(dirname(path), { recursive: true })
      return await open(path, flags)
    } catch (error) {
      if (flags === 'w' || !isMissing(error)) throw new Error(`opening log ${path}`, { cause: error })
    }
  }
  throw new Error(`opening log ${path}`)
}

/** Synchronous, as `finish` is: a look at the directory is cheaper than a trip through the thread pool. */
function sizeOf(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size
  } catch (error) {
    throw new Error(`looking at log ${path}`, { cause: error })
  }
}

function noneIfMissing(error: unknown): never[] {
  if (isMissing(error)) return []
  throw error
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
