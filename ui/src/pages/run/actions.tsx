/** What one can do about a run. What one may not do is not shown. */
import { useState } from 'react'
import { useLocation } from 'wouter'
import type { PipelineRun, TaskRun } from '../../../../src/resources/tekton.js'
import { useMay } from '../../api/access.js'
import { request } from '../../api/client.js'
import { tektonPath } from '../../api/paths.js'
import { runHref, runsPath } from '../../api/runs.js'
import { ConfirmDialog } from '../../components/dialog.js'
import { Icon } from '../../components/icons.js'
import { Menu, type MenuItem } from '../../components/menu.js'
import { complain, say } from '../../components/toast.js'
import { summaryOf } from './run-status.js'
import type { LoadedRun } from './use-run.js'

export function RunActions({ loaded, reload }: { readonly loaded: LoadedRun; readonly reload: () => void }) {
  const { run, archived } = loaded
  const { namespace, name, uid } = run.metadata
  const [, navigate] = useLocation()
  const [isDeleting, setDeleting] = useState(false)
  const plural = run.kind === 'TaskRun' ? 'taskruns' : 'pipelineruns'
  const on = { group: 'tekton.dev', resource: plural, namespace }
  const mayCreate = useMay({ ...on, verb: 'create' })
  const mayPatch = useMay({ ...on, verb: 'patch' })
  const mayDelete = useMay({ ...on, verb: 'delete' })
  const { status, isOver } = summaryOf(run)
  const path = tektonPath(plural, namespace, name)

  async function rerun(fromFailed: boolean) {
    try {
      const made = await request<PipelineRun | TaskRun>(runsPath(namespace, uid, 'rerun'), {
        method: 'POST',
        body: { fromFailed },
      })
      say(`Started ${made.metadata.name}`)
      navigate(runHref({ namespace, uid: made.metadata.uid }))
    } catch (error) {
      complain(error)
    }
  }

  async function stop(word: string) {
    try {
      await request(path, { method: 'PATCH', body: { spec: { status: word } } })
      say(`${name} is asked to stop`)
    } catch (error) {
      complain(error)
    }
  }

  const stops: readonly MenuItem[] =
    run.kind === 'TaskRun'
      ? [{ label: 'Cancel', hint: 'Ends the steps now', onChoose: () => void stop('TaskRunCancelled') }]
      : [
          { label: 'Cancel', hint: 'Ends what runs, now', onChoose: () => void stop('Cancelled') },
          {
            label: 'Cancel, then run finally',
            hint: 'Ends what runs; finally tasks clean up',
            onChoose: () => void stop('CancelledRunFinally'),
          },
          {
            label: 'Stop gracefully',
            hint: 'Lets what runs end, begins nothing more, then finally',
            onChoose: () => void stop('StoppedRunFinally'),
          },
        ]
  return (
    <div className="actions">
      {mayCreate && isOver && status !== 'succeeded' && run.kind === 'PipelineRun' && (
        <button type="button" className="button primary" onClick={() => void rerun(true)}>
          <Icon name="rerun" size={14} />
          Rerun from failed
        </button>
      )}
      {mayCreate && isOver && (
        <button type="button" className="button" onClick={() => void rerun(false)}>
          {(status === 'succeeded' || run.kind === 'TaskRun') && <Icon name="rerun" size={14} />}
          Rerun
        </button>
      )}
      {mayPatch && !isOver && !archived && (
        <Menu
          label={
            <>
              <Icon name="stop" size={14} />
              Cancel
            </>
          }
          items={stops}
        />
      )}
      {mayDelete && !archived && (
        <button
          type="button"
          className="button square"
          onClick={() => setDeleting(true)}
          title="Delete this run"
          aria-label="Delete this run"
        >
          <Icon name="trash" size={14} />
        </button>
      )}
      {isDeleting && (
        <ConfirmDialog
          title="Delete this run?"
          action="Delete"
          onClose={() => setDeleting(false)}
          onConfirm={async () => {
            await request(path, { method: 'DELETE', body: { preconditions: { uid } } })
            say(`${name} is deleted`)
            reload()
          }}
        >
          <p>
            <strong>{name}</strong> goes away with its TaskRuns and Pods.{' '}
            {isOver ? 'If it was archived before, its record stays.' : 'It is still running: its steps are ended.'}
          </p>
        </ConfirmDialog>
      )}
    </div>
  )
}
