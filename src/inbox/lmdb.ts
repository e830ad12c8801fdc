import { describeError } from '../lib/fault.js'
import { PAUSES, RETENTION_MS } from './attempts.js'
import { createCompany } from './company.js'
import type { Dispatcher, Inbox, InboxWorker } from './inbox.js'
import { type LmdbDeliveries, openLmdbDeliveries } from './lmdb-deliveries.js'
import { collectRejections } from './rejections.js'
import { type TryOptions, type TryStore, tryOnce } from './try-once.js'

export interface LmdbInboxOptions extends TryOptions {
  /** Where the inbox keeps its database: a directory of its own, on a local disk. */
  readonly dir: string
  readonly retentionMs?: number
}

const FORGET_EVERY_MS = 60_000
/** A disk that takes longer is as good as gone: GitHub gives a webhook 10 s. */
const DISK_DEADLINE_MS = 5_000

/**
 * The inbox of the embedded mode: one process, everything on disk before it is acknowledged. Deliveries that arrive at
 * the same time share one write to the disk.
 * @throws Error when the database cannot be opened, or is open in another process.
 */
export function openLmdbInbox(options: LmdbInboxOptions): Inbox {
  const { log, retentionMs = RETENTION_MS } = options
  const deliveries = openLmdbDeliveries(options.dir, retentionMs)
  const rejections = collectRejections(deliveries.reject, log)
  let pump = () => {}
  let closed = false

  function forgetExpired(): void {
    deliveries.forgetExpired().catch(cause => {
      if (!closed) log.warn('forgetting old deliveries', { cause: describeError(cause) })
    })
  }
  forgetExpired()
  const forgetting = setInterval(forgetExpired, FORGET_EVERY_MS)
  forgetting.unref()

  /** Told that it took too long, a caller goes away; what is stored later all the same is dispatched all the same. */
  function storedInTime<T>(doing: string, writing: Promise<T>): Promise<T> {
    const pumped = writing.then(result => {
      pump()
      return result
    })
    return within(DISK_DEADLINE_MS, doing, pumped)
  }

  function refuseWhenClosed(doing: string): void {
    if (closed) throw new Error(`${doing}: the inbox in ${options.dir} is closed`)
  }

  return {
    async accept(delivery) {
      refuseWhenClosed(`accepting delivery ${delivery.id}`)
      return storedInTime(`storing delivery ${delivery.id}`, deliveries.store(delivery))
    },
    dispatch(dispatcher, { concurrency }) {
      refuseWhenClosed('dispatching')
      const loop = startDispatching(deliveries, dispatcher, concurrency, options)
      pump = loop.pump
      return {
        close() {
          pump = () => {}
          return loop.close()
        },
      }
    },
    async get(id) {
      return deliveries.read(id)
    },
    reject(to, describe) {
      if (!closed) rejections.add(to, describe)
    },
    async find(eventIdPrefix) {
      return deliveries.find(eventIdPrefix)
    },
    async list(options = {}) {
      return deliveries.list(options)
    },
    async replay(id) {
      refuseWhenClosed(`replaying delivery ${id}`)
      return storedInTime(`replaying delivery ${id}`, deliveries.reopen(id))
    },
    async close() {
      if (closed) return
      closed = true
      clearInterval(forgetting)
      await rejections.close()
      await deliveries.close()
    },
  }
}

/**
 * Takes open deliveries in the order of their arrival. The open table on disk is the line, `last` is how far we are in
 * it, so a backlog costs no memory; those that wait for another try have a timer.
 */
function startDispatching(
  deliveries: LmdbDeliveries,
  dispatcher: Dispatcher,
  concurrency: number,
  options: LmdbInboxOptions,
): InboxWorker & { pump(): void } {
  const { log, pauses = PAUSES } = options
  const inProgress = new Set<Promise<void>>()
  const pausing = new Set<NodeJS.Timeout>()
  const due: string[] = []
  /** Whose last try ended, but the disk did not take it: no death, if it is noted in the next. */
  const survivors = new Set<string>()
  const company = createCompany()
  let last = 0
  let closing = false

  function pump(): void {
    while (!closing && inProgress.size < concurrency) {
      const key = due.shift() ?? takeNext()
      if (key === undefined) return
      const one = tryNow(key)
        .catch(cause => {
          // The disk, not the delivery: no try is counted for it.
          log.error('inbox storage', { cause: describeError(cause) })
          survivors.add(key)
          pauseUntil(key, Date.now() + pauses.firstMs)
        })
        .then(() => {
          inProgress.delete(one)
          pump()
        })
      inProgress.add(one)
    }
  }

  function takeNext(): string | undefined {
    const next = deliveries.openAfter(last)
    if (next === undefined) return undefined
    last = next.place
    return next.key
  }

  function pauseUntil(key: string, at: number): void {
    if (closing) return
    const timer = setTimeout(() => {
      pausing.delete(timer)
      due.push(key)
      pump()
    }, at - Date.now())
    pausing.add(timer)
  }

  async function tryNow(key: string): Promise<void> {
    const store: TryStore = {
      async begin(limits) {
        const begun = await deliveries.begin(key, Date.now(), limits)
        survivors.delete(key)
        return begun
      },
      finish: (record, state) => deliveries.finish(key, record, state),
      pause: (record, tries, at) => deliveries.pause(key, record, tries, at),
    }
    const at = await tryOnce(store, dispatcher, survivors.has(key), company, options)
    if (at !== undefined) pauseUntil(key, at)
  }

  pump()
  return {
    pump,
    async close() {
      closing = true
      for (const timer of pausing) clearTimeout(timer)
      await Promise.all(inProgress)
    },
  }
}

function within<T>(ms: number, doing: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${doing}: not on the disk within ${ms} ms`)), ms)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
