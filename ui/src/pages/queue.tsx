import { Empty } from '../components/states.js'

export function QueuePage() {
  return (
    <div className="page">
      <div className="page-head">
        <h1>Queue</h1>
      </div>
      <Empty title="Not here yet" />
    </div>
  )
}
