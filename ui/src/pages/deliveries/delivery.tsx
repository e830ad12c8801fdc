/** One delivery: what came, what each trigger made of it and why, and what was created. */
import { useEffect, useState } from 'react'
import { Link } from 'wouter'
import type {
  DeliveryObject,
  DispatchStatus,
  ObjectReference,
  TriggerStatus,
} from '../../../../src/resources/deliveries.js'
import { useMay } from '../../api/access.js'
import { request } from '../../api/client.js'
import { ownPath, withQuery } from '../../api/paths.js'
import { useGet } from '../../api/use.js'
import { CopyButton } from '../../components/copy.js'
import { Crumbs } from '../../components/crumbs.js'
import { ConfirmDialog } from '../../components/dialog.js'
import { Icon } from '../../components/icons.js'
import { Problem, Skeleton } from '../../components/states.js'
import { StatusBadge, StatusText } from '../../components/status.js'
import { Ago, durationText, wholeTime } from '../../components/time.js'
import { say } from '../../components/toast.js'
import { Payload } from './payload.js'
import { canReplay, triggerVerdict, verdictOf } from './verdict.js'

const LOOK_AGAIN_MS = 500

export function DeliveryPage({ namespace, name }: { readonly namespace: string; readonly name: string }) {
  const path = ownPath('deliveries', namespace, name)
  const { data, error, reload } = useGet<DeliveryObject>(withQuery(path, { body: true }))
  const [isAsking, setAsking] = useState(false)
  const mayReplay = useMay({ verb: 'create', group: 'tektite.dev', resource: 'deliveries/replay', namespace })
  const isPending = data?.status.phase === 'Pending'
  useEffect(() => {
    if (!isPending) return
    const timer = setInterval(reload, LOOK_AGAIN_MS)
    return () => clearInterval(timer)
  }, [isPending, reload])
  useEffect(() => {
    if (data !== undefined) document.title = `${data.spec.event || data.spec.source} · Tektite`
  }, [data])

  async function replay() {
    await request(ownPath('deliveries', namespace, name, 'replay'), { method: 'POST' })
    say('The delivery is dispatched again.')
    reload()
  }

  const verdict = data && verdictOf(data.status)
  return (
    <div className="page">
      <div className="page-head">
        <Crumbs path="/deliveries" label="Deliveries" namespace={namespace} />
        <h1 className="one-line">{data ? data.spec.event || data.spec.source : <Skeleton width={160} />}</h1>
        {verdict && <StatusBadge status={verdict.status} text={verdict.text} />}
        <div className="actions">
          {data && mayReplay && canReplay(data) && (
            <button type="button" className="button" onClick={() => setAsking(true)}>
              <Icon name="rerun" size={14} />
              Replay
            </button>
          )}
        </div>
      </div>
      {error !== undefined && <Problem error={error} retry={reload} />}
      {data && <Delivery delivery={data} />}
      {isAsking && (
        <ConfirmDialog
          title="Replay this delivery?"
          action="Replay"
          instead="Leave it"
          isDanger={false}
          onConfirm={replay}
          onClose={() => setAsking(false)}
        >
          It goes through the triggers again as they are now, as a new event: what fires makes new runs, beside those
          that it made before.
        </ConfirmDialog>
      )}
    </div>
  )
}

