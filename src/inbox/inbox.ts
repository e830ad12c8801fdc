/** What came in and is not yet (or was already) turned into runs: the durable edge between listeners and the engine. */

/** One webhook delivery or cron tick, as it arrived. */
export interface Delivery {
  /**
   * The sender's id (`X-GitHub-Delivery` and its like), prefixed with the listener it came to; a hash of listener and
   * body when the sender gives none. Equal id: the same delivery.
   */
  readonly id: string
  /** Ours, a UUID: Tekton's event id, in labels and in `$(context.eventID)`. */
  readonly eventId: string
  /** Epoch ms. */
  readonly receivedAt: number
  /** Whose triggers look at it: an EventListener that was posted to, a Schedule that was due. */
  readonly to: DeliveryTarget
  /** Path and query of the request. */
  readonly url: string
  /** Lower-case names; several values of one name in order. */
  readonly headers: Readonly<Record<string, readonly string[]>>
  /** Exactly the bytes that came: signatures are over them. */
  readonly body: Uint8Array
}

export interface DeliveryTarget {
  readonly kind: 'EventListener' | 'Schedule'
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

export type DeliveryState =
  /** Stored, waiting for its turn or being dispatched. */
  | { readonly is: 'pending' }
  /** Dispatched; `verdicts` say what each trigger made of it. */
  | { readonly is: 'done'; readonly at: number; readonly verdicts: readonly Verdict[] }
  /** Given up after `attempts` tries that failed, or in which the process died; a replay tries again. */
  | { readonly is: 'poisoned'; readonly at: number; readonly attempts: number; readonly reason: string }

export interface Verdict {
  /** The trigger's name, '' when it has none. */
  readonly trigger: string
  readonly is: 'fired' | 'filtered' | 'failed'
  /** What was created, as `PipelineRun/<namespace>/<name>`. */
  readonly created: readonly string[]
  /** Why it was filtered or failed; '' when fired. */
  readonly message: string
}

export interface DeliveryRecord {
  readonly delivery: Delivery
  readonly state: DeliveryState
  /** How often this delivery was taken in: 1, or more after duplicates. Duplicates are counted, never dispatched. */
  readonly copies: number
  /** 0 at first; a replay counts up and becomes part of the created runs' names, so that it makes new runs. */
  readonly replay: number
}

export type Accepted =
  /** Stored now, for the first time. */
  | { readonly is: 'new'; readonly eventId: string }
  /** Was there before: same id, same body. `eventId` is the first one's. */
  | { readonly is: 'duplicate'; readonly eventId: string }
  /** Same id, other body: refused, nothing changed. */
  | { readonly is: 'mismatch' }

/**
 * Turns one delivery into objects. May be called again for the same delivery (and replay) at any time, also after it
 * had succeeded but the process died before the inbox could note it: what it creates has derived names.
 * @throws NotNow when what it needs is away: tried again until it is back
 * @throws anything else when the delivery may be what is wrong: set aside as poisoned after a few tries
 */
export type Dispatcher = (record: DeliveryRecord) => Promise<readonly Verdict[]>

/**
 * The world is away, which is not the delivery's fault: it is tried again with growing pauses for as long as it takes,
 * and no try is counted. `cause` is what was away.
 */
export class NotNow extends Error {
  override readonly name = 'NotNow'
}

/**
 * Takes events in and hands each to a dispatcher until that succeeds.
 *
 *  - Durable before acknowledgement: when `accept` resolves, the delivery survives `kill -9` of this process, and for
 *    the LMDB adapter a power cut.
 *  - One entry per delivery id, also when copies arrive at the same moment and after the entry was dispatched. Entries
 *    are forgotten only after `retentionMs` (72 h: longer than any git host redelivers by itself).
 *  - Every accepted delivery is dispatched at least once, oldest first as far as concurrency allows; a dispatcher that
 *    throws is tried again with growing pauses, `maxAttempts` times in all, then the entry is set aside as poisoned
 *    with the error's message. `NotNow` is not counted: such an entry is never set aside. Neither holds up another.
 *  - A process that dies in a dispatch: the delivery is dispatched again, by this process after its restart or by
 *    another one. Only `maxDeaths` such tries in a row, many more than a machine dies by itself, set it aside.
 */
export interface Inbox {
  /** @throws when the delivery could not be stored: the listener answers 503 and the sender keeps it. Never hangs. */
  accept(delivery: Delivery): Promise<Accepted>
  /** Starts handing out. At most `concurrency` at a time in this process. Call once. */
  dispatch(dispatcher: Dispatcher, options: { readonly concurrency: number }): InboxWorker
  get(id: string): Promise<DeliveryRecord | undefined>
  /** Newest first. */
  list(options?: { readonly limit?: number }): Promise<readonly DeliveryRecord[]>
  /** Queues a done or poisoned delivery again as a deliberate redelivery. Undefined when there is no such entry. */
  replay(id: string): Promise<DeliveryRecord | undefined>
  close(): Promise<void>
}

export interface InboxWorker {
  /** Hands out nothing more; resolves when dispatches in progress have ended. */
  close(): Promise<void>
}
