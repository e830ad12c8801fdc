import { randomUUID } from 'node:crypto'
import { describeError } from '../lib/fault.js'
import { type Job, type JobWorker, openQueue, openWorker, type WorkerSigns } from '../redis/bullmq.js'
import {
  connectForRequests,
  evictionTrouble,
  persistenceTrouble,
  type RedisEndpoint,
  type RedisPlace,
  requestWithin,
} from '../redis/connection.js'
import { DISPATCHES } from '../redis/queue-names.js'
import { PAUSES, RETENTION_MS } from './attempts.js'
import { createCompany } from './company.js'
import type { Delivery, Dispatcher, Inbox, InboxWorker } from './inbox.js'
import { redisDeliveries } from './redis-deliveries.js'
import { collectRejections } from './rejections.js'
import { type TryOptions, type TryStore, tryOnce } from './try-once.js'

export interface BullmqInboxOptions extends TryOptions, RedisPlace {
  /** Starts every key of ours: installations that share a Redis need different ones. Default `tektite`. */
  readonly prefix?: string
  /** What to do about a Redis that may lose what it was given. Default 'warn'. */
  readonly onUnsafeRedis?: 'warn' | 'refuse'
  /** Where one that evicts is another matter than one that keeps nothing on disk. Default: as `onUnsafeRedis`. */
  readonly onEviction?: 'warn' | 'refuse'
  readonly retentionMs?: number
  /** How often stored deliveries without a job are looked for. Default 2000. */
  readonly sweepMs?: number
  /** A killed worker's deliveries are dispatched elsewhere after about this and a third of a second. Default 3000. */
  readonly lockMs?: number
  /** See `WorkerSettings`. Default: no canaries. */
  readonly canaryMs?: number
}

export interface BullmqInbox extends Inbox {
  /** Of its workers in this process. */
  signs(): readonly WorkerSigns[]
  /** Resolves when a delivery could be stored now. @throws Error that says why not */
  probe(): Promise<void>
}

const SWEEP_PAGE = 500
const PROBE_KEPT_MS = 60_000

/**
 * The inbox of the distributed mode, shared by any number of listeners and workers. The delivery itself is a hash of
 * ours; a BullMQ job with its id makes a worker look at it. Between the two a listener can die, so workers sweep: at
 * start and every few seconds each unfinished delivery is queued again, which does nothing for one that has a job.
 *
 * As durable as the Redis behind it: with `appendfsync always` also over a power cut, with `everysec` all but its last second.
 *
 * @throws Error when Redis does not answer for 10 s, or is set up to lose things and is refused for it.
 */
