/** One run with all that belongs to it, kept up to date while it is there. */
import { useEffect, useMemo, useRef, useState } from 'react'
import type { RunGraph } from '../../../../src/graph/graph.js'
import type { RunRecord } from '../../../../src/resources/run-record.js'
import type { CustomRun, PipelineRun, TaskRun } from '../../../../src/resources/tekton.js'
import { request } from '../../api/client.js'
import { tektonPath, withQuery } from '../../api/paths.js'
import { runsPath } from '../../api/runs.js'
import { useGet, useWatch } from '../../api/use.js'

/** As `runs/UID` answers. */
export interface RunDocument extends RunRecord {
  readonly archived: boolean
}

/** What there may be to see of a task: a TaskRun, or what a custom task or a nested pipeline has. */
export type Shown = PipelineRun | TaskRun | CustomRun

export interface LoadedRun extends RunDocument {
  readonly graph: RunGraph
  /** Changes whenever something of it does. */
  readonly version: string
}

export interface UsedRun {
  /** Undefined until all of it is there, so that the page is laid out once. */
  readonly loaded: LoadedRun | undefined
  readonly error: unknown
  readonly isGone: boolean
  readonly reload: () => void
}

/** @param id uid, or the name: the newest of that name is taken */
export function useRun(namespace: string, id: string): UsedRun {
  const whole = useGet<RunDocument>(runsPath(namespace, id))
  const found = whole.data
  const live = found !== undefined && !found.archived ? found.run : undefined
  const own = live?.kind === 'TaskRun' ? 'taskruns' : 'pipelineruns'
  const runs = useWatch<PipelineRun | TaskRun>(live && tektonPath(own, namespace), {
    fieldSelector: `metadata.name=${live?.metadata.name}`,
  })
  // A nested pipeline is a run of its own, whose TaskRuns say so.
  const uids = [live?.metadata.uid, ...(found?.pipelineRuns ?? []).map(({ metadata }) => metadata.uid)]
  const tasks = useWatch<TaskRun>(live?.kind === 'PipelineRun' ? tektonPath('taskruns', namespace) : undefined, {
    labelSelector: `tekton.dev/pipelineRunUID in (${uids.join(',')})`,
  })
  const isListed = runs.items !== undefined
  const watched = runs.items?.find(({ metadata }) => metadata.uid === live?.metadata.uid)
  const isGone = live !== undefined && isListed && watched === undefined
  const run = watched ?? found?.run
  const taskRuns = tasks.items ?? found?.taskRuns ?? []
  const version = [run, ...taskRuns].map(each => each?.metadata.resourceVersion).join(' ')
  const graph = useGraph(namespace, run?.metadata.uid, version)

  // Deleted, or archived meanwhile: what there is to see of it then, the server says. So it does of what has begun that is
  // no TaskRun.
  const nested =
    run?.kind === 'PipelineRun'
      ? (run.status?.childReferences ?? []).filter(({ kind }) => kind !== 'TaskRun').length
      : 0
  const { reload } = whole
  // biome-ignore lint/correctness/useExhaustiveDependencies: these are the news
  useEffect(() => {
    if (isGone || nested > 0) reload()
  }, [isGone, nested])

  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` is run and taskRuns
  const loaded = useMemo(
    () => (found && run && graph.data ? { ...found, run, taskRuns, graph: graph.data, version } : undefined),
    [found, graph.data, version],
  )
  return { loaded, error: whole.error ?? graph.error, isGone: isGone && whole.error !== undefined, reload }
}

/** A run's changes come in bursts: it is drawn again at most this often. */
const DRAW_MS = 250

/** Drawn by the server again when `version` changes. */
function useGraph(
  namespace: string,
  uid: string | undefined,
  version: string,
): { readonly data?: RunGraph | undefined; readonly error?: unknown } {
  const [state, setState] = useState<{ uid?: string; data?: RunGraph; error?: unknown }>({})
  const last = useRef(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` is what asks for it again
  useEffect(() => {
    if (uid === undefined) return
    const left = new AbortController()
    const timer = setTimeout(
      () => {
        last.current = performance.now()
        request<RunGraph>(withQuery(runsPath(namespace, uid, 'graph'), {}), { signal: left.signal }).then(
          data => setState({ uid, data }),
          error => left.signal.aborted || setState(before => ({ ...before, uid, error })),
        )
      },
      Math.max(0, last.current + DRAW_MS - performance.now()),
    )
    return () => {
      clearTimeout(timer)
      left.abort()
    }
  }, [namespace, uid, version])
  return state.uid === uid ? state : {}
}
