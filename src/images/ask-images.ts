/**
 * Asks registries what images run. A pass waits a moment for the answer; what takes longer goes on without it, and its
 * answer is there when the run is looked at again: a slow registry holds up nobody but those who use it.
 */
import type { Cluster } from '../cluster/cluster.js'
import type { Guard } from '../fetch/guard.js'
import { describeError } from '../lib/fault.js'
import { createSlots, type Slots } from '../lib/slots.js'
import type { ImageAnswer, ImageAnswers, ImageCommand, ImagesQuestion } from '../pod/image-commands.js'
import { pullLogin } from '../resolve/oci-credentials.js'
import { type ImageReference, parseImageReference } from '../resolve/oci-reference.js'
import { openRegistry } from '../resolve/oci-registry.js'
import { ResolutionError } from '../resolve/resolver.js'
import { deadline, pause } from '../timers.js'
import { imageCommands } from './image-info.js'
import { createKept } from './kept.js'

export interface AskImagesDeps {
  /** For pull secrets: what is in them is used for the asking, and goes no further. */
  readonly cluster: Pick<Cluster, 'get'>
  readonly guard: () => Promise<Guard>
  readonly now: () => number
  /** Ends all asking. */
  readonly stopping: AbortSignal
  /** Milliseconds; tests are less patient. */
  readonly passWaitsMs?: number
  readonly registryMs?: number
}

/** Of one pass. */
const PASS_WAITS_MS = 2_000
/** Of one image, with all that it takes. */
const REGISTRY_MS = 15_000
const AT_ONCE = 16
const AT_ONCE_OF_A_REGISTRY = 4
/** A tag may be moved. Long enough for the tasks of a matrix that begin together, and for a pass to come back. */
const TAG_MS = 5_000
/** Whoever has mended something tries again. */
const FAILURE_MS = 2_000
const MOST_KEPT = 1_024

export function createAskImages(deps: AskImagesDeps): (question: ImagesQuestion) => Promise<ImageAnswers> {
  const { now, stopping, passWaitsMs = PASS_WAITS_MS, registryMs = REGISTRY_MS } = deps
  const answers = createKept<ImageAnswer>(MOST_KEPT, now)
  // Of one digest for ever. Looked at only by who has got that digest from the registry with a login of their own.
  const commands = createKept<Readonly<Record<string, ImageCommand>>>(MOST_KEPT, now)
  const flights = new Map<string, Promise<ImageAnswer>>()
  const slots = createSlots(AT_ONCE)
  const ofRegistry = new Map<string, { readonly slots: Slots; users: number }>()

  /** Room of the registry first: those who wait for a slow one take no room from others. */
  async function inTurn<T>(registry: string, work: () => Promise<T>): Promise<T> {
    const room = ofRegistry.get(registry) ?? { slots: createSlots(AT_ONCE_OF_A_REGISTRY), users: 0 }
    ofRegistry.set(registry, room)
    room.users += 1
    // One each: many wait, and Node takes many listeners of one signal for a leak.
    const signal = AbortSignal.any([stopping])
    try {
      return await room.slots.run(() => slots.run(work, signal), signal)
    } finally {
      room.users -= 1
      if (room.users === 0) ofRegistry.delete(registry)
    }
  }

  async function read(reference: ImageReference, question: ImagesQuestion): Promise<ImageAnswer> {
    const { namespace, architectures, pullSecrets, serviceAccountName: serviceAccount } = question
    const place = `${reference.registry}/${reference.repository}`
    const signal = AbortSignal.any([stopping, deadline(registryMs)])
    const login = await pullLogin(deps.cluster, namespace, { secrets: pullSecrets, serviceAccount }, place)
    const registry = openRegistry(reference, { guard: await deps.guard(), signal, login })
    const manifest = await registry.manifest(reference.version)
    const key = [place, manifest.digest, ...architectures].join(' ')
    const found = commands.get(key) ?? (await imageCommands(registry, manifest, architectures))
    commands.keep(key, found, Number.POSITIVE_INFINITY)
    return { is: 'found', image: `${place}@${manifest.digest}`, commands: found }
  }

  async function askOne(image: string, question: ImagesQuestion): Promise<ImageAnswer> {
    const reference = parseImageReference(image)
    if (typeof reference === 'string') return { is: 'failed', message: reference }
    try {
      return await inTurn(reference.registry, () => read(reference, question))
    } catch (error) {
      if (error instanceof ResolutionError && !error.temporary) return { is: 'failed', message: error.message }
      // Whoever looks next asks anew.
      if (stopping.aborted) return { is: 'pending' }
      if (error instanceof ResolutionError) return { is: 'away', message: error.message }
      const isLate = error instanceof DOMException && error.name === 'TimeoutError'
      return { is: 'away', message: isLate ? `no answer within ${registryMs / 1_000} s` : describeError(error) }
    }
  }

  function fly(key: string, image: string, question: ImagesQuestion): Promise<ImageAnswer> {
    const flight = askOne(image, question).then(answer => {
      flights.delete(key)
      const forEver = answer.is === 'found' && image.includes('@')
      answers.keep(key, answer, forEver ? Number.POSITIVE_INFINITY : answer.is === 'found' ? TAG_MS : FAILURE_MS)
      return answer
    })
    flights.set(key, flight)
    return flight
  }

  return async question => {
    const { namespace, images, architectures, pullSecrets, serviceAccountName } = question
    const enough = new AbortController()
    const waited = pause(passWaitsMs, enough.signal)
    const asked = images.map(async (image): Promise<readonly [string, ImageAnswer]> => {
      // What one may see, another may not: answers are kept for those who would ask with the same secrets.
      const key = JSON.stringify([namespace, serviceAccountName, pullSecrets, architectures, image])
      const answer = answers.get(key) ?? flights.get(key) ?? fly(key, image, question)
      const late = waited.then((): ImageAnswer => ({ is: 'pending' }))
      return [image, await Promise.race([answer, late])]
    })
    const told = await Promise.all(asked)
    enough.abort()
    return new Map(told)
  }
}
