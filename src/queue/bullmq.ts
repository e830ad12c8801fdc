import { growingPauseMs, type PauseLimits } from '../lib/backoff.js'
import { describeError } from '../lib/fault.js'
import type { Log } from '../lib/log.js'
import { type Job, type JobWorker, openQueue, openWorker, type WorkerSigns } from '../redis/bullmq.js'
import { connectForRequests, evictionTrouble, type RedisEndpoint, type RedisPlace } from '../redis/connection.js'
import { queueDepth } from '../redis/depth.js'
import { type LossWatch, watchForLosses } from '../redis/losses.js'
import { RUNS } from '../redis/queue-names.js'
import { parseRunKey, type RunHandler, type RunKey, type RunQueue, type RunWorker } from './queue.js'

export interface BullmqQueueOptions extends RedisPlace {
  /** Starts every key of ours: installations that share a Redis need different ones. Default `tektite`. */
  readonly prefix?: string
  readonly log: Log
  /** What to do about a Redis that may evict queued work. Default 'warn'. */
  readonly onEviction?: 'warn' | 'refuse'
  /** A killed worker's runs are called elsewhere after about this and a third of a second. Default 1300. */
  readonly lockMs?: number
  /** Default 5000. */
  readonly silentMs?: number
  /** See `WorkerSettings`. Default: no canaries. */
  readonly canaryMs?: number
  /** How often is looked whether Redis has forgotten something. Default 1000. */
  readonly lossLookMs?: number
  readonly pauses?: PauseLimits
  readonly random?: () => number
}

export interface BullmqQueue extends RunQueue {
  /** Runs that wait or are being handled, over all processes: what to scale on. */
  depth(): Promise<number>
  /** Runs that this process handles now. */
  active(): number
  /** Of its workers in this process. */
  signs(): readonly WorkerSigns[]
}

/** Junk from a stranger is possible here, so nothing of this is trusted when it comes back. */
interface WakeData {
  readonly key: RunKey
  /** Throws in a row; a wake starts again at none. */
  readonly failures?: number
}

/** BullMQ sorts delayed jobs by time * 4096 in a double; a month keeps far away from its end, and a look is harmless. */
const LONGEST_DELAY_MS = 30 * 24 * 3_600_000
/** A call that ended this long ago and was not confirmed has lost its job: Redis flushed, lock lost, answer lost. */
const CONFIRMED_WITHIN_MS = 2_000

/**
 * The queue of the distributed mode. A job lives for one call and carries a name.
 *
 *  - A wake is a job deduplicated by run with `keepLastIfActive` (a wake during a call is kept for right after it) and
 *    `replace` (it takes the place of a pending look).
 *  - A look ("again") is queued only after its call's job has left Redis, and with neither: whatever is there for the
 *    run by then, waiting, running or pending, is newer and makes its own decision.
 *  - BullMQ's job ids, attempts and moveToDelayed are not used: each of them loses or delays wakes (DESIGN.md, 7).
 *
 * @throws Error when Redis does not answer for 10 s, or evicts and is refused for it.
 */
