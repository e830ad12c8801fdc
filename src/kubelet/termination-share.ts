/**
 * How much of a container's last words goes into its Pod's status. Kubernetes keeps 4096 bytes of each and 12 KiB of all;
 * here results are to have more room, and an object may have 1.5 MiB.
 */
import type { Pod } from '../resources/core.js'

/** Of all containers of a Pod together, in equal parts. A third of an object is left for scripts, spec and states. */
export const POD_MESSAGE_BYTES = 2 ** 20

/** What Kubernetes keeps, and what is left of words that ask for more than their share. */
const KUBERNETES_BYTES = 4096

/** @returns the words, or as much of them as Kubernetes would keep */
export function lastWords(pod: Pod, message: string): string {
  if (message.length <= KUBERNETES_BYTES / 4) return message
  const containers = pod.spec.containers.length + (pod.spec.initContainers?.length ?? 0)
  // As JSON, because that is what they are stored as: quotes and backslashes take two bytes.
  if (Buffer.byteLength(JSON.stringify(message)) - 2 <= POD_MESSAGE_BYTES / Math.max(1, containers)) return message
  const kept = Buffer.from(message).subarray(0, KUBERNETES_BYTES)
  return new TextDecoder().decode(kept, { stream: true }) // without the half of a character at the end
}
