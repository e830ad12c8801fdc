import { lazy, type ReactNode, Suspense } from 'react'
import { Redirect, Route, Router, Switch, useLocation } from 'wouter'
import { useToken } from './api/session.js'
import { Empty } from './components/states.js'
import { Login } from './login.js'
import { RunsPage } from './pages/runs/runs.js'
import { ErrorBoundary } from './shell/error-boundary.js'
import { Shell } from './shell/shell.js'

// The list of runs is what one comes for; everything else is fetched when it is asked for.
const RunPage = lazy(() => import('./pages/run/run.js').then(({ RunPage }) => ({ default: RunPage })))
const PipelinesPage = lazy(() => import('./pages/definitions/pipelines.js').then(p => ({ default: p.PipelinesPage })))
const TasksPage = lazy(() => import('./pages/definitions/pipelines.js').then(p => ({ default: p.TasksPage })))
const DeliveriesPage = lazy(() => import('./pages/deliveries/deliveries.js').then(p => ({ default: p.DeliveriesPage })))
const SchedulesPage = lazy(() => import('./pages/schedules/schedules.js').then(p => ({ default: p.SchedulesPage })))
const QueuePage = lazy(() => import('./pages/queue/queue.js').then(p => ({ default: p.QueuePage })))

export function App() {
  if (useToken() === undefined) return <Login />
  return (
    <Router base="/dashboard">
      <Shell>
        <Pages>
          <Switch>
            <Route path="/" component={() => <Redirect to="/runs" replace />} />
            <Route path="/runs" component={RunsPage} />
            <Route path="/runs/:namespace/:run">
              {({ namespace, run }) => <RunPage key={`${namespace}/${run}`} namespace={namespace} run={run} />}
            </Route>
            {/* Each of these pages has what is below its path to itself: `useRoute`, or a Switch of its own. */}
            <Route path="/pipelines/*?" component={PipelinesPage} />
            <Route path="/tasks/*?" component={TasksPage} />
            <Route path="/deliveries/*?" component={DeliveriesPage} />
            <Route path="/schedules/*?" component={SchedulesPage} />
            <Route path="/queue/*?" component={QueuePage} />
            <Route>
              <Empty title="There is no such page">
                <p>The address may be of another version, or mistyped.</p>
              </Empty>
            </Route>
          </Switch>
        </Pages>
      </Shell>
    </Router>
  )
}

/** Another page is another try. */
function Pages({ children }: { readonly children: ReactNode }) {
  const [location] = useLocation()
  return (
    <ErrorBoundary key={location.split('/')[1] ?? ''}>
      <Suspense>{children}</Suspense>
    </ErrorBoundary>
  )
}
