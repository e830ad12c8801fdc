import type { KeyboardEvent, ReactNode, Ref } from 'react'
import { Icon, type IconName } from '../components/icons.js'
import type { LogSearch } from './use-log-search.js'

export function LogSearchField({
  search,
  field,
  onStep,
}: {
  readonly search: LogSearch
  readonly field: Ref<HTMLInputElement>
  readonly onStep: (by: 1 | -1) => void
}) {
  const { sought, setSought, found, place, problem } = search
  function press(event: KeyboardEvent<HTMLInputElement>) {
    if (event.key === 'Enter') {
      event.preventDefault()
      onStep(event.shiftKey ? -1 : 1)
    } else if (event.key === 'Escape') {
      setSought('')
      event.currentTarget.blur()
    }
  }
  const count = found?.lines.length ?? 0
  return (
    <div className="log-search">
      <span className="search">
        <Icon name="search" size={14} />
        <input
          ref={field}
          className="input"
          data-search
          type="text"
          placeholder="Search the log"
          aria-label="Search the log"
          spellCheck={false}
          autoComplete="off"
          value={sought}
          onChange={event => setSought(event.target.value)}
          onKeyDown={press}
        />
      </span>
      {sought !== '' && (
        <>
          <span className="log-found numeric" role="status">
            {problem !== ''
              ? problem
              : found === undefined
                ? 'Searching…'
                : count === 0
                  ? 'Nothing found'
                  : `${place === 0 ? '–' : place.toLocaleString('en')}/${count.toLocaleString('en')}${found.isComplete ? '' : '+'}`}
          </span>
          <LogButton icon="up" label="Previous match" disabled={count === 0} onClick={() => onStep(-1)} />
          <LogButton icon="down" label="Next match" disabled={count === 0} onClick={() => onStep(1)} />
        </>
      )}
    </div>
  )
}

export function LogButton({
  icon,
  label,
  pressed,
  disabled = false,
  onClick,
}: {
  readonly icon: IconName
  readonly label: string
  /** Of one that is on or off. */
  readonly pressed?: boolean
  readonly disabled?: boolean
  readonly onClick: () => void
}) {
  return (
    <button
      type="button"
      className="button quiet small square log-button"
      title={label}
      aria-label={label}
      {...(pressed !== undefined && { 'aria-pressed': pressed })}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} size={14} />
    </button>
  )
}

export function LogFacts({ children }: { readonly children: ReactNode }) {
  return <span className="log-facts numeric">{children}</span>
}
