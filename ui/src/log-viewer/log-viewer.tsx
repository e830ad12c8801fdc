/** The log of one step: it streams, folds, is searched, and points at its lines, however long it is. */
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { useLocation, useSearchParams } from 'wouter'
import { Icon } from '../components/icons.js'
import { Problem } from '../components/states.js'
import { complain, say } from '../components/toast.js'
import { plainText } from './ansi.js'
import { type LineRange, lineRangeText, parseLineRange } from './line-range.js'
import { bytesText, LogLine } from './log-line.js'
import { createLogReader } from './log-reader.js'
import { LogButton, LogFacts, LogSearchField } from './log-toolbar.js'
import { rowsOf, type Toggled } from './rows.js'
import { type RunLogSource, runLogSource, type StepOfRun } from './run-log-source.js'
import { shownText } from './shown-text.js'
import { useKept } from './use-kept.js'
import { useLogRows } from './use-log-rows.js'
import { useLogSearch } from './use-log-search.js'
import './log-viewer.css'

/** Of a line that is cut: more than this makes a browser stand still. */
const WHOLE_BYTES = 4 * 1024 * 1024
const WHOLE_LINES = 4

export interface LogViewerProps extends StepOfRun {
  /** Whether the step may still write. */
  readonly running: boolean
}

export function LogViewer({ namespace, runUid, taskRun, step, retry, running }: LogViewerProps) {
  const source = useMemo(
    () => runLogSource({ namespace, runUid, taskRun, step, retry }),
    [namespace, runUid, taskRun, step, retry],
  )
  const key = [runUid, taskRun, step, retry].join('/')
  return <Log key={key} source={source} name={`${taskRun}-${step}`} running={running} />
}

