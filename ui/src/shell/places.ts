/** The pages that the navigation leads to. */
import type { IconName } from '../components/icons.js'

export interface Place {
  readonly path: string
  readonly label: string
  readonly icon: IconName
  /** After `g`. */
  readonly key: string
}

export const PLACES: readonly Place[] = [
  { path: '/runs', label: 'Runs', icon: 'runs', key: 'r' },
  { path: '/pipelines', label: 'Pipelines', icon: 'pipelines', key: 'p' },
  { path: '/tasks', label: 'Tasks', icon: 'tasks', key: 't' },
  { path: '/deliveries', label: 'Deliveries', icon: 'deliveries', key: 'd' },
  { path: '/schedules', label: 'Schedules', icon: 'schedules', key: 's' },
  { path: '/queue', label: 'Queue', icon: 'queue', key: 'q' },
]
