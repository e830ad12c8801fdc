/** What the engine and the nodes have said of a run. */
import type { CoreEvent } from '../../../../src/resources/core.js'
import { runsPath } from '../../api/runs.js'
import { useGet } from '../../api/use.js'
import { Empty } from '../../components/states.js'
import { Ago } from '../../components/time.js'
import type { LoadedRun, RunDocument, Shown } from './use-run.js'

export function Events({ loaded, about }: { readonly loaded: LoadedRun; readonly about: Shown }) {
  const { namespace, uid } = loaded.run.metadata
  // With the run they were read when the page was opened; since then there may be more.
  const { data = loaded } = useGet<RunDocument>(runsPath(namespace, uid))
  const pod = about.kind === 'TaskRun' ? about.status?.podName : undefined
  const events = data.events
    .filter(({ involvedObject: { name } }) => name === about.metadata.name || (pod !== undefined && name === pod))
    .sort((a, b) => timeOf(b).localeCompare(timeOf(a)))
  if (events.length === 0) {
    return (
      <Empty title="No events">
        <p>Nothing was said of it, or it was long ago: events are kept for a while only.</p>
      </Empty>
    )
  }
  return (
    <ul className="events">
      {events.map(event => (
        <li key={event.metadata.uid}>
          <span className="status" data-status={event.type === 'Warning' ? 'failed' : 'cancelled'}>
            {event.reason}
          </span>
          <span className="event-message">
            {event.message}
            {(event.count ?? 1) > 1 && <span className="faint"> ({event.count} times)</span>}
          </span>
          <span className="small faint">
            {event.involvedObject.kind} · <Ago time={timeOf(event)} />
          </span>
        </li>
      ))}
    </ul>
  )
}

function timeOf({ lastTimestamp, metadata }: CoreEvent): string {
  return lastTimestamp ?? metadata.creationTimestamp
}
