/** The one place that knows pino: JSON lines on stderr, so that stdout stays for results. */
import { destination, pino } from 'pino'
import type { LogLevel } from './config.js'
import type { Log } from './lib/log.js'

export function createLog(level: LogLevel): Log {
  // Synchronous: what is logged just before a crash is what one wants to read after it.
  const logger = pino({ level, base: null }, destination({ fd: 2, sync: true }))
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
  }
}
