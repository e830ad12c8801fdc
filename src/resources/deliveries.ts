/** `Delivery` of tektite.dev, as the API shows one: no store keeps it as an object. */

export type DeliveryPhase = 'Pending' | 'Dispatched' | 'GivenUp' | 'Rejected'
export type TriggerVerdict = 'fired' | 'filtered' | 'failed'

export interface DeliveryObject {
  readonly apiVersion: string
  readonly kind: 'Delivery'
  readonly metadata: {
    /** The event id of its first dispatch: what the listener answered, and the label of what was created. */
    readonly name: string
    readonly namespace: string
    readonly uid: string
    readonly creationTimestamp: string
    readonly labels: Readonly<Record<string, string>>
  }
  readonly spec: {
    /** The sender's id, below the listener it came to. */
    readonly id: string
    readonly target: { readonly kind: 'EventListener' | 'Schedule'; readonly name: string }
    /** As `src/trigger/source.ts` names them: `github`, `schedule`, `webhook`. */
    readonly source: string
    readonly event: string
    readonly subject: string
    /** With milliseconds. */
    readonly receivedAt: string
    readonly url: string
    /** One delivery only. Credentials are `***`. */
    readonly headers?: Readonly<Record<string, readonly string[]>>
    readonly body: {
      readonly bytes: number
      readonly sha256: string
      /** On demand only: `text` when it is UTF-8, `base64` when not. */
      readonly text?: string
      readonly base64?: string
    }
  }
  readonly status: DispatchStatus & {
    /** How often it came. */
    readonly copies: number
    /** One delivery only: how it ended before it was replayed, oldest first. */
    readonly earlier?: readonly DispatchStatus[]
  }
}

/** Of one dispatch: the first one, or of a replay. */
export interface DispatchStatus {
  readonly phase: DeliveryPhase
  /** 0: the first dispatch. */
  readonly replay: number
  /** When it ended. */
  readonly dispatchedAt?: string
  readonly durationMs?: number
  /** How many triggers. */
  readonly verdicts?: Readonly<Record<TriggerVerdict, number>>
  /** What was created; in a list the first few. */
  readonly created?: readonly ObjectReference[]
  /** Why nothing, or not everything, was created. */
  readonly message?: string
  /** One delivery only, in the order of the listener. */
  readonly triggers?: readonly TriggerStatus[]
}

export interface ObjectReference {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

export interface TriggerStatus {
  readonly name: string
  readonly namespace: string
  readonly verdict: TriggerVerdict | 'rejected'
  /** The interceptor that filtered it; of a rejected delivery what it should have proved: header and Secret. */
  readonly by: string
  readonly created: readonly ObjectReference[]
  readonly message: string
}
