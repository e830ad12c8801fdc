/** The log of the step that is looked at, of whichever attempt. */
import { lazy, Suspense } from 'react'
import type { TaskRun } from '../../../../src/resources/tekton.js'
import { Empty } from '../../components/states.js'
import { StatusIcon } from '../../components/status.js'
import { Duration } from '../../components/time.js'
import type { Selection } from './selection.js'
import { type StepView, stepsOf } from './step-status.js'
import type { LoadedRun } from './use-run.js'

const LogViewer = lazy(() => import('../../log-viewer/log-viewer.js').then(({ LogViewer }) => ({ default: LogViewer })))

export function StepLog({
  loaded,
  taskRun,
  selected,
  select,
}: {
  readonly loaded: LoadedRun
  readonly taskRun: TaskRun
  readonly selected: Selection
  readonly select: (change: Partial<Selection>) => void
}) {
  const attempts = (taskRun.status?.retriesStatus ?? []).length
  const attempt = Math.min(selected.attempt ?? attempts, attempts)
  const steps = stepsOf(taskRun, attempt)
  const step = steps.find(({ name }) => name === selected.step) ?? worthALook(steps)
  const isFirst = taskRun.status?.steps === undefined && attempts === 0
  if (step === undefined || isFirst) {
    return (
      <Empty title="No step has begun">
        <p>{taskRun.status?.conditions?.[0]?.message ?? 'It waits for its turn.'}</p>
      </Empty>
    )
  }
  return (
    <>
      <div className="step-head">
        <StatusIcon status={step.status} size={14} />
        <span className="step-name">{step.name}</span>
        <span className="small soft">
          {step.startedAt !== undefined && <Duration from={step.startedAt} to={step.completedAt} />}
          {step.exitCode !== undefined && <span className="exit-code"> exit code {step.exitCode}</span>}
          {step.reason !== undefined && ` ${step.reason}`}
        </span>
        {attempts > 0 && (
          <select
            className="input attempt"
            aria-label="Attempt"
            value={attempt}
            onChange={event => select({ attempt: Number(event.target.value) })}
          >
            {Array.from({ length: attempts + 1 }, (_, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: an attempt is its number
              <option key={at} value={at}>
                Attempt {at + 1} of {attempts + 1}
              </option>
            ))}
          </select>
        )}
      </div>
      <Suspense>
        <LogViewer
          namespace={loaded.run.metadata.namespace}
          runUid={loaded.run.metadata.uid}
          taskRun={taskRun.metadata.name}
          step={step.name}
          retry={attempt === attempts ? undefined : attempt}
          running={step.status === 'running' || step.status === 'pending'}
        />
      </Suspense>
    </>
  )
}

/** What failed, else what runs, else what ran last. */
export function worthALook(steps: readonly StepView[]): StepView | undefined {
  const begun = steps.filter(({ startedAt }) => startedAt !== undefined)
  const found =
    begun.find(({ status }) => status === 'failed') ?? begun.find(({ status }) => status === 'running') ?? begun.at(-1)
  return found ?? steps[0]
}
