/** How a request is answered whose body nobody wants to read. */
import type { IncomingMessage, ServerResponse } from 'node:http'

/** nginx's `lingering_timeout`. */
const LINGER_MS = 5_000

/**
 * Ends the response when the sender has ended too, or after 5 s. Closing at once would make the kernel reset the
 * connection over the bytes still on their way, and the sender would see a broken pipe in place of the answer.
 * The response must have its whole text, with its length: it is read long before this is over.
 */
export function endAfterSender(request: IncomingMessage, response: ServerResponse): void {
  const end = () => {
    clearTimeout(timer)
    response.end()
  }
  const timer = setTimeout(end, LINGER_MS)
  timer.unref()
  request.once('end', end).once('close', end)
  // Whoever counted the bytes so far is done with them: the rest flows past.
  request.removeAllListeners('data').resume()
}
