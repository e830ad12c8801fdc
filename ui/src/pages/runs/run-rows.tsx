/** The rows of runs. Only those near the window are in the page, however many there are. */
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { Link } from 'wouter'
import { type RunSummary, runHref } from '../../api/runs.js'
import { Icon } from '../../components/icons.js'
import { Skeleton } from '../../components/states.js'
import { StatusText } from '../../components/status.js'
import { Ago, Duration } from '../../components/time.js'
import { useIsNarrow } from '../../components/use-is-narrow.js'
import { TaskProgress } from './task-progress.js'

/** Pixels, with the line below; runs.css says the same. */
const HEIGHT = { wide: 45, narrow: 69 }
/** Rows before the end at which more are asked for. */
const AHEAD = 30

export function RunRowsHead() {
  return (
    <div className="rows-head run-row" aria-hidden="true">
      <span>Status</span>
      <span>Run</span>
      <span>Pipeline</span>
      <span>Started by</span>
      <span>Tasks</span>
      <span className="right">Duration</span>
      <span className="right">Created</span>
    </div>
  )
}

export function RunRows({
  runs,
  remaining,
  withNamespace,
  onEnd,
}: {
  readonly runs: readonly RunSummary[]
  readonly remaining: number
  readonly withNamespace: boolean
  readonly onEnd: () => void
}) {
  const list = useRef<HTMLUListElement>(null)
  const [top, setTop] = useState(0)
  useLayoutEffect(() => setTop((list.current?.getBoundingClientRect().top ?? 0) + window.scrollY), [])
  const height = useIsNarrow() ? HEIGHT.narrow : HEIGHT.wide
  const virtualizer = useWindowVirtualizer({
    count: runs.length,
    estimateSize: () => height,
    overscan: 12,
    scrollMargin: top,
    getItemKey: index => runs[index]?.uid ?? index,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: what it is estimated by changed
  useLayoutEffect(() => virtualizer.measure(), [height])
  const rows = virtualizer.getVirtualItems()
  const last = rows.at(-1)?.index ?? 0
  useEffect(() => {
    if (remaining > 0 && last >= runs.length - AHEAD) onEnd()
  }, [last, runs.length, remaining, onEnd])
  return (
    <>
      <ul ref={list} className="run-rows" style={{ height: virtualizer.getTotalSize() }}>
        {rows.map(({ index, key, start }) => {
          const run = runs[index]
          return (
            run !== undefined && (
              <li key={key} style={{ transform: `translateY(${start - top}px)` }}>
                <RunRow run={run} withNamespace={withNamespace} />
              </li>
            )
          )
        })}
      </ul>
      {remaining > 0 && <p className="more soft small">{remaining.toLocaleString()} more</p>}
    </>
  )
}

function RunRow({ run, withNamespace }: { readonly run: RunSummary; readonly withNamespace: boolean }) {
  const { kind, name, namespace, pipeline, task, status, archived } = run
  return (
    <Link className="row run-row" href={runHref(run)} data-row>
      <StatusText status={status} />
      <span className="run-name one-line" title={name}>
        {withNamespace && <span className="faint">{namespace} / </span>}
        {name}
      </span>
      <span className="run-of one-line soft">
        {kind === 'TaskRun' ? <span className="faint">task </span> : ''}
        {pipeline ?? task ?? <span className="faint">–</span>}
      </span>
      <span className="run-trigger one-line soft">
        <StartedBy trigger={run.trigger} />
      </span>
      <span className="run-tasks">
        {archived ? (
          <span className="tag" title="Its objects are gone; everything about it is kept in the archive">
            <Icon name="archive" size={12} />
            archived
          </span>
        ) : (
          run.tasks && <TaskProgress tasks={run.tasks} isRunning={status === 'running'} />
        )}
      </span>
      <span className="run-duration right soft">
        {run.startedAt === undefined ? '' : <Duration from={run.startedAt} to={run.completedAt} />}
      </span>
      <span className="run-age right soft">
        <Ago time={run.createdAt} />
      </span>
    </Link>
  )
}

function StartedBy({ trigger }: { readonly trigger: string | undefined }) {
  if (trigger === undefined) return <span className="faint">by hand</span>
  const [kind, ...names] = trigger.split('/')
  return (
    <>
      <Icon name={kind === 'schedule' ? 'schedules' : 'deliveries'} size={13} /> {names.join(' / ')}
    </>
  )
}

/** As many as a first page has on a screen, and as high. */
export function RunRowsSkeleton() {
  return (
    <ul>
      {Array.from({ length: 16 }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike and never move
        <li key={index}>
          <div className="row run-row">
            <Skeleton width={84} />
            <Skeleton width={140 + ((index * 37) % 90)} />
            <Skeleton width={90} />
            <Skeleton width={110} />
            <Skeleton width={64} />
            <span />
            <span />
          </div>
        </li>
      ))}
    </ul>
  )
}
