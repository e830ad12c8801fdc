import { useState } from 'react'

/** A choice that this browser keeps. */
export function useKept(key: string, otherwise: boolean): readonly [boolean, (yes: boolean) => void] {
  const [value, setValue] = useState(() => {
    const kept = localStorage.getItem(key)
    return kept === null ? otherwise : kept === 'yes'
  })
  function keep(yes: boolean) {
    localStorage.setItem(key, yes ? 'yes' : 'no')
    setValue(yes)
  }
  return [value, keep]
}
