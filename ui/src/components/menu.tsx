import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Icon } from './icons.js'

export interface MenuItem {
  readonly label: string
  /** What it does, in a few words. */
  readonly hint?: string
  readonly danger?: boolean
  readonly onChoose: () => void
}

/** A button with more to do behind it. Escape and a click elsewhere close it. */
export function Menu({ label, items }: { readonly label: ReactNode; readonly items: readonly MenuItem[] }) {
  const [isOpen, setOpen] = useState(false)
  const menu = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!isOpen) return
    const look = (event: Event) => {
      if (event instanceof KeyboardEvent ? event.key === 'Escape' : !menu.current?.contains(event.target as Node))
        setOpen(false)
    }
    document.addEventListener('pointerdown', look)
    document.addEventListener('keydown', look)
    return () => {
      document.removeEventListener('pointerdown', look)
      document.removeEventListener('keydown', look)
    }
  }, [isOpen])
  return (
    <div className="menu" ref={menu}>
      <button type="button" className="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {label}
        <Icon name="down" size={14} />
      </button>
      {isOpen && (
        <div className="menu-list">
          {items.map(({ label: text, hint, danger, onChoose }) => (
            <button
              key={text}
              type="button"
              className="menu-item"
              onClick={() => {
                setOpen(false)
                onChoose()
              }}
            >
              <span className={danger ? 'status' : ''} {...(danger && { 'data-status': 'failed' })}>
                {text}
              </span>
              {hint !== undefined && <span className="small soft">{hint}</span>}
            </button>
          ))}
        </div>
      )}
    </div>
  )
}
