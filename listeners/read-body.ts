/** A request's body as the bytes that came, counted while they come. */
import type { IncomingMessage } from 'node:http'

export type BodyReading =
  /** Call `leave` when the bytes are not needed any more. */
  | { readonly is: 'read'; readonly bytes: Uint8Array; readonly leave: () => void }
  | { readonly is: 'tooLarge' }
  /** Too many large bodies are being read already. */
  | { readonly is: 'busy' }
  /** The sender went away: there is nobody to answer. */
  | { readonly is: 'aborted' }

/** A body above this needs a place; those below are bounded by the number of connections. */
const LARGE_BYTES = 1_048_576

/** Places for large bodies, so that memory is bounded by places × limit and not by who sends. */
export interface LargeBodies {
  /** Resolves to a function that gives the place back; to undefined when too many wait already. */
  enter(): Promise<(() => void) | undefined>
}

export function createLargeBodies(places: number, maxWaiting: number): LargeBodies {
  const waiting: (() => void)[] = []
  let free = places
  const leave = () => {
    const next = waiting.shift()
    if (next === undefined) free += 1
    else next()
  }
  const leaveOnce = () => {
    let left = false
    return () => {
      if (!left) leave()
      left = true
    }
  }
  return {
    enter: async () => {
      if (free > 0) free -= 1
      else if (waiting.length >= maxWaiting) return undefined
      else await new Promise<void>(resolve => waiting.push(resolve))
      return leaveOnce()
    },
  }
}

/** Stops reading at the first byte over `maxBytes`. A large body keeps its place until its reader leaves. */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  largeBodies: LargeBodies,
): Promise<BodyReading> {
  const chunks: Buffer[] = []
  let total = 0
  let leave: (() => void) | undefined
  let entering = false
  const reading = await new Promise<BodyReading>(resolve => {
    const enter = async () => {
      entering = true
      request.pause()
      leave = await largeBodies.enter()
      if (leave === undefined) resolve({ is: 'busy' })
      // Went away while it waited: nothing will call us again.
      else if (request.destroyed && !request.readableEnded) resolve({ is: 'aborted' })
      else request.resume()
    }
    request.on('data', (chunk: Buffer) => {
      total += chunk.length
      if (total > maxBytes) {
        request.pause()
        resolve({ is: 'tooLarge' })
        return
      }
      chunks.push(chunk)
      if (total > LARGE_BYTES && !entering) void enter()
    })
    request.on('end', () => resolve({ is: 'read', bytes: Buffer.concat(chunks), leave: () => leave?.() }))
    request.on('error', () => resolve({ is: 'aborted' }))
    request.on('close', () => resolve({ is: 'aborted' }))
    if (request.destroyed) resolve({ is: 'aborted' })
  })
  if (reading.is !== 'read') leave?.()
  return reading
}
