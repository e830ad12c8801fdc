import { useCallback } from 'react'
import { useSearchParams } from 'wouter'

/** One word of the address; '' when it is not there. What is typed replaces the address, so that Back goes a page back. */
export function useParameter(name: string): readonly [string, (value: string) => void] {
  const [params, setParams] = useSearchParams()
  const set = useCallback(
    (value: string) => {
      setParams(
        before => {
          const after = new URLSearchParams(before)
          if (value === '') after.delete(name)
          else after.set(name, value)
          return after
        },
        { replace: true },
      )
    },
    [name, setParams],
  )
  return [params.get(name) ?? '', set]
}
