/** One Schedule: when it fires, what came of it, and to pause it or ask for a run. */
import { useEffect, useState } from 'react'
import { Link } from 'wouter'
import type { RunSummary } from '../../../../src/resources/run-summary.js'
import { useMay } from '../../api/access.js'
import { messageOf, request } from '../../api/client.js'
import { ownPath } from '../../api/paths.js'
import { useRecentRuns } from '../../api/recent-runs.js'
import { useWatch } from '../../api/use.js'
import { Crumbs } from '../../components/crumbs.js'
import { Icon } from '../../components/icons.js'
import { Empty, Problem, Skeleton } from '../../components/states.js'
import { StatusBadge, StatusIcon } from '../../components/status.js'
import { Ago } from '../../components/time.js'
import { complain, say } from '../../components/toast.js'
import { RunHistory } from '../history/run-history.js'
import type { WatchedSchedule } from './list.js'
import { cronTexts, localZone, stateOf, timeIn, warningsOf, zoneOf } from './schedule-state.js'

export function SchedulePage({ namespace, name }: { readonly namespace: string; readonly name: string }) {
  const { items, error } = useWatch<WatchedSchedule>(ownPath('schedules', namespace), {
    fieldSelector: `metadata.name=${name}`,
  })
  const schedule = items?.[0]
  const runs = useRecentRuns(namespace, { labelSelector: `tektite.dev/schedule=${name}` })
  useEffect(() => {
    document.title = `${name} · Tektite`
  }, [name])
  const state = schedule && stateOf(schedule)
  return (
    <div className="page">
      <div className="page-head">
        <Crumbs path="/schedules" label="Schedules" namespace={namespace} />
        <h1 className="one-line">{name}</h1>
        {state && <StatusBadge status={state.status} text={state.text} />}
        {schedule && <Actions schedule={schedule} namespace={namespace} name={name} />}
      </div>
      {error !== undefined && items === undefined && <Problem error={error} />}
      {items !== undefined && schedule === undefined && (
        <Empty title="There is no such schedule">
          <p>
            {namespace}/{name} was deleted, or never was.
          </p>
        </Empty>
      )}
      {schedule && <Whole schedule={schedule} runs={runs.items} problem={runs.error} />}
      {items === undefined && error === undefined && <Skeleton width="100%" />}
    </div>
  )
}

function Actions({
  schedule,
  namespace,
  name,
}: {
  readonly schedule: WatchedSchedule
  readonly namespace: string
  readonly name: string
}) {
  const mayRun = useMay({ verb: 'create', group: 'tektite.dev', resource: 'schedules/run', namespace })
  const mayPause = useMay({ verb: 'patch', group: 'tektite.dev', resource: 'schedules', namespace })
  const [isBusy, setBusy] = useState(false)
  const isPaused = schedule.spec.suspend === true
  async function act(work: () => Promise<unknown>, done: string) {
    setBusy(true)
    await work().then(
      () => say(done),
      error => complain(messageOf(error)),
    )
    setBusy(false)
  }
  const path = ownPath('schedules', namespace, name)
  const pause = () => request(path, { method: 'PATCH', body: { spec: { suspend: !isPaused } } })
  const run = () => request(ownPath('schedules', namespace, name, 'run'), { method: 'POST' })
  return (
    <div className="actions">
      {mayPause && (
        <button
          type="button"
          className="button"
          disabled={isBusy}
          onClick={() => void act(pause, isPaused ? 'The schedule goes on.' : 'The schedule is paused: nothing fires.')}
        >
          <Icon name={isPaused ? 'play' : 'pause'} size={14} />
          {isPaused ? 'Resume' : 'Pause'}
        </button>
      )}
      {mayRun && (
        <button
          type="button"
          className="button primary"
          disabled={isBusy}
          onClick={() => void act(run, 'A run was asked for; it shows up below.')}
        >
          <Icon name="play" size={14} />
          Run now
        </button>
      )}
    </div>
  )
}

function Whole({
  schedule,
  runs,
  problem,
}: {
  readonly schedule: WatchedSchedule
  readonly runs: readonly RunSummary[] | undefined
  readonly problem: unknown
}) {
  const { spec, status, metadata } = schedule
  const zone = zoneOf(schedule)
  const here = localZone()
  const next = status?.nextScheduleTimes ?? []
  return (
    <div className="schedule">
      {warningsOf(schedule).map(text => (
        <div key={text} className="notice schedule-warning" data-status="failed">
          <StatusIcon status="failed" />
          <span>{text}</span>
        </div>
      ))}
      <section className="card" aria-labelledby="schedule-next">
        <div className="card-head">
          <h2 id="schedule-next">Next times</h2>
        </div>
        {next.length === 0 ? (
          <p className="card-body soft">
            {spec.suspend ? 'None while it is paused. What passes meanwhile never fires.' : 'None are known yet.'}
          </p>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
          <section className="table-box" aria-label="Times in both zones" tabIndex={0}>
            <table className="table">
              <thead>
                <tr>
                  <th scope="col">{zone}</th>
                  {here !== zone && <th scope="col">Here, {here}</th>}
                  <th scope="col">
                    <span className="unseen">From now</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {next.map(time => (
                  <tr key={time}>
                    <td className="numeric">{timeIn(time, zone)}</td>
                    {here !== zone && <td className="numeric soft">{timeIn(time, undefined)}</td>}
                    <td className="soft">
                      <Ago time={time} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        )}
      </section>
      <section className="card" aria-labelledby="schedule-facts">
        <div className="card-head">
          <h2 id="schedule-facts">Schedule</h2>
        </div>
        <dl className="facts card-body">
          <dt>Times</dt>
          <dd>
            <code>{cronTexts(schedule).join(', ')}</code> in {zone}
          </dd>
          <dt>While one runs</dt>
          <dd>{POLICIES[spec.concurrencyPolicy ?? 'Allow']}</dd>
          <dt>If late</dt>
          <dd>
            {spec.startingDeadlineSeconds === undefined
              ? 'the last time that was missed fires'
              : `fires up to ${spec.startingDeadlineSeconds} s late`}
          </dd>
          <dt>Template</dt>
          <dd>{spec.template.ref ?? 'written into the schedule'}</dd>
          {(spec.params ?? []).map(({ name, value }) => (
            <div key={name} className="keys">
              <dt>{name}</dt>
              <dd className="mono">{value}</dd>
            </div>
          ))}
          <dt>Last fired</dt>
          <dd>{status?.lastScheduleTime ? <Ago time={status.lastScheduleTime} /> : 'never'}</dd>
          <dt>Last success</dt>
          <dd>{status?.lastSuccessfulTime ? <Ago time={status.lastSuccessfulTime} /> : 'never'}</dd>
          <dt>Deliveries</dt>
          <dd>
            <Link
              className="link"
              href={`/deliveries?namespace=${encodeURIComponent(metadata.namespace ?? '')}&schedule=${encodeURIComponent(metadata.name)}`}
            >
              Each time, and what came of it
            </Link>
          </dd>
        </dl>
      </section>
      <div className="schedule-runs">
        <RunHistory runs={runs} problem={problem} empty="It has not fired yet." />
      </div>
    </div>
  )
}

const POLICIES = {
  Allow: 'another one may start (Allow)',
  Forbid: 'nothing else starts (Forbid)',
  Replace: 'it is cancelled for the new one (Replace)',
} as const
