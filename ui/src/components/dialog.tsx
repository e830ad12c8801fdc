import { type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { messageOf } from '../api/client.js'
import { Icon } from './icons.js'
import { StatusIcon } from './status.js'

/** Over the page until `onClose`. The browser keeps the focus inside, closes it on Escape, and gives the focus back. */
export function Dialog({
  title,
  onClose,
  children,
  wide = false,
}: {
  readonly title: string
  readonly onClose: () => void
  readonly children: ReactNode
  readonly wide?: boolean
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const shown = dialog.current
    shown?.showModal()
    return () => shown?.close()
  }, [])
  return (
    <dialog
      ref={dialog}
      className={wide ? 'dialog wide' : 'dialog'}
      aria-labelledby={id}
      onCancel={event => {
        event.preventDefault()
        onClose()
      }}
    >
      <div className="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" className="button quiet small square" onClick={onClose} aria-label="Close">
          <Icon name="close" />
        </button>
      </div>
      {children}
    </dialog>
  )
}

/** Asks before something that cannot be taken back. Stays open with the reason when it fails. */
export function ConfirmDialog({
  title,
  children,
  action,
  instead = 'Keep it',
  isDanger = true,
  onConfirm,
  onClose,
}: {
  readonly title: string
  readonly children: ReactNode
  /** What the button says: a verb. */
  readonly action: string
  /** What the other button says. */
  readonly instead?: string
  readonly isDanger?: boolean
  readonly onConfirm: () => Promise<unknown>
  readonly onClose: () => void
}) {
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)
  async function confirm() {
    setBusy(true)
    try {
      await onConfirm()
      onClose()
    } catch (error) {
      setProblem(messageOf(error))
      setBusy(false)
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="dialog-body">
        <div className="soft">{children}</div>
        {problem !== '' && (
          <div className="notice" data-status="failed" role="alert">
            <StatusIcon status="failed" />
            <span>{problem}</span>
          </div>
        )}
      </div>
      <div className="dialog-foot">
        <button type="button" className="button" onClick={onClose}>
          {instead}
        </button>
        <button
          type="button"
          className={isDanger ? 'button danger' : 'button primary'}
          disabled={busy}
          onClick={() => void confirm()}
        >
          {action}
        </button>
      </div>
    </Dialog>
  )
}
