/** Runs whose failing steps wait for a person: their clocks go on for longer. */
import { DEBUG_ON_FAILURE_ANNOTATION } from '../resources/annotations.js'

/** As long as somebody may look around in the place of a step: the timeouts of the run end it after that. */
const PAUSE_MS = 3_600_000

export function stopsAtFailures({ annotations }: { readonly annotations?: Readonly<Record<string, string>> }): boolean {
  return annotations?.[DEBUG_ON_FAILURE_ANNOTATION] === 'true'
}

/** @param timeoutMs undefined or 0 for no limit, which stays one */
export function withPause<T extends number | undefined>(
  metadata: { readonly annotations?: Readonly<Record<string, string>> },
  timeoutMs: T,
): T {
  return (timeoutMs && stopsAtFailures(metadata) ? timeoutMs + PAUSE_MS : timeoutMs) as T
}
