import { Empty } from '../../components/states.js'

export function RunsPage() {
  return (
    <div className="page">
      <div className="page-head">
        <h1>Runs</h1>
      </div>
      <Empty title="Not here yet" />
    </div>
  )
}
