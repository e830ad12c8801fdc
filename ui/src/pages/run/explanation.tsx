/** Why a run is not where it should be: each task that failed, and what the engine says of the run. */
import { Link, useLocation } from 'wouter'
import { StatusIcon } from '../../components/status.js'
import { summaryOf } from './run-status.js'
import { nodesOf } from './selection.js'
import type { LoadedRun } from './use-run.js'

export function Explanation({ loaded }: { readonly loaded: LoadedRun }) {
  const [location] = useLocation()
  const { status, message, reason } = summaryOf(loaded.run)
  if (status === 'succeeded' || status === 'running') return null
  const failed = nodesOf(loaded.graph).filter(
    node => node.status === 'failed' && !node.isFailureAllowed && node.group === undefined,
  )
  if (failed.length === 0 && message === '' && reason === '') return null
  return (
    <div className="notice" data-status={status}>
      <StatusIcon status={status} />
      <div className="notice-lines">
        {failed.map(({ id, name, displayName, message: why = '' }) => (
          <p key={id}>
            <Link className="link strong" href={`${location}?task=${encodeURIComponent(id)}`}>
              {displayName ?? name}
            </Link>{' '}
            failed{why !== '' && `: ${why}`}
          </p>
        ))}
        <p className={failed.length > 0 ? 'small soft' : ''}>{message || reason}</p>
      </div>
    </div>
  )
}