function Delivery({ delivery }: { readonly delivery: DeliveryObject }) {
  const { spec, status, metadata } = delivery
  return (
    <div className="delivery">
      <div className="delivery-main">
        <Dispatch status={status} title={status.replay === 0 ? 'What came of it' : `Replay ${status.replay}`} />
        {[...(status.earlier ?? [])].reverse().map(each => (
          <Dispatch
            key={each.replay}
            status={each}
            title={each.replay === 0 ? 'At first' : `Replay ${each.replay}`}
            note={each.replay === 0 ? `replayed ${status.replay === 1 ? 'once' : `${status.replay} times`} since` : ''}
          />
        ))}
        <Payload body={spec.body} />
      </div>
      <div className="delivery-side">
        <section className="card" aria-labelledby="delivery-facts">
          <div className="card-head">
            <h2 id="delivery-facts">Delivery</h2>
          </div>
          <dl className="facts card-body">
            <dt>Came</dt>
            <dd title={wholeTime(spec.receivedAt)}>{wholeTime(spec.receivedAt)}</dd>
            <dt>From</dt>
            <dd>{spec.source}</dd>
            <dt>About</dt>
            <dd>{spec.subject || '–'}</dd>
            <dt>To</dt>
            <dd>
              {spec.target.kind} {metadata.namespace}/{spec.target.name}
            </dd>
            <dt>URL</dt>
            <dd className="mono">{spec.url || '–'}</dd>
            <dt>Event id</dt>
            <dd className="mono with-copy">
              {metadata.name} <CopyButton text={metadata.name} what="the event id" />
            </dd>
            <dt>Sender's id</dt>
            <dd className="mono">{spec.id}</dd>
            {status.copies > 1 && (
              <>
                <dt>Copies</dt>
                <dd>{status.copies}: it came again, and made nothing then</dd>
              </>
            )}
          </dl>
        </section>
        <Headers headers={spec.headers ?? {}} />
      </div>
    </div>
  )
}

function Headers({ headers }: { readonly headers: Readonly<Record<string, readonly string[]>> }) {
  const all = Object.entries(headers)
  if (all.length === 0) return null
  return (
    <section className="card" aria-labelledby="delivery-headers">
      <div className="card-head">
        <h2 id="delivery-headers">Headers</h2>
        <span className="tag">credentials are ***</span>
      </div>
      <dl className="headers card-body">
        {all.map(([name, values]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="mono">{values.join(', ')}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function Dispatch({
  status,
  title,
  note = '',
}: {
  readonly status: DispatchStatus
  readonly title: string
  readonly note?: string
}) {
  const { phase, triggers = [], message, dispatchedAt, durationMs } = status
  const id = `dispatch-${status.replay}`
  const isSaid = triggers.some(trigger => trigger.message === message)
  return (
    <section className="card" aria-labelledby={id}>
      <div className="card-head">
        <h2 id={id}>{title}</h2>
        <span className="soft small">
          {dispatchedAt && <Ago time={dispatchedAt} />}
          {durationMs !== undefined && `, in ${durationText(durationMs)}`}
          {note && ` · ${note}`}
        </span>
      </div>
      {phase === 'Pending' && (
        <p className="card-body soft">
          <StatusText status="running" text="It is being dispatched…" />
        </p>
      )}
      {message && !isSaid && <p className="card-body soft">{message}</p>}
      {triggers.length > 0 && (
        <ul className="triggers">
          {triggers.map(trigger => (
            <li key={`${trigger.namespace}/${trigger.name}`}>
              <Trigger trigger={trigger} />
            </li>
          ))}
        </ul>
      )}
      {phase === 'Dispatched' && triggers.length === 0 && (
        <p className="card-body soft">The listener has no trigger, so nothing could come of it.</p>
      )}
    </section>
  )
}

function Trigger({ trigger }: { readonly trigger: TriggerStatus }) {
  const { status, text } = triggerVerdict(trigger)
  return (
    <div className="trigger">
      <StatusText status={status} text={text} />
      <div>
        <p className="trigger-name">{trigger.name}</p>
        {(trigger.by || trigger.message) && (
          <p className="soft">
            {trigger.by && <span className="mono">{trigger.by}</span>}
            {trigger.by && trigger.message && ': '}
            {trigger.message}
          </p>
        )}
        {trigger.created.length > 0 && (
          <ul className="created">
            {trigger.created.map(each => (
              <li key={`${each.kind}/${each.name}`}>
                <Created reference={each} />
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  )
}

function Created({ reference: { kind, namespace, name } }: { readonly reference: ObjectReference }) {
  const isRun = kind === 'PipelineRun' || kind === 'TaskRun'
  if (!isRun) return <span>{`${kind} ${namespace}/${name}`}</span>
  return (
    <Link className="link" href={`/runs/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`} data-row>
      {kind} {name}
    </Link>
  )
}