export async function openBullmqInbox(options: BullmqInboxOptions): Promise<BullmqInbox> {
  const { log, pauses = PAUSES } = options
  const endpoint: RedisEndpoint = options
  const prefix = options.prefix ?? 'tektite'
  const redis = connectForRequests(endpoint)
  try {
    const { onUnsafeRedis = 'warn', onEviction = onUnsafeRedis } = options
    const looks = [
      { trouble: await evictionTrouble(redis), answer: onEviction },
      { trouble: await persistenceTrouble(redis), answer: onUnsafeRedis },
    ]
    for (const { trouble, answer } of looks) {
      if (trouble !== undefined && answer === 'refuse') throw new Error(trouble)
      if (trouble !== undefined) log.warn('this Redis may lose deliveries', { trouble })
    }
  } catch (error) {
    redis.disconnect()
    throw error
  }
  const deliveries = redisDeliveries(redis, prefix, options.retentionMs ?? RETENTION_MS)
  const name = { prefix, name: DISPATCHES }
  const workers: JobWorker[] = []
  const probeKey = `${prefix}:inbox-probe:${randomUUID()}`
  const queue = openQueue<{ readonly id: string }>(redis, name, log)
  const queueing = new Set<Promise<void>>()
  const rejections = collectRejections(deliveries.reject, log)

  /** Queues a look at a delivery, in the background: whoever misses it is found by the sweep. */
  function lookAt(id: string, when: { readonly delay?: number; readonly evenIfActive?: boolean } = {}): void {
    const { delay = 0, evenIfActive = false } = when
    const deduplication = evenIfActive ? { id, keepLastIfActive: true, replace: true } : { id }
    const queued = queue
      .add('dispatch', { id }, { delay, deduplication })
      .catch(cause =>
        log.warn('queueing a delivery; the sweep will find it', { delivery: id, cause: describeError(cause) }),
      )
    queueing.add(queued)
    void queued.then(() => queueing.delete(queued))
  }

  async function accept(delivery: Delivery) {
    const accepted = await deliveries.store(delivery)
    if (accepted.is === 'new') lookAt(delivery.id)
    return accepted
  }

  function dispatch(dispatcher: Dispatcher, { concurrency }: { readonly concurrency: number }): InboxWorker {
    /** Pauses asked for by tries that have ended, by job id. */
    const again = new Map<string, number>()
    /** Whose last try here ended, but Redis did not take it: no death, if it is noted in the next. */
    const survivors = new Set<string>()
    const company = createCompany()

    async function process(job: Job): Promise<void> {
      const id = (job.data as { readonly id?: unknown } | null)?.id
      if (typeof id !== 'string') {
        log.warn('dropped a job that names no delivery', { jobId: job.id })
        return
      }
      try {
        const at = await tryNow(id)
        if (at !== undefined) again.set(job.id, at)
      } catch (error) {
        // Redis, not the delivery: what it did stands, and that it did it will be found out by doing it again.
        log.warn('dispatching a delivery', { delivery: id, cause: describeError(error) })
        survivors.add(id)
        again.set(job.id, Date.now() + pauses.firstMs)
      }
    }

    function tryNow(id: string): Promise<number | undefined> {
      const { finish, pause } = deliveries
      const begin: TryStore['begin'] = async limits => {
        const begun = await deliveries.begin(id, limits)
        survivors.delete(id)
        return begun
      }
      return tryOnce({ begin, finish, pause }, dispatcher, survivors.has(id), company, options)
    }

    function onCompleted(job: Job): void {
      const at = again.get(job.id)
      if (at === undefined) return
      again.delete(job.id)
      lookAt((job.data as { readonly id: string }).id, { delay: Math.max(at - Date.now(), 0) })
    }

    const lockMs = options.lockMs ?? 3_000
    const { canaryMs } = options
    const settings = { concurrency, lockMs, silentMs: 5_000, canaryMs, process, onCompleted }
    const worker = openWorker(endpoint, name, queue, settings)
    workers.push(worker)
    const sweeping = startSweep()
    return {
      async close() {
        sweeping.stop()
        await worker.close()
        await sweeping.ended()
        await Promise.all(queueing)
      },
    }
  }

  function startSweep(): { stop(): void; ended(): Promise<void> } {
    const { sweepMs = 2_000 } = options
    let stopped = false
    let current = Promise.resolve()
    // The line is sorted by age: what has no job comes to its front as the others are done. So one page is enough,
    // but for the first time, when nothing may move before.
    const sweep = async (pages: number) => {
      try {
        if (!(await deliveries.claimSweep(sweepMs))) return
        for (let page = 0; page < pages && !stopped; page++) {
          const ids = await deliveries.open(page * SWEEP_PAGE, SWEEP_PAGE)
          for (const id of ids) lookAt(id)
          await Promise.all(queueing)
          if (ids.length < SWEEP_PAGE) break
        }
        await deliveries.forgetExpired()
      } catch (error) {
        log.warn('sweeping the inbox', { cause: describeError(error) })
      }
    }
    current = sweep(Number.POSITIVE_INFINITY)
    const timer = setInterval(() => {
      current = current.then(() => (stopped ? undefined : sweep(1)))
    }, sweepMs)
    timer.unref()
    return {
      stop() {
        stopped = true
        clearInterval(timer)
      },
      ended: () => current,
    }
  }

  return {
    accept,
    dispatch,
    get: deliveries.read,
    reject: rejections.add,
    find: deliveries.find,
    list: (options = {}) => deliveries.list(options),
    signs: () => workers.map(worker => worker.signs()),
    async probe() {
      await requestWithin(redis, 'writing a probe', () => redis.set(probeKey, '', 'PX', PROBE_KEPT_MS))
    },
    async replay(id) {
      if (!(await deliveries.reopen(id))) return undefined
      // The job of the dispatch before may not have left Redis yet.
      lookAt(id, { evenIfActive: true })
      return deliveries.read(id)
    },
    async close() {
      await rejections.close()
      await Promise.all(queueing)
      await queue.close()
      redis.disconnect()
    },
  }
}
