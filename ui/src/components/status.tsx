/** A status, as an icon of its own shape, a colour, and a word. */

export type Status = 'pending' | 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'skipped'

const WORDS: Readonly<Record<Status, string>> = {
  pending: 'Pending',
  queued: 'Queued',
  running: 'Running',
  succeeded: 'Succeeded',
  failed: 'Failed',
  cancelled: 'Cancelled',
  skipped: 'Skipped',
}

const MARKS: Readonly<Record<Status, string>> = {
  pending: 'M8 4.8V8l2 1.4',
  queued: 'M5 8h.01M8 8h.01M11 8h.01',
  running: '',
  succeeded: 'M5 8.3l2.1 2.1L11.2 6',
  failed: 'M5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6',
  cancelled: 'M5 8h6',
  skipped: 'M5.5 5.5 8 8l-2.5 2.5M8.5 5.5 11 8l-2.5 2.5',
}

export function statusWord(status: Status): string {
  return WORDS[status]
}

export function StatusIcon({ status, size = 16 }: { readonly status: Status; readonly size?: number }) {
  const filled = status === 'succeeded' || status === 'failed'
  const common = { fill: 'none', strokeLinecap: 'round', strokeLinejoin: 'round', strokeWidth: 1.5 } as const
  return (
    <svg
      className={status === 'running' ? 'status-icon turning' : 'status-icon'}
      data-status={status}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      aria-hidden="true"
      focusable="false"
    >
      {filled && <circle cx="8" cy="8" r="7" fill="currentColor" />}
      {!filled && (
        <circle
          cx="8"
          cy="8"
          r="6.25"
          stroke="currentColor"
          {...common}
          strokeDasharray={status === 'pending' || status === 'skipped' ? '2.2 2.2' : undefined}
          opacity={status === 'running' ? 0.25 : 1}
        />
      )}
      {status === 'running' && (
        <path d="M8 1.75A6.25 6.25 0 0 1 14.25 8" stroke="currentColor" {...common} strokeWidth={2} />
      )}
      <path d={MARKS[status]} stroke={filled ? 'var(--surface)' : 'currentColor'} {...common} />
    </svg>
  )
}

/** `text`: in place of the word, such as a reason. */
export function StatusText({ status, text }: { readonly status: Status; readonly text?: string }) {
  return (
    <span className="status" data-status={status}>
      <StatusIcon status={status} />
      {text ?? WORDS[status]}
    </span>
  )
}

export function StatusBadge({ status, text }: { readonly status: Status; readonly text?: string }) {
  return (
    <span className="status badge" data-status={status}>
      <StatusIcon status={status} size={14} />
      {text ?? WORDS[status]}
    </span>
  )
}
