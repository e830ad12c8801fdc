import type { Key } from '../resources/meta.js'

/** Names one run. The queue carries names only: handlers read the run fresh. */
export type RunKey = `${'PipelineRun' | 'TaskRun'}/${string}/${string}`

export type Outcome =
  /** Nothing to do until something changes. */
  | { readonly kind: 'settled' }
  /** Look again after this long, unless woken sooner. */
  | { readonly kind: 'again'; readonly afterMs: number }

export type RunHandler = (key: RunKey) => Promise<Outcome>

/**
 * Decides which run is looked at next. Holds no state worth keeping: lose it all, wake every unfinished run, and
 * nothing is lost but time.
 *
 *  - A wake is followed by a call that starts after it. No wake is lost, also not one that arrives while its run is
 *    being handled.
 *  - Wakes that wait for the same run are one call.
 *  - Never two calls at once for one run, over all workers and processes.
 *  - A wake cuts short a pending 'again', and the pause after a throw.
 *  - A throw is an infrastructure fault: called again after a growing pause.
 *  - A worker that dies in a call: the run is called again elsewhere.
 */
export interface RunQueue {
  /** Resolves when the wake will be honoured. @throws when the queue cannot be reached (never hangs). */
  wake(key: RunKey): Promise<void>
  work(handler: RunHandler, options: { readonly concurrency: number }): RunWorker
  /**
   * `listener` is called soon after the queue has lost wakes that it had promised to honour, or may have: then every
   * unfinished run is to be woken. A queue that lives and dies with its process never calls.
   */
  onLoss(listener: () => void): void
  /** Closes what the queue opened. Close its workers first. */
  close(): Promise<void>
}

export interface RunWorker {
  /** Takes no more runs; resolves when calls in progress have ended. */
  close(): Promise<void>
}

export function runKey(kind: 'PipelineRun' | 'TaskRun', key: Key): RunKey {
  return `${kind}/${key.namespace}/${key.name}`
}

/** The parts of a run key. @throws Error on anything that is not one: a stranger's job in a shared Redis. */
export function parseRunKey(key: string): { readonly kind: 'PipelineRun' | 'TaskRun' } & Key {
  const [kind, namespace, name, ...rest] = key.split('/')
  if ((kind !== 'PipelineRun' && kind !== 'TaskRun') || !namespace || !name || rest.length > 0) {
    throw new Error(`"${key}" is not a run key; expected PipelineRun/<namespace>/<name> or TaskRun/<namespace>/<name>`)
  }
  return { kind, namespace, name }
}
