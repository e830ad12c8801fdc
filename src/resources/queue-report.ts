/** What waits to be looked at, and who looks: `queue` of tektite.dev, which no store keeps. */

export interface QueueReport {
  readonly apiVersion: string
  readonly kind: 'QueueReport'
  readonly queues: readonly QueueCounts[]
  /** Processes that look at runs. */
  readonly workers: readonly WorkerReport[]
  /** Processes that take webhooks in and fire schedules. */
  readonly listeners: readonly ProcessReport[]
}

/** Runs, by where they are. A run that only waits for its Pods is in none of these. */
export interface QueueCounts {
  readonly name: string
  /** For a worker to be free. */
  readonly waiting: number
  /** Looked at right now. */
  readonly active: number
  /** To be looked at again when a time has come. */
  readonly delayed: number
  /** To be looked at again after a fault: of the network, the disk, the API server. */
  readonly failed: number
}

export interface ProcessReport {
  /** Its name among the others. */
  readonly id: string
  readonly host: string
  readonly version: string
  /** RFC 3339. */
  readonly startedAt: string
}

export interface WorkerReport extends ProcessReport {
  /** Runs that it looks at together, at most. */
  readonly concurrency: number
  readonly active: number
}
