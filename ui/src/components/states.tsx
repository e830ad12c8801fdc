/** What a page shows when there is nothing, nothing yet, or something went wrong. */
import type { ReactNode } from 'react'
import { messageOf } from '../api/client.js'
import { StatusIcon } from './status.js'

export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
    </div>
  )
}

/** Pixels: as wide as what will stand there, so that nothing moves when it comes. */
export function Skeleton({ width }: { readonly width: number | string }) {
  return <span className="skeleton" style={{ width }} aria-hidden="true" />
}

export function Problem({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  return (
    <div className="notice" data-status="failed" role="alert">
      <StatusIcon status="failed" />
      <div>
        {messageOf(error)}{' '}
        {retry !== undefined && (
          <button type="button" className="button small" onClick={retry}>
            Try again
          </button>
        )}
      </div>
    </div>
  )
}
