import { useSyncExternalStore } from 'react'

const query = matchMedia('(max-width: 720px)')

/** Of a phone: where the style sheets change to one column. */
export function useIsNarrow(): boolean {
  return useSyncExternalStore(
    listener => {
      query.addEventListener('change', listener)
      return () => query.removeEventListener('change', listener)
    },
    () => query.matches,
  )
}
