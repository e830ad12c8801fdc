/** Rows in a list of which only those in sight are drawn: where it stands, and that it stands still when lines come and go. */
import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual'
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { LogReader, LogView } from './log-reader.js'
import type { Row } from './rows.js'

/** Pixels, as log-viewer.css says. */
const LINE_HEIGHT = 20
/** So many rows before either end of those at hand more are fetched. */
const AHEAD = 150
/** Pixels that are no way away. */
const CLOSE = 8

export interface LogRows {
  readonly virtualizer: Virtualizer<HTMLDivElement, Element>
  /** Whether the newest line is in sight, and stays so. */
  readonly isAtEnd: boolean
  readonly onScroll: () => void
  /** Brings a line into sight, as soon as it is at hand. */
  readonly aim: (line: number) => void
  readonly toEnd: () => void
  readonly toStart: () => void
}

export function useLogRows(
  scroller: RefObject<HTMLDivElement | null>,
  {
    reader,
    view,
    rows,
    startsAtEnd,
    onHidden,
  }: {
    readonly reader: LogReader
    readonly view: LogView
    readonly rows: readonly Row[]
    readonly startsAtEnd: boolean
    /** The line that one aims at is in the closed fold that this line begins. */
    readonly onHidden: (fold: number) => void
  },
): LogRows {
  const [isAtEnd, setAtEnd] = useState(startsAtEnd)
  const [target, setTarget] = useState<number>()
  const before = useRef({ top: 0, line: 0, within: 0 })
  const virtualizer = useVirtualizer<HTMLDivElement, Element>({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_HEIGHT,
    getItemKey: at => rows[at]?.line.number ?? at,
    overscan: 24,
    useFlushSync: false,
  })
  // Where one is stays by the line, below: two who correct it would do so twice.
  virtualizer.shouldAdjustScrollPositionOnItemSizeChange = () => false
  const height = virtualizer.getTotalSize()
  const stick = useCallback(
    (yes: boolean) => {
      setAtEnd(yes)
      reader.keepAtEnd(yes)
    },
    [reader],
  )

  const remember = useCallback(() => {
    const top = scroller.current?.scrollTop ?? 0
    // Not of what is drawn: that may be of where one was before.
    const first = virtualizer.getVirtualItemForOffset(top)
    const line = first === undefined ? 0 : (rows[first.index]?.line.number ?? 0)
    before.current = { top, line, within: top - (first?.start ?? 0) }
  }, [scroller, virtualizer, rows])

  // Lines that came before those in sight, or went, move nothing.
  useLayoutEffect(() => {
    const element = scroller.current
    if (element === null || target !== undefined) return
    if (isAtEnd) element.scrollTop = height
    else {
      const at = rows.findIndex(({ line }) => line.number >= before.current.line)
      const start = virtualizer.measurementsCache[at]?.start
      if (start !== undefined) element.scrollTop = start + before.current.within
    }
    before.current = { ...before.current, top: element.scrollTop }
  }, [rows, height, isAtEnd, target, scroller, virtualizer])

  useLayoutEffect(() => {
    if (target === undefined) return
    const at = rows.findIndex(({ line }) => line.number === target)
    if (at >= 0) {
      const start = virtualizer.measurementsCache[at]?.start ?? 0
      const top = Math.max(0, start - (scroller.current?.clientHeight ?? 0) / 2)
      if (scroller.current !== null) scroller.current.scrollTop = top
      before.current = { top, line: target, within: top - start }
      setTarget(undefined)
      return
    }
    const fold = rows.findLast(row => row.fold?.isClosed && row.line.number < target)
    const isAtHand = view.lines.some(({ number }) => number === target)
    if (fold !== undefined && isAtHand) onHidden(fold.line.number)
    // What is hidden for good, such as the end of a fold, is nothing to aim at.
    else if (isAtHand) setTarget(undefined)
  }, [target, rows, view.lines, virtualizer, scroller, onHidden])

  const items = virtualizer.getVirtualItems()
  const [first, end] = [items[0]?.index ?? 0, rows.length - 1 - (items.at(-1)?.index ?? 0)]
  const { isFull } = view
  const [firstLine, lastLine] = [view.lines[0]?.number ?? 1, view.lines.at(-1)?.number ?? 0]
  useEffect(() => {
    // With both ends in sight of a full window one would push the other out for ever.
    const canGrow = !isFull || first > AHEAD || end > AHEAD
    if (!canGrow) return
    if (first < AHEAD && firstLine > 1) reader.grow('before')
    else if (end < AHEAD && lastLine < view.lineCount) reader.grow('behind')
  }, [reader, first, end, isFull, firstLine, lastLine, view.lineCount])

  const onScroll = useCallback(() => {
    const element = scroller.current
    if (element === null) return
    const fromBottom = element.scrollHeight - element.scrollTop - element.clientHeight
    const isLast = view.lines.at(-1)?.number === view.lineCount
    // Lines that come in never make the place smaller: only a hand does.
    if (fromBottom < CLOSE && isLast) stick(true)
    else if (element.scrollTop < before.current.top - 1) stick(false)
    remember()
  }, [scroller, view, stick, remember])

  const aim = useCallback(
    (line: number) => {
      stick(false)
      setTarget(line)
      void reader.showLine(line)
    },
    [reader, stick],
  )
  const toEnd = useCallback(() => {
    setTarget(undefined)
    void reader.showEnd().then(() => stick(true))
  }, [reader, stick])
  const toStart = useCallback(() => aim(1), [aim])
  return { virtualizer, isAtEnd, onScroll, aim, toEnd, toStart }
}
