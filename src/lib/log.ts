/** Logs are a constant message plus fields; never a value inside the message, never a secret or a payload in a field. */
export type LogFields = Readonly<Record<string, unknown>>

export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

const nothing = (): void => {}

export const SILENT: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing }
