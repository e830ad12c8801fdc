/** One run: what became of it, its tasks as a graph and as a tree, and whatever of it one chooses. */
import { lazy, Suspense, useEffect } from 'react'
import { useLocation, useSearch } from 'wouter'
import { ApiError } from '../../api/client.js'
import { runHref } from '../../api/runs.js'
import { Empty, Problem } from '../../components/states.js'
import { statusWord } from '../../components/status.js'
import { useIsNarrow } from '../../components/use-is-narrow.js'
import { dagHeight } from './dag/dag-height.js'
import { RunHeader } from './header.js'
import { Panel } from './panel.js'
import { summaryOf } from './run-status.js'
import { useSelection } from './selection.js'
import { RunSkeleton } from './skeleton.js'
import { Tree } from './tree.js'
import { type LoadedRun, useRun } from './use-run.js'
import './run.css'

// The drawing of graphs is as big as all the rest, and the page is worth something before it is there.
const Dag = lazy(() => import('./dag/dag.js').then(({ Dag }) => ({ default: Dag })))

export function RunPage({ namespace, run: id }: { readonly namespace: string; readonly run: string }) {
  const { loaded, error, reload } = useRun(namespace, id)
  useCanonicalAddress(namespace, id, loaded?.run.metadata.uid)
  if (loaded !== undefined) return <Loaded loaded={loaded} reload={reload} isDeleted={isNotFound(error)} />
  if (error === undefined) return <RunSkeleton />
  return (
    <div className="page">
      {isNotFound(error) ? (
        <Empty title="There is no such run">
          <p>
            No run <code>{id}</code> is in the namespace <code>{namespace}</code>, live or archived. It may have been
            deleted.
          </p>
        </Empty>
      ) : (
        <Problem error={error} retry={reload} />
      )}
    </div>
  )
}

function Loaded({
  loaded,
  reload,
  isDeleted,
}: {
  readonly loaded: LoadedRun
  readonly reload: () => void
  readonly isDeleted: boolean
}) {
  const { run, graph } = loaded
  const isNarrow = useIsNarrow()
  const { selected, hrefOf, select } = useSelection(loaded)
  const { status } = summaryOf(run)
  useEffect(() => {
    document.title = `${statusWord(status)}: ${run.metadata.name} · Tektite`
  }, [status, run.metadata.name])
  return (
    <div className="page run-page">
      <RunHeader loaded={loaded} reload={reload} isDeleted={isDeleted} />
      {run.kind === 'PipelineRun' && graph.nodes.length > 0 && (
        <section
          className="card dag"
          aria-label="Graph"
          style={{ height: isNarrow ? NARROW_DAG : dagHeight(graph, dagWidth()) }}
        >
          <Suspense>
            <Dag
              graph={graph}
              selected={selected.task}
              onSelect={task => select({ task, tab: 'log' })}
              direction={isNarrow ? 'TB' : 'LR'}
            />
          </Suspense>
        </section>
      )}
      {graph.problem !== undefined && (
        <div className="notice" data-status="failed">
          {graph.problem}
        </div>
      )}
      <div className="run-body">
        <Tree loaded={loaded} selected={selected} hrefOf={hrefOf} />
        <Panel loaded={loaded} selected={selected} select={select} />
      </div>
    </div>
  )
}

/** Pixels: on a phone the graph goes from top to bottom, and is looked at in part. */
const NARROW_DAG = 320

/** Beside the navigation, inside the page's padding, as shell.css has them. */
function dagWidth(): number {
  return Math.min(1480, document.documentElement.clientWidth - 208) - 64
}

/** A name is taken for its newest run; the address then says which one that was. */
function useCanonicalAddress(namespace: string, id: string, uid: string | undefined): void {
  const [, navigate] = useLocation()
  const search = useSearch()
  useEffect(() => {
    if (uid === undefined || uid === id) return
    navigate(`${runHref({ namespace, uid })}${search === '' ? '' : `?${search}`}`, { replace: true })
  }, [namespace, id, uid, search, navigate])
}

function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.code === 404
}
