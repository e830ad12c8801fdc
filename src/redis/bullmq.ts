import { randomUUID } from 'node:crypto'
import { type JobsOptions, Queue, Worker } from 'bullmq'
import { describeError } from '../lib/fault.js'
import type { Log } from '../lib/log.js'
import { connectForWorker, type Redis, type RedisEndpoint, requestWithin } from './connection.js'
import { CANARY_PRIORITY, type QueueName } from './depth.js'

/** The name of a job that is no work. */
const CANARY = 'canary'

export interface JobQueue<Data> {
  /**
   * Resolves when the job is queued, or was recognised as one that is there. Repeats itself after a lost connection,
   * so a job without `deduplication` may be queued twice.
   * @throws within about 2 s when Redis does not take it.
   */
  add(name: string, data: Data, options: Pick<JobsOptions, 'delay' | 'deduplication' | 'priority'>): Promise<void>
  /** Jobs that a worker could take now, those whose delay is over included. */
  takeable(): Promise<number>
  /** Takes out a job whose data cannot be read. True when there was one. */
  removeUnreadable(jobId: string): Promise<boolean>
  close(): Promise<void>
}

export function openQueue<Data>(redis: Redis, queueName: QueueName, log: Log): JobQueue<Data> {
  const { prefix, name } = queueName
  const key = (part: string) => `${prefix}:${name}:${part}`
  let open: Queue | undefined

  function queue(): Queue {
    if (open !== undefined) return open
    const made = new Queue(name, {
      connection: redis,
      prefix,
      // Nobody reads the events; the default keeps ten thousand of them.
      streams: { events: { maxLen: 100 } },
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    })
    made.on('error', () => {}) // The connection reports itself, and each request its own failure.
    // A queue whose first look at Redis failed never works again: make another one for the next request.
    made.waitUntilReady().catch(() => {
      if (open === made) open = undefined
      made.close().catch(cause => log.warn('closing a queue that never opened', { name, cause: describeError(cause) }))
    })
    open = made
    return made
  }

  return {
    async add(jobName, data, options) {
      await requestWithin(redis, `queueing ${jobName} in ${prefix}:${name}`, () => queue().add(jobName, data, options))
    },
    async takeable() {
      // BullMQ keeps delayed jobs sorted by time * 4096.
      const count = () =>
        Promise.all([
          redis.llen(key('wait')),
          redis.zcard(key('prioritized')),
          redis.zcount(key('delayed'), '-inf', Date.now() * 0x1000),
        ])
      const counts = await requestWithin(redis, `counting the jobs of ${prefix}:${name}`, count)
      return counts.reduce((sum, each) => sum + each, 0)
    },
    async removeUnreadable(jobId) {
      const data = await requestWithin(redis, `reading job ${jobId}`, () => redis.hget(key(jobId), 'data'))
      if (data !== null && isJson(data)) return false
      const remove = () =>
        redis
          .multi()
          .lrem(key('wait'), 0, jobId)
          .lrem(key('active'), 0, jobId)
          .del(key(jobId), key(`${jobId}:lock`))
          .exec()
      await requestWithin(redis, `removing job ${jobId}`, remove)
      return true
    },
    async close() {
      await open?.close()
    },
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

export interface Job {
  readonly id: string
  /** Whatever was put in; a shared Redis may hold a stranger's jobs. */
  readonly data: unknown
}

/** How often locks that have run out are looked for, by all workers together. */
const STALLED_MS = 300

export interface WorkerSettings {
  readonly concurrency: number
  /** A worker that has not renewed its hold on a job for this long is taken for dead. */
  readonly lockMs: number
  /** A worker with free hands that leaves jobs lying for this long is replaced. */
  readonly silentMs: number
  /**
   * After so long without a job, one that is no work is put behind all others, so that the queue moves, and whoever takes
   * nothing then is not just idle. Those who wait longest are served first, so each of many workers gets its share.
   * Default: none.
   */
  readonly canaryMs?: number | undefined
  /** Must not throw. */
  readonly process: (job: Job) => Promise<void>
  /** The job has left Redis; called after `process`, unless the hold on the job was lost meanwhile. */
  readonly onCompleted: (job: Job) => void
}

/** What a worker can say for itself. */
export interface WorkerSigns {
  /** When it last took a job or a canary, as `performance.now` counts. */
  readonly tookAt: number | undefined
  /** It works on as much as it may, and would take nothing. */
  readonly isFull: boolean
  /** How often in a row it was replaced, and took nothing then either. */
  readonly replacedInVain: number
  /** Why the last canary did not get into the queue. */
  readonly trouble: string | undefined
}

export interface JobWorker {
  signs(): WorkerSigns
  /** Takes no more jobs; resolves when those in progress have ended and Redis knows, or cannot be told. */
  close(): Promise<void>
}

/**
 * A BullMQ worker with our safety settings: BullMQ's own attempts and stall limit are out of the game, a dead worker's
 * jobs are taken over within about `lockMs` and a third of a second, and a worker that went silent (bullmq#3088) is replaced.
 */
export function openWorker(
  endpoint: RedisEndpoint,
  { prefix, name }: QueueName,
  queue: JobQueue<unknown>,
  settings: WorkerSettings,
): JobWorker {
  const { log } = endpoint
  const inProgress = new Set<Promise<void>>()
  const replaced: Promise<void>[] = []
  let lastSign = performance.now()
  let tookAt: number | undefined
  let trouble: string | undefined
  const canary = `${CANARY}/${randomUUID()}`
  let replacements = 0
  let suspectedSince: number | undefined
  let closed: Promise<void> | undefined

  function start() {
    const connection = connectForWorker(endpoint)
    const worker = new Worker(
      name,
      async job => {
        lastSign = tookAt = performance.now()
        replacements = 0
        if (job.name === CANARY) return
        const call = settings.process({ id: job.id ?? '', data: job.data })
        inProgress.add(call)
        try {
          await call
        } finally {
          inProgress.delete(call)
          lastSign = performance.now()
        }
      },
      {
        connection: connection.redis,
        prefix,
        concurrency: settings.concurrency,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
        lockDuration: settings.lockMs,
        lockRenewTime: settings.lockMs / 3,
        stalledInterval: STALLED_MS,
        maxStalledCount: Number.MAX_SAFE_INTEGER,
        runRetryDelay: 200,
        drainDelay: 5,
      },
    )
    worker.on('completed', job => settings.onCompleted({ id: job.id ?? '', data: job.data }))
    worker.on('stalled', jobId => {
      queue.removeUnreadable(jobId).then(
        removed => removed && log.warn('dropped a job that cannot be read', { queue: name, jobId }),
        cause => log.warn('checking a stalled job', { queue: name, jobId, cause: describeError(cause) }),
      )
    })
    worker.on('error', cause => {
      if (closed === undefined && connection.redis.status === 'ready') {
        log.warn('queue worker', { queue: name, cause: describeError(cause) })
      }
    })
    return { worker, connection }
  }

  /** More often until the first is taken: others may be before us in the line for it. */
  async function sendCanaries(everyMs: number): Promise<void> {
    while (closed === undefined) {
      const quietMs = performance.now() - (tookAt ?? Number.NEGATIVE_INFINITY)
      if (quietMs >= everyMs) {
        trouble = await queue.add(CANARY, {}, { priority: CANARY_PRIORITY, deduplication: { id: canary } }).then(
          () => undefined,
          (error: unknown) => describeError(error),
        )
      }
      await pause(tookAt === undefined ? everyMs / 20 : everyMs / 2)
    }
  }

  async function replaceIfSilent(): Promise<void> {
    const since = lastSign
    const quiet = inProgress.size < settings.concurrency && performance.now() - since >= settings.silentMs
    // Redis away: nothing to be silent about, and everyone who asks is told so.
    const takeable = quiet ? await queue.takeable().catch(() => 0) : 0
    const silent = takeable > 0 && lastSign === since && closed === undefined
    // Seen once, it may be a job that another worker is about to take.
    const seenBefore = suspectedSince === since
    suspectedSince = silent ? since : undefined
    if (!silent || !seenBefore) return
    log.warn('queue worker went silent and is replaced', { queue: name, takeable })
    replacements += 1
    replaced.push(stop(current))
    lastSign = performance.now()
    current = start()
  }

  async function stop({ worker, connection }: typeof current): Promise<void> {
    // Jobs in progress end in their own time; what comes after them must not wait for a Redis that is away.
    const ended = worker
      .close()
      .catch(cause => log.warn('closing a worker', { queue: name, cause: describeError(cause) }))
    await Promise.allSettled(inProgress)
    await Promise.race([ended, pause(2_000)])
    connection.drop()
  }

  let current = start()
  const watchdog = setInterval(() => void replaceIfSilent(), settings.silentMs / 2)
  watchdog.unref()
  if (settings.canaryMs !== undefined) void sendCanaries(settings.canaryMs)
  return {
    signs: () => ({
      tookAt,
      isFull: inProgress.size >= settings.concurrency,
      replacedInVain: Math.max(0, replacements - 1),
      trouble,
    }),
    close() {
      clearInterval(watchdog)
      closed ??= Promise.all([...replaced, stop(current)]).then(() => {})
      return closed
    },
  }
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => {
    setTimeout(resolve, ms).unref()
  })
}
