/** The output of one container, from its node into the store, for as long as it runs. */
import { isClusterError } from '../cluster/cluster.js'
import { growingPauseMs, type PauseLimits } from '../lib/backoff.js'
import { describeError } from '../lib/fault.js'
import type { Log } from '../lib/log.js'
import { TakenOver } from '../logs/blobs.js'
import type { LogEnd, LogKey, MarkedLogStore } from '../logs/log-store.js'
import type { Masker } from '../logs/mask.js'
import type { Pod } from '../resources/core.js'
import { pause } from '../timers.js'
import { lifeOf } from './containers.js'
import { type Copied, copyStream } from './copy-stream.js'
import { createLineTimes, type LineTimes } from './line-times.js'
import { readMark } from './mark.js'

export interface ShipDeps {
  readonly store: MarkedLogStore
  readonly openLog: OpenLog
  /** Of the Secrets as they are now. @throws while they cannot be read: then nothing is stored */
  readonly maskerFor: (pod: Pod) => Promise<Masker>
  /** Connections that stay open. Undefined when there are too many: then it is asked again and again. */
  readonly takeFollower: () => (() => void) | undefined
  readonly flushBytes: () => number
  readonly log: Log
  readonly times?: Partial<ShipTimes>
}

export type OpenLog = (
  pod: { readonly namespace: string; readonly name: string },
  container: string,
  options: { readonly follow: boolean; readonly sinceSeconds?: number },
  signal: AbortSignal,
) => Promise<AsyncIterable<Uint8Array>>

export interface ShipTimes {
  readonly flushMs: number
  /** Between two looks, where a connection cannot stay open. */
  readonly lookMs: number
  /** A container has ended, and its stream has not: then it never will. */
  readonly lingerMs: number
  /** A container has ended, and its output cannot be had for so long: then it never will. */
  readonly giveUpMs: number
  /** After what went wrong. */
  readonly pauses: PauseLimits
}

const TIMES: ShipTimes = {
  flushMs: 1_000,
  lookMs: 2_000,
  lingerMs: 20_000,
  giveUpMs: 10 * 60_000,
  pauses: { firstMs: 200, maxMs: 15_000 },
}

/** The Pod as it was last seen, and what becomes of it. */
export interface SeenPod {
  /** Undefined when it is gone. */
  now(): Pod | undefined
  /** Resolves when it may be another, or `signal` aborts. */
  change(signal: AbortSignal): Promise<void>
}

/** Resolves when the whole output is stored, or is not to be had; and when `signal` aborts. Never rejects. */
export async function shipContainer(
  deps: ShipDeps,
  seen: SeenPod,
  container: string,
  signal: AbortSignal,
): Promise<void> {
  const { store, log } = deps
  const { flushMs, lookMs, lingerMs, giveUpMs, pauses } = { ...TIMES, ...deps.times }
  const first = await begun(seen, container, signal)
  if (first === undefined) return
  const { namespace, name, uid } = first.metadata
  const key: LogKey = { namespace, pod: name, podUid: uid, container }
  const times = createLineTimes(store, key)
  let end: LogEnd | undefined
  /** A stream of it that ended in good order. */
  let last: Copied | undefined
  let failures = 0
  /** Two of us that find each other in the way each time make longer pauses. */
  let takenOver = 0
  let failingSince: number | undefined
  while (!signal.aborted) {
    try {
      end ??= await store.resume(key)
      if (end.isFinished) return
      const pod = seen.now()
      if (pod === undefined) {
        if (last === undefined) return await close(deps, key, end, GONE, times)
        await last.rest()
        return await finish(store, key, times)
      }
      // Asked for before it is read: what then comes to an end is all there is.
      const hasEnded = lifeOf(pod, container) !== 'runs'
      const masker = await deps.maskerFor(pod)
      const release = hasEnded ? undefined : deps.takeFollower()
      const reading = new AbortController()
      const stop = () => reading.abort()
      signal.addEventListener('abort', stop)
      if (signal.aborted) stop()
      try {
        const mark = readMark(end.mark)
        const options = {
          follow: release !== undefined,
          ...(mark && { sinceSeconds: Number(mark.at / 1_000_000_000n) }),
        }
        const stored = () => {
          failures = 0
          failingSince = undefined
        }
        const copying = { store, masker, times, key, flushBytes: deps.flushBytes, flushMs, stored }
        const silence: Silence = { since: undefined }
        void lingering(seen, container, lingerMs, silence, reading)
        const stream = await deps.openLog({ namespace, name }, container, options, reading.signal)
        const copied = await copyStream(copying, end, noted(stream, silence))
        end = copied.end
        if (copied.stray !== '') throw new Error(`the node says: ${copied.stray.trim()}`)
        last = options.follow && !copied.isInside ? copied : undefined
        if (hasEnded) {
          await copied.rest()
          return await finish(store, key, times)
        }
      } finally {
        signal.removeEventListener('abort', stop)
        reading.abort()
        release?.()
      }
      failures = 0
      failingSince = undefined
      // The stream ended before we heard that the container has; or there are too many streams.
      await change(seen, lookMs, signal)
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof TakenOver) takenOver += 1
      else failures += 1
      failingSince ??= performance.now()
      const isOver = seen.now() === undefined || lifeOf(seen.now()!, container) === 'ended'
      const fields = { namespace, pod: name, container, error: describeError(error) }
      if (failures === 3) log.warn('output of a container cannot be stored; tried again', fields)
      else log.debug('output of a container cannot be stored; tried again', fields)
      const isLost = isClusterError(error, 'NotFound') || performance.now() - failingSince > giveUpMs
      if (isOver && isLost && end !== undefined && isReading(error)) {
        log.warn('output of a container was lost', fields)
        await close(deps, key, end, lost(error), times).catch(() => {})
        return
      }
      end = undefined
      last = undefined
      await pause(growingPauseMs(Math.max(failures, takenOver), pauses, Math.random()), signal)
    }
  }
}

