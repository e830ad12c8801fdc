import { useEffect, useState } from 'react'
import { Icon } from './icons.js'

const TYPING_MS = 150

/** Tells what is sought when one pauses; `/` leads to it. @param text as the address says it */
export function SearchField({
  label,
  placeholder,
  text,
  onSearch,
}: {
  readonly label: string
  readonly placeholder: string
  readonly text: string
  readonly onSearch: (text: string) => void
}) {
  const [typed, setTyped] = useState(text)
  const [told, setTold] = useState(text)
  // The address changed by other means: back, a link.
  if (text !== told) {
    setTold(text)
    setTyped(text)
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what is typed begins the wait
  useEffect(() => {
    if (typed === told) return
    const timer = setTimeout(() => {
      setTold(typed)
      onSearch(typed)
    }, TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed])
  return (
    <search className="search">
      <Icon name="search" size={14} />
      <input
        className="input"
        type="search"
        aria-label={label}
        placeholder={placeholder}
        spellCheck={false}
        maxLength={200}
        data-search
        value={typed}
        onChange={event => setTyped(event.target.value)}
      />
      <kbd>/</kbd>
    </search>
  )
}
