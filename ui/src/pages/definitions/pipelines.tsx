import { Route, Switch } from 'wouter'
import { DefinitionPage } from './definition.js'
import { DefinitionListPage } from './list.js'
import './definitions.css'

export function PipelinesPage() {
  return (
    <Switch>
      <Route path="/pipelines/:namespace/:name">
        {({ namespace, name }) => (
          <DefinitionPage key={`${namespace}/${name}`} kind="Pipeline" namespace={namespace} name={name} />
        )}
      </Route>
      <Route>
        <DefinitionListPage key="pipelines" kind="Pipeline" />
      </Route>
    </Switch>
  )
}

export function TasksPage() {
  return (
    <Switch>
      <Route path="/tasks/:namespace/:name">
        {({ namespace, name }) => (
          <DefinitionPage key={`${namespace}/${name}`} kind="Task" namespace={namespace} name={name} />
        )}
      </Route>
      <Route>
        <DefinitionListPage key="tasks" kind="Task" />
      </Route>
    </Switch>
  )
}
