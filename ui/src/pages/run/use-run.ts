/** One run with all that belongs to it, kept up to date while it is there. */
import { useEffect, useMemo, useRef, useState } from 'react'
import type { Explanation } from '../../../../src/explain/explanation.js'
import type { RunGraph } from '../../../../src/graph/graph.js'
import type { RunRecord } from '../../../../src/resources/run-record.js'
import type { CustomRun, PipelineRun, TaskRun } from '../../../../src/resources/tekton.js'
import { request } from '../../api/client.js'
import { tektonPath } from '../../api/paths.js'
import { runsPath } from '../../api/runs.js'
import { useGet, useWatch } from '../../api/use.js'
import { summaryOf } from './run-status.js'

/** As `runs/UID` answers. */
export interface RunDocument extends RunRecord {
  readonly archived: boolean
}

/** What there may be to see of a task: a TaskRun, or what a custom task or a nested pipeline has. */
export type Shown = PipelineRun | TaskRun | CustomRun

export interface LoadedRun extends RunDocument {
  readonly graph: RunGraph
  /** Why it is where it is; undefined while it runs or when it went well. */
  readonly explanation: Explanation | undefined
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
  const graph = useOfRun<RunGraph>(run && runsPath(namespace, run.metadata.uid, 'graph'), version)
  const isToExplain = run !== undefined && !['running', 'succeeded'].includes(summaryOf(run).status)
  const explained = isToExplain ? runsPath(namespace, run.metadata.uid, 'explain') : undefined
  const explanation = useOfRun<Explanation>(explained, version)
  // Not waited for again when it turns bad while one looks on; nor for ever, when it cannot be had.
  const [isShown, setShown] = useState(false)
  const isReady =
    graph.data !== undefined && (isShown || !isToExplain || Boolean(explanation.data ?? explanation.error))
  if (isReady && !isShown) setShown(true)

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
    () =>
      found && run && graph.data && isReady
        ? { ...found, run, taskRuns, graph: graph.data, explanation: explanation.data, version }
        : undefined,
    [found, graph.data, explanation.data, version, isReady],
  )
  return { loaded, error: whole.error ?? graph.error, isGone: isGone && whole.error !== undefined, reload }
}

/** A run's changes come in bursts: it is drawn again at most this often. */
const DRAW_MS = 250

/** What the server makes of the run, made again when `version` changes. @param path undefined: nothing is read */
function useOfRun<T>(
  path: string | undefined,
  version: string,
): { readonly data?: T | undefined; readonly error?: unknown } {
  const [state, setState] = useState<{ path?: string; data?: T; error?: unknown }>({})
  const last = useRef(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` is what asks for it again
  useEffect(() => {
    if (path === undefined) return
    const left = new AbortController()
    const timer = setTimeout(
      () => {
        last.current = performance.now()
        request<T>(path, { signal: left.signal }).then(
          data => setState({ path, data }),
          error => left.signal.aborted || setState(before => ({ ...before, path, error })),
        )
      },
      Math.max(0, last.current + DRAW_MS - performance.now()),
    )
    return () => {
      clearTimeout(timer)
      left.abort()
    }
  }, [path, version])
  return state.path === path ? state : {}
}
