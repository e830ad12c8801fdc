/** JSON with its objects and lists to open and close. What is closed is not drawn. */
import { useState } from 'react'
import { Icon } from '../../components/icons.js'

/** Levels that are open from the start. */
const OPEN_LEVELS = 2
const MOST_CHILDREN = 100
const MOST_CHARACTERS = 2_000

export function JsonTree({ value }: { readonly value: unknown }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled with keys
    <div className="code json" tabIndex={0}>
      <Children value={value} level={0} />
    </div>
  )
}

function Children({ value, level }: { readonly value: unknown; readonly level: number }) {
  const entries = Object.entries(value as object)
  const [shown, setShown] = useState(MOST_CHILDREN)
  return (
    <ul>
      {entries.slice(0, shown).map(([name, child]) => (
        <li key={name}>
          <Node name={Array.isArray(value) ? undefined : name} value={child} level={level} />
        </li>
      ))}
      {entries.length > shown && (
        <li>
          <button type="button" className="log-more" onClick={() => setShown(shown + 10 * MOST_CHILDREN)}>
            {entries.length - shown} more
          </button>
        </li>
      )}
    </ul>
  )
}

function Node({
  name,
  value,
  level,
}: {
  readonly name: string | undefined
  readonly value: unknown
  readonly level: number
}) {
  const [isOpen, setOpen] = useState(level < OPEN_LEVELS)
  const label = name !== undefined && <span className="key">{name}</span>
  if (typeof value !== 'object' || value === null) {
    return (
      <span className="json-leaf">
        {label}
        {label && ': '}
        <span className="literal">{leafText(value)}</span>
      </span>
    )
  }
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  const count = Object.keys(value).length
  if (count === 0) {
    return (
      <span className="json-leaf">
        {label}
        {label && ': '}
        {open}
        {close}
      </span>
    )
  }
  return (
    <>
      <button type="button" className="json-node" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <Icon name={isOpen ? 'down' : 'right'} size={12} />
        {label}
        <span className="faint">
          {label && ' '}
          {open}
          {!isOpen && ` ${count} ${close}`}
        </span>
      </button>
      {isOpen && <Children value={value} level={level + 1} />}
    </>
  )
}

function leafText(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null'
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}… (${text.length} characters)` : text
}
