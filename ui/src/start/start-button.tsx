import { lazy, Suspense, useState } from 'react'
import { useMay } from '../api/access.js'
import { Icon } from '../components/icons.js'
import type { Startable } from './run-of-form.js'

const StartDialog = lazy(() => import('./start-dialog.js').then(({ StartDialog }) => ({ default: StartDialog })))

/** Not there for those who may not. */
export function StartButton({ of }: { readonly of: Startable }) {
  const [isOpen, setOpen] = useState(false)
  const resource = of.kind === 'Task' ? 'taskruns' : 'pipelineruns'
  const may = useMay({ verb: 'create', group: 'tekton.dev', resource, namespace: of.metadata.namespace })
  if (!may) return null
  return (
    <>
      <button type="button" className="button primary" onClick={() => setOpen(true)}>
        <Icon name="play" size={14} />
        Start
      </button>
      {isOpen && (
        <Suspense>
          <StartDialog of={of} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  )
}
