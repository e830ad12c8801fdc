/** How often a resolver tries, from its ConfigMap's `backoff-*` keys. */
import { parseDuration } from '../lib/duration.js'
import type { Retry } from './resolver.js'

export const NO_RETRY: Retry = { attempts: 1, firstMs: 0, factor: 1, jitter: 0, capMs: 0 }

/** Ours, for HTTP: a connection that was reset is worth another try, and nobody waits long for an answer that is final. */
export const HTTP_RETRY: Retry = { attempts: 3, firstMs: 300, factor: 3, jitter: 0.1, capMs: 3_000 }

/** Node's timers count in 31 bits, and a longer timeout would be none. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** What is no duration or number counts as not written. */
export function retryFrom(config: ReadonlyMap<string, string>, defaults: Retry): Retry {
  return {
    attempts: Math.max(1, Math.floor(number(config.get('backoff-steps')) ?? defaults.attempts)),
    firstMs: parseDuration(config.get('backoff-duration') ?? '') ?? defaults.firstMs,
    factor: number(config.get('backoff-factor')) ?? defaults.factor,
    jitter: number(config.get('backoff-jitter')) ?? defaults.jitter,
    capMs: parseDuration(config.get('backoff-cap') ?? '') ?? defaults.capMs,
  }
}

/** `fetch-timeout`; one minute when it is missing. Undefined when it is no duration. */
export function fetchTimeoutMs(config: ReadonlyMap<string, string>): number | undefined {
  const written = config.get('fetch-timeout') ?? ''
  const ms = written === '' ? 60_000 : parseDuration(written)
  return ms !== undefined && ms > 0 ? Math.min(ms, MAX_TIMER_MS) : undefined
}

function number(text: string | undefined): number | undefined {
  const value = Number(text)
  return text !== undefined && text !== '' && Number.isFinite(value) && value >= 0 ? value : undefined
}
