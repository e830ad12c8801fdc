import { Link } from 'wouter'
import type { Schedule } from '../../../../src/resources/schedules.js'
import { ownPath } from '../../api/paths.js'
import { useWatch } from '../../api/use.js'
import type { ApiObject } from '../../api/watch.js'
import { Command } from '../../components/command.js'
import { SearchField } from '../../components/search-field.js'
import { Empty, Problem, Skeleton } from '../../components/states.js'
import { StatusText } from '../../components/status.js'
import { Ago } from '../../components/time.js'
import { useParameter } from '../../components/use-parameter.js'
import { useNamespace } from '../../shell/namespace.js'
import { cronTexts, stateOf, timeIn, zoneOf } from './schedule-state.js'

export type WatchedSchedule = Schedule & ApiObject

export function ScheduleListPage() {
  const namespace = useNamespace()
  const [search, setSearch] = useParameter('search')
  const { items, error } = useWatch<WatchedSchedule>(ownPath('schedules', namespace))
  const shown = items?.filter(schedule => isSought(schedule, search)).sort(byNext)
  return (
    <div className="page">
      <div className="page-head">
        <h1>Schedules</h1>
      </div>
      <div className="list-bar">
        <span className="soft">{items && `${items.length} ${items.length === 1 ? 'schedule' : 'schedules'}`}</span>
        <SearchField label="Search schedules" placeholder="Name, time zone" text={search} onSearch={setSearch} />
      </div>
      {items === undefined && error !== undefined ? (
        <Problem error={error} />
      ) : (
        <section className="rows" aria-label="Schedules" aria-busy={items === undefined}>
          <div className="rows-head schedule-row" aria-hidden="true">
            <span>State</span>
            <span>Schedule</span>
            <span>Times</span>
            <span>Next</span>
            <span className="right">Last</span>
          </div>
          {shown === undefined && <RowsSkeleton />}
          {items?.length === 0 && <NoSchedules />}
          {items !== undefined && items.length > 0 && shown?.length === 0 && (
            <Empty title="No schedule is like this">
              <p>Search for less.</p>
            </Empty>
          )}
          <ul>
            {shown?.map(schedule => (
              <li key={schedule.metadata.uid}>
                <ScheduleRow schedule={schedule} withNamespace={namespace === ''} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}

function ScheduleRow({
  schedule,
  withNamespace,
}: {
  readonly schedule: WatchedSchedule
  readonly withNamespace: boolean
}) {
  const { metadata, status } = schedule
  const { status: shown, text } = stateOf(schedule)
  const zone = zoneOf(schedule)
  const next = status?.nextScheduleTimes?.[0]
  const { namespace = '', name } = metadata
  return (
    <Link
      className="row schedule-row"
      href={`/schedules/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`}
      data-row
    >
      <StatusText status={shown} text={text} />
      <span className="schedule-name one-line">
        {withNamespace && <span className="faint">{namespace} / </span>}
        {name}
      </span>
      <span className="schedule-times one-line">
        <code>{cronTexts(schedule).join(', ')}</code> <span className="faint">{zone}</span>
      </span>
      <span className="schedule-next one-line soft">
        {next === undefined ? <span className="faint">–</span> : <Next time={next} zone={zone} />}
      </span>
      <span className="schedule-last right soft">
        {status?.lastScheduleTime ? <Ago time={status.lastScheduleTime} /> : <span className="faint">never</span>}
      </span>
    </Link>
  )
}

function Next({ time, zone }: { readonly time: string; readonly zone: string }) {
  return (
    <>
      <Ago time={time} /> <span className="faint">{timeIn(time, zone)}</span>
    </>
  )
}

function isSought(schedule: WatchedSchedule, search: string): boolean {
  const { name, namespace = '' } = schedule.metadata
  const text = [name, namespace, zoneOf(schedule), ...cronTexts(schedule)].join(' ').toLowerCase()
  return search
    .toLowerCase()
    .split(/\s+/)
    .every(word => text.includes(word))
}

/** Those that never fire come last. */
function byNext(a: WatchedSchedule, b: WatchedSchedule): number {
  const [first, second] = [a, b].map(({ status }) => status?.nextScheduleTimes?.[0] ?? '~')
  return (first ?? '').localeCompare(second ?? '') || a.metadata.name.localeCompare(b.metadata.name)
}

function NoSchedules() {
  return (
    <Empty title="There is no schedule yet">
      <p>A Schedule creates runs whenever the clock shows one of its times. The examples have one:</p>
      <Command text="tektite up -f examples/twice-a-day" />
    </Empty>
  )
}

function RowsSkeleton() {
  return (
    <ul>
      {['a', 'b', 'c', 'd'].map(key => (
        <li key={key}>
          <div className="row schedule-row">
            <Skeleton width={72} />
            <Skeleton width={120} />
            <Skeleton width={150} />
            <Skeleton width={130} />
          </div>
        </li>
      ))}
    </ul>
  )
}
