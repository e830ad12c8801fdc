import type { RunSummary } from '../../api/runs.js'

/** How far the tasks are: a bar of parts, and the numbers beside it. */
export function TaskProgress({
  tasks,
  isRunning,
}: {
  readonly tasks: NonNullable<RunSummary['tasks']>
  readonly isRunning: boolean
}) {
  const { total, done, failed, skipped } = tasks
  const parts = [
    ['failed', failed],
    ['succeeded', done - failed],
    ['skipped', skipped],
  ] as const
  const words = [
    `${done} of ${total - skipped} done`,
    failed > 0 && `${failed} failed`,
    skipped > 0 && `${skipped} skipped`,
  ]
  return (
    <span className="progress" title={words.filter(Boolean).join(', ')}>
      <span className={isRunning ? 'progress-bar moving' : 'progress-bar'} aria-hidden="true">
        {parts.map(([status, count]) => (
          <span key={status} data-status={status} style={{ flexGrow: Math.max(0, count) }} />
        ))}
        <span style={{ flexGrow: Math.max(0, total - done - skipped) }} />
      </span>
      <span className="small soft numeric">
        {done}/{total - skipped}
      </span>
    </span>
  )
}
