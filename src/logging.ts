/** The one place that knows pino: JSON lines on stderr, so that stdout stays for results. */
import { createRequire } from 'node:module'
import type { Logger } from 'pino'
import { LOG_LEVELS, type LogLevel } from './config.js'
import type { Log } from './lib/log.js'

const require = createRequire(import.meta.url)

export function createLog(level: LogLevel): Log {
  let logger: Logger | undefined
  const line = (of: Exclude<LogLevel, 'silent'>): Log['info'] => {
    if (LOG_LEVELS.indexOf(of) < LOG_LEVELS.indexOf(level)) return () => undefined
    return (message, fields) => {
      logger ??= open(level)
      logger[of](fields ?? {}, message)
    }
  }
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
}

/** Loaded with the first line: a command that has nothing to say does not wait for it. */
function open(level: LogLevel): Logger {
  const { destination, pino } = require('pino') as typeof import('pino')
  // Synchronous: what is logged just before a crash is what one wants to read after it.
  return pino({ level, base: null }, destination({ fd: 2, sync: true }))
}
