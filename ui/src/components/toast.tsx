/** What came of something one did: said at the edge of the page, read out, and gone again. */
import { type ReactNode, useSyncExternalStore } from 'react'
import { messageOf } from '../api/client.js'
import { Icon } from './icons.js'
import { StatusIcon } from './status.js'

interface Toast {
  readonly id: number
  readonly status: 'succeeded' | 'failed'
  readonly content: ReactNode
}

const SHOWN_MS = 6_000
let toasts: readonly Toast[] = []
let last = 0
const listeners = new Set<() => void>()

export function say(content: ReactNode): void {
  add('succeeded', content)
}

/** Stays until it is closed: an error that fades is an error that nobody read. */
export function complain(error: unknown): void {
  add('failed', messageOf(error))
}

function add(status: Toast['status'], content: ReactNode): void {
  last += 1
  const id = last
  change([...toasts.slice(-3), { id, status, content }])
  if (status === 'succeeded') setTimeout(() => remove(id), SHOWN_MS)
}

function remove(id: number): void {
  change(toasts.filter(toast => toast.id !== id))
}

function change(to: readonly Toast[]): void {
  toasts = to
  for (const listener of listeners) listener()
}

export function Toasts() {
  const shown = useSyncExternalStore(
    listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => toasts,
  )
  return (
    <div className="toasts" aria-live="polite">
      {shown.map(({ id, status, content }) => (
        <div key={id} className="toast" role={status === 'failed' ? 'alert' : 'status'}>
          <StatusIcon status={status} />
          <div>{content}</div>
          <button type="button" className="button quiet small square" aria-label="Close" onClick={() => remove(id)}>
            <Icon name="close" size={14} />
          </button>
        </div>
      ))}
    </div>
  )
}
