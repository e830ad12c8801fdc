/** Looks again and again until `look` gives something, and says what it saw last when the deadline has passed. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  ms = 10_000,
): Promise<T> {
  const deadline = Date.now() + ms
  let error: unknown
  do {
    try {
      const seen = await look()
      if (seen !== undefined && seen !== false) return seen
    } catch (thrown) {
      error = thrown
    }
    await new Promise(resolve => setTimeout(resolve, 5))
  } while (Date.now() < deadline)
  throw new Error(`${what}: not within ${ms} ms`, { cause: error })
}
