import { Skeleton } from '../../components/states.js'

/** As high as the page will be above the fold. */
export function RunSkeleton() {
  return (
    <div className="page run-page" aria-busy="true">
      <div className="run-head">
        <div className="run-title">
          <Skeleton width={280} />
        </div>
      </div>
      <div className="card dag" style={{ height: 180 }} />
      <div className="run-body">
        <div className="card tree" />
        <div className="card panel" />
      </div>
    </div>
  )
}
