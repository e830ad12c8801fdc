/** Anything may be thrown; everything past a catch wants an Error. */
export function ensureError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/** The message with those of its causes, for a log line or a person. */
export function describeError(thrown: unknown): string {
  const messages: string[] = []
  let current: unknown = thrown
  while (current !== undefined && messages.length < 5) {
    const error = ensureError(current)
    messages.push(error.message)
    current = error.cause
  }
  return messages.join(': ')
}
