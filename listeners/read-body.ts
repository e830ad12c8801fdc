/** A request's body as the bytes that came, counted while they come. */
import type { IncomingMessage } from 'node:http'

export type BodyReading =
  /** Call `leave` when the bytes are not needed any more. */
  | { readonly is: 'read'; readonly bytes: Uint8Array; readonly leave: () => void }
  | { readonly is: 'tooLarge' }
  /** Too many large bodies are being read already. */
  | { readonly is: 'busy' }
  /** A large body that came slowly while others waited. */
  | { readonly is: 'tooSlow' }
  /** The sender went away: there is nobody to answer. */
  | { readonly is: 'aborted' }

/** A body above this needs a place; those below are bounded by the number of connections. */
const LARGE_BYTES = 1_048_576

/** Places for large bodies, so that memory is bounded by places × limit and not by who sends. */
export interface LargeBodies {
  /**
   * Resolves to a function that gives the place back; to undefined when too many wait already. `hurry` is called when
   * others wait and this one has had its time: whoever sends slowly must not keep out those who do not.
   */
  enter(hurry: () => void): Promise<(() => void) | undefined>
}

export interface LargeBodyLimits {
  readonly places: number
  readonly maxWaiting: number
  /** How long a body may keep its place while others wait. */
  readonly fairMs: number
}

export function createLargeBodies({ places, maxWaiting, fairMs }: LargeBodyLimits): LargeBodies {
  const waiting: (() => void)[] = []
  /** In the order of their coming. */
  const holders = new Set<{ readonly hurry: () => void; hadItsTime: boolean }>()
  let taken = 0

  function hurryOne(): void {
    const longest = [...holders].find(holder => holder.hadItsTime)
    if (waiting.length > 0) longest?.hurry()
  }

  function giveBack(): void {
    const next = waiting.shift()
    if (next === undefined) taken -= 1
    else next()
  }

  return {
    async enter(hurry) {
      if (taken < places) taken += 1
      else if (waiting.length >= maxWaiting) return undefined
      else {
        const turn = new Promise<void>(resolve => waiting.push(resolve))
        hurryOne()
        await turn
      }
      const holder = { hurry, hadItsTime: false }
      holders.add(holder)
      const timer = setTimeout(() => {
        holder.hadItsTime = true
        hurryOne()
      }, fairMs)
      return () => {
        clearTimeout(timer)
        if (holders.delete(holder)) giveBack()
      }
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
      leave = await largeBodies.enter(() => {
        request.pause()
        resolve({ is: 'tooSlow' })
      })
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
