import { Empty } from '../components/states.js'

export function SchedulesPage() {
  return (
    <div className="page">
      <div className="page-head">
        <h1>Schedules</h1>
      </div>
      <Empty title="Not here yet" />
    </div>
  )
}
