/** How much there is to do, who does it, and which runs are under way or wait, and for what. */
import { useEffect } from 'react'
import { Link } from 'wouter'
import type { ProcessReport, QueueReport, WorkerReport } from '../../../../src/resources/queue-report.js'
import type { RunSummary } from '../../../../src/resources/run-summary.js'
import { ownPath } from '../../api/paths.js'
import { useRecentRuns } from '../../api/recent-runs.js'
import { useGet } from '../../api/use.js'
import { Command } from '../../components/command.js'
import { Empty, Problem, Skeleton } from '../../components/states.js'
import { StatusText } from '../../components/status.js'
import { Ago, Duration } from '../../components/time.js'
import { useNamespace } from '../../shell/namespace.js'
import './queue.css'

const POLL_MS = 2_000
const RUNS = 200

export function QueuePage() {
  const namespace = useNamespace()
  const { data, error, reload } = useGet<QueueReport>(ownPath('queue'))
  const runs = useRecentRuns(namespace, { status: 'running,queued,pending' }, RUNS)
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === 'visible' && reload(), POLL_MS)
    return () => clearInterval(timer)
  }, [reload])
  return (
    <div className="page queue">
      <div className="page-head">
        <h1>Queue</h1>
      </div>
      {data === undefined && error !== undefined && <Problem error={error} retry={reload} />}
      {!(data === undefined && error !== undefined) && <Counts report={data} />}
      <UnderWay runs={runs.items?.filter(isUnderWay)} problem={runs.error} withNamespace={namespace === ''} />
      <Processes report={data} />
    </div>
  )
}

const COUNTS = [
  ['waiting', 'Waiting', 'for a worker to be free'],
  ['active', 'Looked at', 'right now'],
  ['delayed', 'Later', 'looked at again at their time'],
  ['failed', 'After a fault', 'tried again after a pause'],
] as const

function Counts({ report }: { readonly report: QueueReport | undefined }) {
  return (
    <dl className="counts card">
      {COUNTS.map(([field, label, hint]) => (
        <div key={field}>
          <dt>{label}</dt>
          <dd className="numeric">
            {report === undefined ? (
              <Skeleton width={28} />
            ) : (
              report.queues.reduce((sum, queue) => sum + queue[field], 0).toLocaleString('en')
            )}
          </dd>
          <dd className="small soft">{hint}</dd>
        </div>
      ))}
    </dl>
  )
}

function UnderWay({
  runs,
  problem,
  withNamespace,
}: {
  readonly runs: readonly RunSummary[] | undefined
  readonly problem: unknown
  readonly withNamespace: boolean
}) {
  if (runs === undefined && problem !== undefined) return <Problem error={problem} />
  return (
    <section className="rows" aria-label="Runs under way" aria-busy={runs === undefined}>
      <div className="rows-head queue-row" aria-hidden="true">
        <span>Status</span>
        <span>Run</span>
        <span>What it waits for</span>
        <span className="right">For</span>
      </div>
      {runs?.length === 0 && (
        <Empty title="Nothing is running, and nothing waits">
          <p>Runs show up here from when they are made until they have ended.</p>
          <Command text="tektite pipeline start NAME --showlog" />
        </Empty>
      )}
      <ul>
        {runs?.map(run => (
          <li key={run.uid}>
            <Link
              className="row queue-row"
              href={`/runs/${encodeURIComponent(run.namespace)}/${encodeURIComponent(run.uid)}`}
              data-row
            >
              <StatusText status={run.status} />
              <span className="queue-name one-line">
                {withNamespace && <span className="faint">{run.namespace} / </span>}
                {run.name}
              </span>
              <span className="queue-why one-line soft" title={run.message}>
                {whyOf(run)}
              </span>
              <span className="queue-since right soft">
                <Duration from={run.startedAt ?? run.createdAt} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** In the list until its end is told: the server does not say of a status that it is another now. */
function isUnderWay({ status }: RunSummary): boolean {
  return status === 'running' || status === 'queued' || status === 'pending'
}

function whyOf({ status, message, reason, tasks }: RunSummary): string {
  if (status === 'queued') return 'No worker has begun with it.'
  if (status === 'pending') {
    if (/RunPending$/.test(reason)) return 'Held back by its spec.status until that is taken away.'
    return message ?? `${reason || 'Pending'}.`
  }
  if (tasks !== undefined) return `${tasks.total - tasks.done - tasks.skipped} of ${tasks.total} tasks to go`
  return message ?? 'Its steps run.'
}

function Processes({ report }: { readonly report: QueueReport | undefined }) {
  const workers = report?.workers ?? []
  const listeners = report?.listeners ?? []
  const all: readonly (readonly [what: string, process: ProcessReport | WorkerReport])[] = [
    ...workers.map(each => ['Worker', each] as const),
    ...listeners.map(each => ['Listener', each] as const),
  ]
  if (all.length === 0) return null
  return (
    <section className="card" aria-labelledby="processes">
      <div className="card-head">
        <h2 id="processes">Workers and listeners</h2>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <section className="table-box" aria-label="Processes" tabIndex={0}>
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Process</th>
              <th scope="col">Host</th>
              <th scope="col">Runs at once</th>
              <th scope="col">Version</th>
              <th scope="col">Since</th>
            </tr>
          </thead>
          <tbody>
            {all.map(([what, process]) => (
              <tr key={`${what} ${process.id}`}>
                <td>
                  {what} <span className="soft">{process.id}</span>
                </td>
                <td>{process.host}</td>
                <td className="numeric">
                  {'concurrency' in process ? `${process.active} of ${process.concurrency}` : '–'}
                </td>
                <td>{process.version}</td>
                <td>
                  <Ago time={process.startedAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  )
}
