/** What came in, newest first, and what came of it. */
import { Link } from 'wouter'
import type { DeliveryObject } from '../../../../src/resources/deliveries.js'
import { ownPath } from '../../api/paths.js'
import { usePolled } from '../../api/polled.js'
import { Command } from '../../components/command.js'
import { Icon } from '../../components/icons.js'
import { SearchField } from '../../components/search-field.js'
import { Empty, Problem, Skeleton } from '../../components/states.js'
import { StatusText } from '../../components/status.js'
import { Ago } from '../../components/time.js'
import { useParameter } from '../../components/use-parameter.js'
import { useNamespace } from '../../shell/namespace.js'
import { deliveryHref, verdictOf } from './verdict.js'

const VERDICTS = ['fired', 'filtered', 'failed', 'rejected', 'pending'] as const
const PAGE = 50

export function DeliveryListPage() {
  const namespace = useNamespace()
  const [search, setSearch] = useParameter('search')
  const [verdict, setVerdict] = useParameter('verdict')
  const [listener, setListener] = useParameter('listener')
  const [schedule, setSchedule] = useParameter('schedule')
  const query = { search, verdict, listener, schedule, limit: PAGE }
  const { items, error, hasMore, loadMore, reload } = usePolled<DeliveryObject>(ownPath('deliveries', namespace), query)
  const isFiltered = [search, verdict, listener, schedule].some(each => each !== '')
  return (
    <div className="page">
      <div className="page-head">
        <h1>Deliveries</h1>
      </div>
      <div className="list-bar">
        <fieldset className="filters" aria-label="Verdict">
          <button type="button" className="filter" aria-pressed={verdict === ''} onClick={() => setVerdict('')}>
            All
          </button>
          {VERDICTS.map(each => (
            <button
              key={each}
              type="button"
              className="filter"
              aria-pressed={verdict === each}
              onClick={() => setVerdict(verdict === each ? '' : each)}
            >
              {each[0]?.toUpperCase()}
              {each.slice(1)}
            </button>
          ))}
        </fieldset>
        <SearchField
          label="Search deliveries"
          placeholder="Event, repository, commit, id"
          text={search}
          onSearch={setSearch}
        />
      </div>
      <Narrowed name="listener" value={listener} onClear={() => setListener('')} />
      <Narrowed name="schedule" value={schedule} onClear={() => setSchedule('')} />
      {error !== undefined && <Problem error={error} retry={reload} />}
      {!(items === undefined && error !== undefined) && (
        <section className="rows" aria-label="Deliveries" aria-busy={items === undefined}>
          <div className="rows-head delivery-row" aria-hidden="true">
            <span>Verdict</span>
            <span>Event</span>
            <span>About</span>
            <span>To</span>
            <span>Created</span>
            <span className="right">Came</span>
          </div>
          {items === undefined && <RowsSkeleton />}
          {items?.length === 0 && (isFiltered ? <NoMatch /> : <NoDeliveries />)}
          {items !== undefined && items.length > 0 && (
            <ul>
              {items.map(item => (
                <li key={item.metadata.uid}>
                  <DeliveryRow delivery={item} withNamespace={namespace === ''} />
                </li>
              ))}
            </ul>
          )}
        </section>
      )}
      {hasMore && (
        <button type="button" className="button quiet more-rows" onClick={loadMore}>
          Show older ones
        </button>
      )}
    </div>
  )
}

function Narrowed({
  name,
  value,
  onClear,
}: {
  readonly name: string
  readonly value: string
  readonly onClear: () => void
}) {
  if (value === '') return null
  return (
    <div className="actions narrowed-by">
      <button type="button" className="button small" onClick={onClear}>
        <span className="soft">{name}</span> {value}
        <Icon name="close" size={12} />
        <span className="unseen">take this filter away</span>
      </button>
    </div>
  )
}

function DeliveryRow({
  delivery,
  withNamespace,
}: {
  readonly delivery: DeliveryObject
  readonly withNamespace: boolean
}) {
  const { spec, status, metadata } = delivery
  const { status: shown, text } = verdictOf(status)
  const created = status.created ?? []
  return (
    <Link className="row delivery-row" href={deliveryHref(delivery)} data-row>
      <StatusText status={shown} text={text} />
      <span className="delivery-event one-line">
        {spec.event || spec.source}
        {spec.event !== '' && <span className="faint"> {spec.source}</span>}
      </span>
      <span className="delivery-about one-line" title={status.message ?? spec.subject}>
        {spec.subject || <span className="faint">{spec.url}</span>}
        {status.message && <span className="soft"> · {status.message}</span>}
      </span>
      <span className="delivery-to one-line soft">
        {withNamespace && <span className="faint">{metadata.namespace} / </span>}
        {spec.target.name}
      </span>
      <span className="delivery-created one-line soft">
        {created[0]?.name ?? ''}
        {created.length > 1 && <span className="faint"> +{created.length - 1}</span>}
      </span>
      <span className="delivery-came right soft">
        <Ago time={spec.receivedAt} />
      </span>
    </Link>
  )
}

function NoMatch() {
  return (
    <Empty title="No delivery is like this">
      <p>Take a filter away, or search for less: words of the event, the repository, a commit, or an id.</p>
    </Empty>
  )
}

function NoDeliveries() {
  return (
    <Empty title="Nothing has come in yet">
      <p>
        A webhook that reaches an EventListener shows up here, and so does each time of a Schedule. Send one by hand:
      </p>
      <Command text="tektite trigger LISTENER --event push -f payload.json" />
    </Empty>
  )
}

function RowsSkeleton() {
  return (
    <ul>
      {Array.from({ length: 12 }, (_, at) => `${at}`).map(key => (
        <li key={key}>
          <div className="row delivery-row">
            <Skeleton width={76} />
            <Skeleton width={96} />
            <Skeleton width={240} />
            <Skeleton width={64} />
          </div>
        </li>
      ))}
    </ul>
  )
}
