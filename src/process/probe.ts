/** Asks again and again whether something is there, so that health can answer at once. */
import { describeError } from '../lib/fault.js'
import { pause } from '../timers.js'

/** @returns why the last asking failed; undefined when it did not. */
export function startProbe(ask: () => Promise<void>, everyMs: number, signal: AbortSignal): () => string | undefined {
  let problem: string | undefined = 'not asked yet'
  const asking = async () => {
    while (!signal.aborted) {
      problem = await ask().then(
        () => undefined,
        (error: unknown) => describeError(error),
      )
      await pause(everyMs, signal)
    }
  }
  void asking()
  return () => problem
}
