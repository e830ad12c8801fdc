import { Route, Switch } from 'wouter'
import { DeliveryPage } from './delivery.js'
import { DeliveryListPage } from './list.js'
import './deliveries.css'

export function DeliveriesPage() {
  return (
    <Switch>
      <Route path="/deliveries/:namespace/:name">
        {({ namespace, name }) => <DeliveryPage key={`${namespace}/${name}`} namespace={namespace} name={name} />}
      </Route>
      <Route component={DeliveryListPage} />
    </Switch>
  )
}