const lost = (error: unknown): string => `[tektite: the rest of the output is lost: ${describeError(error)}]\n`
const GONE = '[tektite: the Pod was gone before the rest of the output was read]\n'

/** Not the store that fails: it will be there again. */
function isReading(error: unknown): boolean {
  return !(error instanceof TakenOver) && !(error instanceof Error && error.name === 'BlobsError')
}

/** Undefined when the container will never say anything. */
async function begun(seen: SeenPod, container: string, signal: AbortSignal): Promise<Pod | undefined> {
  while (!signal.aborted) {
    const pod = seen.now()
    const life = pod && lifeOf(pod, container)
    if (pod === undefined || life === 'never ran') return undefined
    if (life !== 'waits') return pod
    await seen.change(signal)
  }
  return undefined
}

async function close({ store }: ShipDeps, key: LogKey, end: LogEnd, note: string, times: LineTimes): Promise<void> {
  await store.append(key, end.size, Buffer.from(end.size === 0 ? note : `\n${note}`))
  await finish(store, key, times)
}

/** Since when a stream is waited for. Time in which nobody asks for more is no silence. */
interface Silence {
  since: number | undefined
}

async function* noted(stream: AsyncIterable<Uint8Array>, silence: Silence): AsyncGenerator<Uint8Array> {
  const pieces = stream[Symbol.asyncIterator]()
  try {
    for (;;) {
      silence.since = performance.now()
      const next = await pieces.next()
      silence.since = undefined
      if (next.done) return
      yield next.value
    }
  } finally {
    void pieces.return?.()?.catch(() => {})
  }
}

/** A kubelet ends the stream of what has ended; a connection may have died without a word. */
async function lingering(seen: SeenPod, container: string, ms: number, silence: Silence, reading: AbortController) {
  const { signal } = reading
  while (!signal.aborted) {
    const pod = seen.now()
    if (pod !== undefined && lifeOf(pod, container) === 'runs') {
      await seen.change(signal)
      continue
    }
    await pause(ms, signal)
    if (silence.since !== undefined && performance.now() - silence.since >= ms) reading.abort()
  }
}

async function finish(store: MarkedLogStore, key: LogKey, times: LineTimes): Promise<void> {
  await times.finish()
  await store.finish(key)
}

async function change(seen: SeenPod, ms: number, signal: AbortSignal): Promise<void> {
  const enough = new AbortController()
  const stop = () => enough.abort()
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  await Promise.race([seen.change(enough.signal), pause(ms, enough.signal)])
  stop()
  signal.removeEventListener('abort', stop)
}