export async function openBullmqQueue(options: BullmqQueueOptions): Promise<BullmqQueue> {
  const { log, pauses = { firstMs: 100, maxMs: 30_000 }, random = Math.random } = options
  const endpoint: RedisEndpoint = options
  const name = { prefix: options.prefix ?? 'tektite', name: RUNS }
  const redis = connectForRequests(endpoint)
  try {
    const trouble = await evictionTrouble(redis)
    if (trouble !== undefined && options.onEviction === 'refuse') throw new Error(trouble)
    if (trouble !== undefined) log.warn('this Redis may lose queued work', { trouble })
  } catch (error) {
    redis.disconnect()
    throw error
  }
  const queue = openQueue<WakeData>(redis, name, log)
  /** Calls of this process. Two jobs of one run meet here only after Redis forgot the first one's lock. */
  const running = new Map<RunKey, Promise<void>>()
  const lossWatches: LossWatch[] = []
  const workers: JobWorker[] = []

  function wake(key: RunKey): Promise<void> {
    return queue.add('wake', { key }, { deduplication: { id: key, keepLastIfActive: true, replace: true } })
  }

  function lookAgain({ key, failures, at }: Look): Promise<void> {
    const delay = Math.min(Math.max(at - Date.now(), 0), LONGEST_DELAY_MS)
    return queue.add('again', { key, failures }, { delay, deduplication: { id: key } })
  }

  function work(handler: RunHandler, { concurrency }: { readonly concurrency: number }): RunWorker {
    /** Looks asked for by calls that have ended, by job id, until Redis has them. */
    const looks = new Map<string, Look & { readonly endedAt: number }>()
    const queueing = new Set<Promise<void>>()

    async function call(key: RunKey, failures: number): Promise<Look | undefined> {
      try {
        const outcome = await handler(key)
        return outcome.kind === 'again' ? { key, failures: 0, at: Date.now() + outcome.afterMs } : undefined
      } catch (error) {
        const pauseMs = growingPauseMs(failures + 1, pauses, random())
        log.warn('a call failed and will be repeated', {
          run: key,
          failures: failures + 1,
          pauseMs,
          cause: describeError(error),
        })
        return { key, failures: failures + 1, at: Date.now() + pauseMs }
      }
    }

    async function process(job: Job): Promise<void> {
      const wanted = readJob(job)
      if (wanted === undefined) {
        log.warn('dropped a job that names no run', { jobId: job.id, data: JSON.stringify(job.data)?.slice(0, 200) })
        return
      }
      const { key, failures } = wanted
      for (let earlier = running.get(key); earlier !== undefined; earlier = running.get(key)) await earlier
      const calling = call(key, failures)
      const ended = calling.then(() => void running.delete(key))
      running.set(key, ended)
      const look = await calling
      if (look !== undefined) looks.set(job.id, { ...look, endedAt: Date.now() })
    }

    function queueLook(jobId: string): void {
      const look = looks.get(jobId)
      if (look === undefined) return
      const queued = lookAgain(look).then(
        () => void (looks.get(jobId) === look && looks.delete(jobId)),
        cause => log.warn('queueing a look', { run: look.key, cause: describeError(cause) }), // stays for the next sweep
      )
      queueing.add(queued)
      void queued.then(() => queueing.delete(queued))
    }

    const sweep = setInterval(() => {
      for (const [jobId, look] of looks) if (Date.now() - look.endedAt > CONFIRMED_WITHIN_MS) queueLook(jobId)
    }, CONFIRMED_WITHIN_MS)
    sweep.unref()
    const worker = openWorker(endpoint, name, queue, {
      concurrency,
      lockMs: options.lockMs ?? 1_300,
      silentMs: options.silentMs ?? 5_000,
      canaryMs: options.canaryMs,
      process,
      onCompleted: job => queueLook(job.id),
    })
    workers.push(worker)
    return {
      async close() {
        await worker.close()
        clearInterval(sweep)
        await Promise.all(queueing)
        for (const jobId of looks.keys()) queueLook(jobId)
        await Promise.all(queueing)
      },
    }
  }

  function onLoss(listener: () => void): void {
    const { lossLookMs: everyMs = 1_000 } = options
    lossWatches.push(watchForLosses(redis, listener, { key: `${name.prefix}:${name.name}:witness`, everyMs, log }))
  }

  async function close(): Promise<void> {
    for (const watch of lossWatches) watch.stop()
    await queue.close()
    redis.disconnect()
  }

  return {
    wake,
    work,
    onLoss,
    depth: () => queueDepth(redis, name),
    active: () => running.size,
    signs: () => workers.map(worker => worker.signs()),
    close,
  }
}

interface Look {
  readonly key: RunKey
  readonly failures: number
  /** Epoch ms. */
  readonly at: number
}

function readJob({ data }: Job): { readonly key: RunKey; readonly failures: number } | undefined {
  const { key, failures } = (data ?? {}) as { readonly [field: string]: unknown }
  if (typeof key !== 'string') return undefined
  try {
    parseRunKey(key)
  } catch {
    return undefined
  }
  const known = typeof failures === 'number' && failures > 0 && Number.isFinite(failures)
  return { key: key as RunKey, failures: known ? failures : 0 }
}