function Log({
  source,
  name,
  running,
}: {
  readonly source: RunLogSource
  readonly name: string
  readonly running: boolean
}) {
  const [params, setParams] = useSearchParams()
  const [location] = useLocation()
  const selected = parseLineRange(params.get('line'))
  const [start] = useState(selected?.from)
  const reader = useMemo(() => createLogReader(source), [source])
  const view = useSyncExternalStore(reader.subscribe, reader.view)
  const [toggled, setToggled] = useState<Toggled>(new Set())
  const [wraps, setWraps] = useKept('tektite.log.wrap', matchMedia('(max-width: 720px)').matches)
  const [times, setTimes] = useKept('tektite.log.times', false)
  const [whole, setWhole] = useState<ReadonlyMap<number, string>>(new Map())
  const scroller = useRef<HTMLDivElement>(null)
  const field = useRef<HTMLInputElement>(null)
  const rows = useMemo(() => rowsOf(view.lines, toggled), [view.lines, toggled])

  const toggle = useCallback((line: number) => {
    setToggled(before =>
      before.has(line) ? new Set([...before].filter(each => each !== line)) : new Set([...before, line]),
    )
  }, [])
  const { virtualizer, isAtEnd, onScroll, aim, toEnd, toStart } = useLogRows(scroller, {
    reader,
    view,
    rows,
    startsAtEnd: start === undefined,
    onHidden: toggle,
  })
  const search = useLogSearch(source, view.isFinished)

  useEffect(() => {
    reader.open(start)
    if (start !== undefined) reader.keepAtEnd(false)
    return reader.close
  }, [reader, start])
  const isReady = view.state === 'ready'
  useEffect(() => {
    if (isReady && start !== undefined) aim(start)
  }, [isReady, start, aim])
  useEffect(() => reader.showTimes(times), [reader, times])
  // biome-ignore lint/correctness/useExhaustiveDependencies: every line is of another height then
  useEffect(() => virtualizer.measure(), [virtualizer, wraps])

  const select = useCallback(
    (line: number, isRange: boolean) => {
      setParams(
        before => {
          const now = parseLineRange(before.get('line'))
          const range = isRange && now !== undefined ? rangeOver(now, line) : { from: line, to: line }
          const after = new URLSearchParams(before)
          after.set('line', lineRangeText(range))
          return after
        },
        { replace: true },
      )
    },
    [setParams],
  )
  const showAll = useCallback(
    (number: number) => {
      const line = view.lines.find(each => each.number === number)
      if (line === undefined) return
      source
        .read({ offset: line.offset, limit: Math.min(line.bytes, WHOLE_BYTES) }, new AbortController().signal)
        .then(bytes => {
          const rest = line.bytes > WHOLE_BYTES ? ' … download the log for the rest of this line' : ''
          const text = shownText(new TextDecoder().decode(bytes)) + rest
          setWhole(before => new Map([...before, [number, text] as const].slice(-WHOLE_LINES)))
        }, complain)
    },
    [source, view.lines],
  )

  const items = virtualizer.getVirtualItems()
  const top = scroller.current?.scrollTop ?? 0
  const inSight = rows[items.find(({ end }) => end > top)?.index ?? 0]?.line.number ?? 1
  function step(by: 1 | -1) {
    const line = search.step(by, inSight)
    if (line !== undefined) aim(line)
  }
  const hasMore = isReady && view.lines.length < view.lineCount
  const isLive = running && !view.isFinished

  async function copy() {
    const range = selected ?? { from: 1, to: view.lineCount }
    const text = await reader.text(range.from, range.to)
    await navigator.clipboard.writeText(
      text
        .split('\n')
        .map(line => plainText(shownText(line)))
        .join('\n'),
    )
    say(range.from === range.to ? `Line ${range.from} is copied.` : `Lines ${lineRangeText(range)} are copied.`)
  }
  async function copyLink() {
    await navigator.clipboard.writeText(window.location.href)
    say('The link to this log is copied.')
  }
  async function download() {
    const url = URL.createObjectURL(await source.download())
    const link = document.createElement('a')
    link.href = url
    link.download = `${name}.log`
    link.click()
    setTimeout(() => URL.revokeObjectURL(url), 60_000)
  }
  function press(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const act = {
      Home: toStart,
      End: toEnd,
      f: toEnd,
      n: () => step(event.shiftKey ? -1 : 1),
      w: () => setWraps(!wraps),
      t: () => setTimes(!times),
    }[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    if (act === undefined) return
    event.preventDefault()
    event.stopPropagation()
    act()
  }

  if (view.state === 'failed') return <Problem error={view.problem} />
  const digits = String(view.lineCount).length
  const hrefOf = (line: number): string => `${location}?${withLine(params, line)}`
  return (
    <section className="log" aria-label={`Log of ${name}`}>
      <div className="log-bar">
        <LogSearchField search={search} field={field} onStep={step} />
        <LogFacts>
          {isReady &&
            `${view.lineCount.toLocaleString('en')} ${view.lineCount === 1 ? 'line' : 'lines'} · ${bytesText(view.size)}`}
        </LogFacts>
        <span className="log-buttons">
          {isLive && (
            <button
              type="button"
              className="button quiet small log-follow"
              aria-pressed={isAtEnd}
              title="Stay at the newest line (f)"
              onClick={() => (isAtEnd ? aim(inSight) : toEnd())}
            >
              Follow
            </button>
          )}
          <LogButton icon="wrap" label="Wrap long lines (w)" pressed={wraps} onClick={() => setWraps(!wraps)} />
          <LogButton icon="schedules" label="Show times (t)" pressed={times} onClick={() => setTimes(!times)} />
          <LogButton
            icon="copy"
            label={selected ? 'Copy the chosen lines' : 'Copy the log'}
            onClick={() => void copy().catch(complain)}
          />
          {selected && (
            <LogButton
              icon="link"
              label="Copy a link to the chosen lines"
              onClick={() => void copyLink().catch(complain)}
            />
          )}
          <LogButton icon="download" label="Download the log" onClick={() => void download().catch(complain)} />
        </span>
      </div>
      <div className="log-body">
        <div
          ref={scroller}
          className="log-scroll"
          role="log"
          aria-live="off"
          aria-label={`Output of ${name}`}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled with keys
          tabIndex={0}
          data-wraps={wraps || undefined}
          data-more={hasMore || undefined}
          data-first-line={view.lines[0]?.number}
          onScroll={onScroll}
          onKeyDown={press}
          style={{ '--digits': digits } as object}
        >
          {isReady && view.lineCount === 0 && (
            <p className="log-nothing">{isLive ? 'Nothing was written yet.' : 'This step wrote nothing.'}</p>
          )}
          {view.state === 'waiting' && (
            <p className="log-nothing">
              {running ? 'Waiting for the step to start…' : 'There is no log of this step.'}
            </p>
          )}
          <div className="log-rows" style={{ height: virtualizer.getTotalSize() }}>
            {items.map(item => {
              const row = rows[item.index]
              if (row === undefined) return null
              const { number } = row.line
              return (
                <div
                  key={item.key}
                  ref={virtualizer.measureElement}
                  data-index={item.index}
                  className="log-row"
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <LogLine
                    row={row}
                    href={hrefOf(number)}
                    time={times ? (view.times.get(number) ?? '') : undefined}
                    sought={search.sought}
                    isCurrent={search.current === number}
                    isSelected={selected !== undefined && number >= selected.from && number <= selected.to}
                    whole={whole.get(number)}
                    onSelect={select}
                    onToggle={toggle}
                    onShowAll={showAll}
                  />
                </div>
              )
            })}
          </div>
        </div>
        {hasMore && (
          <input
            className="log-rail"
            type="range"
            aria-label="Place in the log"
            aria-orientation="vertical"
            aria-valuetext={`Line ${inSight} of ${view.lineCount}`}
            min={1}
            max={view.lineCount}
            value={isAtEnd ? view.lineCount : inSight}
            onChange={event => aim(Number(event.target.value))}
          />
        )}
        {!isAtEnd && isReady && (
          <button type="button" className="button small log-newest" onClick={toEnd}>
            <Icon name="down" size={14} />
            {isLive ? 'Jump to newest' : 'Jump to the end'}
          </button>
        )}
      </div>
      <Newest line={isLive && isAtEnd ? view.lines.at(-1)?.text : undefined} />
    </section>
  )
}

const SAID_MS = 3_000

/** Reads the newest line out, and not every line of thousands. */
function Newest({ line }: { readonly line: string | undefined }) {
  const [said, setSaid] = useState('')
  const newest = useRef('')
  newest.current = line === undefined ? '' : plainText(line).slice(0, 200)
  useEffect(() => {
    const timer = setInterval(() => setSaid(newest.current), SAID_MS)
    return () => clearInterval(timer)
  }, [])
  return (
    <p className="unseen" aria-live="polite">
      {said}
    </p>
  )
}

function rangeOver({ from, to }: LineRange, line: number): LineRange {
  return line < from ? { from: line, to } : { from, to: line }
}

function withLine(params: URLSearchParams, line: number): string {
  const after = new URLSearchParams(params)
  after.set('line', String(line))
  return after.toString()
}
