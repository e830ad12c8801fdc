import type { Retry } from './resolver.js'

export const NO_RETRY: Retry = { attempts: 1, firstMs: 0, factor: 1, jitter: 0, capMs: 0, everyError: false }
