import { Empty } from '../components/states.js'

export function PipelinesPage() {
  return (
    <div className="page">
      <div className="page-head">
        <h1>Pipelines</h1>
      </div>
      <Empty title="Not here yet" />
    </div>
  )
}
