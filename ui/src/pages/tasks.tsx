import { Empty } from '../components/states.js'

export function TasksPage() {
  return (
    <div className="page">
      <div className="page-head">
        <h1>Tasks</h1>
      </div>
      <Empty title="Not here yet" />
    </div>
  )
}
