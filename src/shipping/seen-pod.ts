import type { Pod } from '../resources/core.js'
import type { SeenPod } from './ship-container.js'

export interface SeenPodWriter extends SeenPod {
  set(pod: Pod | undefined): void
}

export function createSeenPod(first: Pod): SeenPodWriter {
  let current: Pod | undefined = first
  const waiting = new Set<() => void>()
  return {
    now: () => current,
    set(pod) {
      current = pod
      for (const wake of [...waiting]) wake()
    },
    change(signal) {
      return new Promise(resolve => {
        const wake = () => {
          waiting.delete(wake)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        waiting.add(wake)
        signal.addEventListener('abort', wake)
        if (signal.aborted) wake()
      })
    },
  }
}
