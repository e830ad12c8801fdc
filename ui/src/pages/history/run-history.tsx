/** The last runs of something: how long they took, and each of them. */
import { Link } from 'wouter'
import type { RunSummary } from '../../../../src/resources/run-summary.js'
import { Empty, Problem, Skeleton } from '../../components/states.js'
import { StatusText } from '../../components/status.js'
import { Ago, Duration } from '../../components/time.js'
import { DurationChart } from './duration-chart.js'
import './history.css'

export function RunHistory({
  runs,
  problem,
  empty,
  allHref,
}: {
  /** Newest first. */
  readonly runs: readonly RunSummary[] | undefined
  readonly problem: unknown
  /** What is said when there are none. */
  readonly empty: string
  /** Where all of them are listed. */
  readonly allHref?: string
}) {
  if (runs === undefined && problem !== undefined) return <Problem error={problem} />
  return (
    <>
      <section className="card" aria-labelledby="durations">
        <div className="card-head">
          <h2 id="durations">Durations</h2>
          <span className="soft small">
            {runs && runs.length > 0 && (runs.length === 1 ? 'the last run' : `the last ${runs.length} runs`)}
          </span>
        </div>
        <div className="card-body durations-box">
          {runs === undefined && <Skeleton width="100%" />}
          {runs?.length === 0 && <p className="soft">{empty}</p>}
          {runs !== undefined && runs.length > 0 && <DurationChart runs={runs} />}
        </div>
      </section>
      <section className="rows" aria-label="Runs" aria-busy={runs === undefined}>
        <div className="rows-head history-row" aria-hidden="true">
          <span>Status</span>
          <span>Run</span>
          <span>Started by</span>
          <span className="right">Duration</span>
          <span className="right">Created</span>
        </div>
        {runs?.length === 0 && (
          <Empty title="No runs">
            <p>{empty}</p>
          </Empty>
        )}
        <ul>
          {runs?.map(run => (
            <li key={run.uid}>
              <HistoryRow run={run} />
            </li>
          ))}
        </ul>
      </section>
      {allHref !== undefined && runs !== undefined && runs.length > 0 && (
        <p>
          <Link className="link soft" href={allHref}>
            All of its runs
          </Link>
        </p>
      )}
    </>
  )
}

function HistoryRow({ run }: { readonly run: RunSummary }) {
  const { namespace, uid, name, status, reason, trigger, startedAt, completedAt, createdAt, message } = run
  const isFailed = status === 'failed'
  return (
    <Link
      className="row history-row"
      href={`/runs/${encodeURIComponent(namespace)}/${encodeURIComponent(uid)}`}
      data-row
    >
      <StatusText status={status} />
      <span className="history-name one-line">
        {name}
        {isFailed && (
          <span className="soft" title={message}>
            {' '}
            · {reason}
          </span>
        )}
      </span>
      <span className="history-by one-line soft">
        {trigger?.split('/').slice(1).join(' / ') ?? <span className="faint">by hand</span>}
      </span>
      <span className="right soft">{startedAt !== undefined && <Duration from={startedAt} to={completedAt} />}</span>
      <span className="history-created right soft">
        <Ago time={createdAt} />
      </span>
    </Link>
  )
}
