import { type MouseEvent, memo, useMemo } from 'react'
import { Icon } from '../components/icons.js'
import { type Look, type Piece, parseAnsi } from './ansi.js'
import { highlight } from './highlight.js'
import type { Row } from './rows.js'

/** A program may ask for a new look with every letter; a browser would rather not. */
const MOST_PIECES = 400

export interface LogLineProps {
  readonly row: Row
  /** Its address. */
  readonly href: string
  readonly time: string | undefined
  readonly sought: string
  readonly isCurrent: boolean
  readonly isSelected: boolean
  /** All of a line that is cut, once that was asked for. */
  readonly whole: string | undefined
  readonly onSelect: (line: number, isRange: boolean) => void
  readonly onToggle: (line: number) => void
  readonly onShowAll: (line: number) => void
}

export const LogLine = memo(function LogLine(props: LogLineProps) {
  const { row, href, time, sought, isCurrent, isSelected, whole, onSelect, onToggle, onShowAll } = props
  const { line, depth, fold } = row
  function select(event: MouseEvent) {
    if (event.ctrlKey || event.metaKey) return
    event.preventDefault()
    onSelect(line.number, event.shiftKey)
  }
  const text = whole ?? (line.mark?.is === 'end' ? line.mark.text : line.text)
  return (
    <div
      className="log-line"
      data-selected={isSelected || undefined}
      data-current={isCurrent || undefined}
      data-whole={whole === undefined ? undefined : true}
      style={{ '--depth': depth } as object}
    >
      <a className="log-number" href={href} onClick={select} aria-label={`Line ${line.number}`} tabIndex={-1}>
        {line.number}
      </a>
      {time !== undefined && <time className="log-time">{time}</time>}
      {fold === undefined ? (
        <span className="log-text">
          <Text text={text} sought={sought} />
          {line.isCut && whole === undefined && (
            <button type="button" className="log-more" onClick={() => onShowAll(line.number)}>
              Show all {bytesText(line.bytes)}
            </button>
          )}
        </span>
      ) : (
        <button type="button" className="log-fold" aria-expanded={!fold.isClosed} onClick={() => onToggle(line.number)}>
          <Icon name={fold.isClosed ? 'right' : 'down'} size={14} />
          <Text text={fold.title || 'Group'} sought={sought} />
          {fold.isClosed && (
            <span className="log-count">
              {fold.lines} {fold.lines === 1 ? 'line' : 'lines'}
              {fold.hasEnd ? '' : ' and more'}
            </span>
          )}
        </button>
      )}
    </div>
  )
})

function Text({ text, sought }: { readonly text: string; readonly sought: string }) {
  const pieces = useMemo(() => fewer(parseAnsi(text)), [text])
  const marked = useMemo(() => highlight(pieces, sought), [pieces, sought])
  return marked.map(({ text, look, isFound }, at) => {
    const key = `${at}`
    if (isFound) return <mark key={key}>{text}</mark>
    const className = classOf(look)
    if (className === '') return text
    return (
      <span key={key} className={className}>
        {text}
      </span>
    )
  })
}

function fewer(pieces: readonly Piece[]): readonly Piece[] {
  if (pieces.length <= MOST_PIECES) return pieces
  const rest = pieces
    .slice(MOST_PIECES)
    .map(({ text }) => text)
    .join('')
  return [...pieces.slice(0, MOST_PIECES), { text: rest, look: {} }]
}

/** Classes, because the page's policy allows no style that comes with the text. */
function classOf({ colour, background, ...flags }: Look): string {
  const set = Object.entries(flags).flatMap(([name, on]) => (on ? [`log-${name}`] : []))
  return [...(colour ? [`log-fg-${colour}`] : []), ...(background ? [`log-bg-${background}`] : []), ...set].join(' ')
}

export function bytesText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(bytes < 10_000 ? 1 : 0)} kB`
  return `${(bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0)} MB`
}
