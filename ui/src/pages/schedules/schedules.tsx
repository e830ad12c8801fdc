import { Route, Switch } from 'wouter'
import { ScheduleListPage } from './list.js'
import { SchedulePage } from './schedule.js'
import './schedules.css'

export function SchedulesPage() {
  return (
    <Switch>
      <Route path="/schedules/:namespace/:name">
        {({ namespace, name }) => <SchedulePage key={`${namespace}/${name}`} namespace={namespace} name={name} />}
      </Route>
      <Route component={ScheduleListPage} />
    </Switch>
  )
}
