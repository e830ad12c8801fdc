import { Counter, type Registry } from 'prom-client'

/** What becomes of runs that have ended. */
export type RetentionCount = (what: 'archived' | 'deleted' | 'forgotten', count: number) => void

export function createRetentionMetrics(registry: Registry): RetentionCount {
  const counter = (name: string, help: string) => new Counter({ name, help, registers: [registry] })
  const counters = {
    archived: counter('tektite_runs_archived_total', 'Runs that were brought into the archive'),
    deleted: counter('tektite_runs_deleted_total', 'Runs whose objects were deleted because their time had come'),
    forgotten: counter('tektite_runs_forgotten_total', 'Runs that the archive has forgotten'),
  }
  return (what, count) => counters[what].inc(count)
}
