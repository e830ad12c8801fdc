import type { Probe } from '../resources/core.js'
import { deadline, pause } from '../timers.js'

/** Until a container is ready for the first time its pipeline waits: look more often than the Pod asks for. */
const EAGER_PERIOD_MS = 250

/** Kubernetes' defaults. */
const DEFAULT_PERIOD_SECONDS = 10
const DEFAULT_TIMEOUT_SECONDS = 1
const DEFAULT_FAILURE_THRESHOLD = 3

export interface ProbeWatch {
  readonly probe: Probe
  /** What holds before the first answer: a container is alive, but neither started nor ready. */
  readonly initially: boolean
  readonly ask: (signal: AbortSignal) => Promise<boolean>
  /** The answer has changed: so many successes, or failures, in a row. False ends the watch. */
  readonly tell: (good: boolean) => boolean
}

/**
 * Asks again and again until `signal` aborts or `tell` says to stop. While the answer is no, it asks more often than the
 * Pod wants, but lets no more failures count: a failure threshold lasts as long as it would in a cluster.
 */
export async function watchProbe({ probe, initially, ask, tell }: ProbeWatch, signal: AbortSignal): Promise<void> {
  const periodMs = positive(probe.periodSeconds, DEFAULT_PERIOD_SECONDS) * 1000
  const timeoutMs = positive(probe.timeoutSeconds, DEFAULT_TIMEOUT_SECONDS) * 1000
  let good = initially
  /** Not before the first answer: a container that never starts has to be told of too. */
  let told = initially
  let successes = 0
  let failedPeriods = 0
  await pause((probe.initialDelaySeconds ?? 0) * 1000, signal)
  while (!signal.aborted) {
    const answered = await ask(AbortSignal.any([signal, deadline(timeoutMs)]))
    if (signal.aborted) return
    const pauseMs = good ? periodMs : Math.min(periodMs, EAGER_PERIOD_MS)
    successes = answered ? successes + 1 : 0
    failedPeriods = answered ? 0 : failedPeriods + pauseMs / periodMs
    const turned = answered
      ? !good && successes >= positive(probe.successThreshold, 1)
      : (good || !told) && failedPeriods >= positive(probe.failureThreshold, DEFAULT_FAILURE_THRESHOLD) - 1e-9
    if (turned) {
      good = answered
      told = true
      if (!tell(good)) return
    }
    await pause(good ? periodMs : pauseMs, signal)
  }
}

/** Zero means the default. Less than that an API server refuses, so it means nothing else here. */
function positive(written: number | undefined, fallback: number): number {
  return written !== undefined && written > 0 ? written : fallback
}
