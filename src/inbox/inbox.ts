/** What came in and is not yet (or was already) turned into runs: the durable edge between listeners and the engine. */

/** One webhook delivery or cron tick, as it arrived. */
export interface Delivery {
  /**
   * The sender's id (`X-GitHub-Delivery` and its like), prefixed with the listener it came to; the event's own id when
   * the sender gives none. Equal id: the same delivery.
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
  /** What it is about, in one short line made from the body: lists do not read bodies. */
  readonly subject?: string
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
  | Dispatched
  /** Given up after `attempts` tries that failed, or in which the process died; a replay tries again. */
  | { readonly is: 'poisoned'; readonly at: number; readonly attempts: number; readonly reason: string }
  /** Never let in: it did not prove who sent it, to any trigger. Its body was not kept. */
  | { readonly is: 'rejected'; readonly at: number; readonly refusals: readonly Refusal[] }

/** Ended at `at` (epoch ms); the dispatch that succeeded took `durationMs`. */
export interface Dispatched {
  readonly is: 'done'
  readonly at: number
  readonly durationMs: number
  /** What each trigger made of it. */
  readonly verdicts: readonly Verdict[]
}

export interface Verdict {
  /** The trigger's name, '' when it has none. */
  readonly trigger: string
  /** The trigger's, '' when there is no trigger. */
  readonly namespace: string
  readonly is: 'fired' | 'filtered' | 'failed'
  /** The interceptor that filtered it, as its author finds it: `interceptors[1] cel "main only"`. '' otherwise. */
  readonly by: string
  /** What was created, as `PipelineRun/<namespace>/<name>`. */
  readonly created: readonly string[]
  /** Why it was filtered or failed; '' when fired. */
  readonly message: string
}

/** Why one trigger did not take a delivery in. Never contains a secret's value. */
export interface Refusal {
  readonly trigger: string
  readonly header: string
  /** `<namespace>/<name>` and key. */
  readonly secret: string
  readonly why: string
  readonly wayOut: string
}

export interface DeliveryRecord {
  readonly delivery: Delivery
  readonly state: DeliveryState
  /** How often this delivery was taken in: 1, or more after duplicates. Duplicates are counted, never dispatched. */
  readonly copies: number
  /** 0 at first; a replay counts up and becomes part of the created runs' names, so that it makes new runs. */
  readonly replay: number
  /** How the dispatches before this replay ended, oldest first: the very first one, and the newest `EARLIER_KEPT`. */
  readonly earlier: readonly EarlierDispatch[]
}

export interface EarlierDispatch {
  readonly replay: number
  readonly state: DeliveryState
}

/** Besides the very first one. */
export const EARLIER_KEPT = 9

/** A delivery in a list: small, whatever its body and however many its triggers. */
export interface DeliverySummary {
  /** In the line: `after` for a list that goes on behind it. Decimal digits. */
  readonly place: string
  readonly delivery: DeliveryMeta
  readonly bodyBytes: number
  /** SHA-256, hex. */
  readonly bodyHash: string
  readonly state: BriefState
  readonly copies: number
  readonly replay: number
}

export type DeliveryMeta = Omit<Delivery, 'body'>

export type BriefState =
  | Exclude<DeliveryState, Dispatched>
  | (Omit<Dispatched, 'verdicts'> & {
      readonly counts: Readonly<Record<Verdict['is'], number>>
      /** The first few. */
      readonly created: readonly string[]
      /** Of the first trigger that failed; if none did and none fired, of the first that filtered. */
      readonly why: string
    })

/** One that was refused at the door. Headers are masked already: nothing of it is ever checked again. */
export interface RejectedDelivery {
  readonly delivery: DeliveryMeta
  readonly bodyBytes: number
  readonly bodyHash: string
  readonly refusals: readonly Refusal[]
}

/** Whose deliveries a list is of. */
export interface ListedTarget {
  readonly namespace: string
  /** One EventListener or Schedule of it. */
  readonly of?: { readonly kind: DeliveryTarget['kind']; readonly name: string }
}

export interface ListOptions {
  /** Default 100. */
  readonly limit?: number
  /** A place, as `next` of the page before: goes on behind it, whatever has come in since. */
  readonly after?: string
  /** Default: all. */
  readonly to?: ListedTarget
}

export interface DeliveryPage {
  /** Newest first. May be fewer than asked for although there are more. */
  readonly items: readonly DeliverySummary[]
  /** A place; absent when there are no more. */
  readonly next?: string
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
 *  - It is also the history. What was rejected is kept beside the deliveries, but bounded and written in batches: a flood
 *    of it costs neither a write to the disk each nor the place of a delivery.
 *  - A process that dies in a dispatch: the delivery is dispatched again, by this process after its restart or by
 *    another one. Only `maxDeaths` such tries in a row, many more than a machine dies by itself, set it aside; and after
 *    a few of them it is tried alone, so that none of the others is taken for what kills.
 */
export interface Inbox {
  /** @throws when the delivery could not be stored: the listener answers 503 and the sender keeps it. Never hangs. */
  accept(delivery: Delivery): Promise<Accepted>
  /** Starts handing out. At most `concurrency` at a time in this process. Call once. */
  dispatch(dispatcher: Dispatcher, options: { readonly concurrency: number }): InboxWorker
  /**
   * Notes a delivery that was refused, soon; never throws. `describe` is called only when there is room: in a flood most
   * are only counted, as copies of the one before them.
   */
  reject(to: DeliveryTarget, describe: () => RejectedDelivery): void
  get(id: string): Promise<DeliveryRecord | undefined>
  /** Those whose event id begins so, at most ten. */
  find(eventIdPrefix: string): Promise<readonly DeliverySummary[]>
  /** Costs what the page holds, not what the inbox holds: no bodies are read. */
  list(options?: ListOptions): Promise<DeliveryPage>
  /**
   * Queues a done or poisoned delivery again as a deliberate redelivery. Undefined when there is no such entry, or none
   * that could be dispatched: of a rejected delivery there is no body.
   */
  replay(id: string): Promise<DeliveryRecord | undefined>
  close(): Promise<void>
}

export interface InboxWorker {
  /** Hands out nothing more; resolves when dispatches in progress have ended. */
  close(): Promise<void>
}
