import { Empty } from '../components/states.js'

export function DeliveriesPage() {
  return (
    <div className="page">
      <div className="page-head">
        <h1>Deliveries</h1>
      </div>
      <Empty title="Not here yet" />
    </div>
  )
}
