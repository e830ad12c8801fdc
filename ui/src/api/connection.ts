/** Whether what the page shows is kept up to date, all its watches together. */
import { useSyncExternalStore } from 'react'

const lost = new Set<object>()
const listeners = new Set<() => void>()

/** `watch`: any object that stands for it. */
export function connectionIs(state: 'live' | 'lost', watch: object): void {
  const before = lost.size
  if (state === 'lost') lost.add(watch)
  else lost.delete(watch)
  if (before !== lost.size) for (const listener of listeners) listener()
}

export function useIsConnectionLost(): boolean {
  return useSyncExternalStore(
    listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => lost.size > 0,
  )
}
