/** What became of a run, where it came from, and what one can do about it. */
import { Link } from 'wouter'
import type { ParamValue } from '../../../../src/resources/tekton.js'
import { runHref } from '../../api/runs.js'
import { CopyButton } from '../../components/copy.js'
import { Icon } from '../../components/icons.js'
import { StatusBadge } from '../../components/status.js'
import { Ago, Duration } from '../../components/time.js'
import { RunActions } from './actions.js'
import { ExplanationNotice } from './explanation.js'
import { originOf } from './origin.js'
import { summaryOf } from './run-status.js'
import type { LoadedRun } from './use-run.js'

export function RunHeader({
  loaded,
  reload,
  isDeleted,
}: {
  readonly loaded: LoadedRun
  readonly reload: () => void
  readonly isDeleted: boolean
}) {
  const { run, archived } = loaded
  const { namespace, name, creationTimestamp } = run.metadata
  const state = summaryOf(run)
  return (
    <header className="run-head">
      <nav className="crumbs small soft" aria-label="Where this is">
        <Link href="/runs">Runs</Link>
        <span aria-hidden="true">/</span>
        <Link href={`/runs?namespace=${encodeURIComponent(namespace)}`}>{namespace}</Link>
      </nav>
      <div className="run-title">
        <h1 className="one-line" title={name}>
          {name}
        </h1>
        <CopyButton text={name} what="the name" />
        <StatusBadge status={state.status} />
        {archived && (
          <span className="tag" title="Its objects are gone; everything about it is kept in the archive">
            <Icon name="archive" size={12} />
            archived
          </span>
        )}
        {isDeleted && <span className="tag">deleted</span>}
        {!isDeleted && <RunActions loaded={loaded} reload={reload} />}
      </div>
      <div className="run-facts soft">
        <span className="fact">
          <Icon name="schedules" size={14} />
          {run.status?.startTime === undefined ? (
            'not started'
          ) : (
            <Duration from={run.status.startTime} to={run.status.completionTime} />
          )}
        </span>
        <span>
          <Ago time={creationTimestamp} />
        </span>
        <Origin loaded={loaded} />
      </div>
      <Params params={run.spec.params ?? []} />
      <ExplanationNotice loaded={loaded} />
    </header>
  )
}

function Origin({ loaded: { run } }: { readonly loaded: LoadedRun }) {
  const { namespace } = run.metadata
  const { pipeline, task, listener, schedule, event, commit, rerunOf, parent } = originOf(run)
  const place = (plural: string, name: string) =>
    `/${plural}/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`
  return (
    <>
      {pipeline !== undefined && (
        <Link className="fact link-quiet" href={place('pipelines', pipeline)}>
          <Icon name="pipelines" size={14} />
          {pipeline}
        </Link>
      )}
      {task !== undefined && (
        <Link className="fact link-quiet" href={place('tasks', task)}>
          <Icon name="tasks" size={14} />
          {task}
        </Link>
      )}
      {listener !== undefined && (
        <Link className="fact link-quiet" href={event === undefined ? '/deliveries' : place('deliveries', event)}>
          <Icon name="deliveries" size={14} />
          {listener}
        </Link>
      )}
      {schedule !== undefined && (
        <Link className="fact link-quiet" href={place('schedules', schedule)}>
          <Icon name="schedules" size={14} />
          {schedule}
        </Link>
      )}
      {commit !== undefined && (
        <span className="fact">
          <Icon name="commit" size={14} />
          {commit.href === undefined ? (
            <code title={commit.sha}>{commit.sha.slice(0, 7)}</code>
          ) : (
            <a className="link-quiet" href={commit.href} target="_blank" rel="noreferrer">
              <code title={commit.sha}>{commit.sha.slice(0, 7)}</code>
            </a>
          )}
        </span>
      )}
      {rerunOf !== undefined && (
        <Link className="fact link-quiet" href={runHref({ namespace, uid: rerunOf })}>
          <Icon name="rerun" size={14} />
          rerun of {rerunOf}
        </Link>
      )}
      {parent !== undefined && (
        <Link className="fact link-quiet" href={runHref({ namespace, uid: parent })}>
          <Icon name="pipelines" size={14} />
          part of {parent}
        </Link>
      )}
    </>
  )
}

const SHOWN_PARAMS = 6

function Params({ params }: { readonly params: readonly { readonly name: string; readonly value: ParamValue }[] }) {
  if (params.length === 0) return null
  return (
    <ul className="run-params" aria-label="Params">
      {params.slice(0, SHOWN_PARAMS).map(({ name, value }) => {
        const text = typeof value === 'string' ? value : JSON.stringify(value)
        return (
          <li key={name} className="one-line mono" title={`${name} = ${text}`}>
            <span className="faint">{name}=</span>
            {text}
          </li>
        )
      })}
      {params.length > SHOWN_PARAMS && <li className="small faint">{params.length - SHOWN_PARAMS} more</li>}
    </ul>
  )
}
