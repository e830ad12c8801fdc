/** What of a run is looked at. All of it is in the address: `?task=build&taskRun=…&step=compile&tab=yaml`. */
import { useCallback } from 'react'
import { useLocation, useSearchParams } from 'wouter'
import type { GraphNode, RunGraph } from '../../../../src/graph/graph.js'
import type { TaskRun } from '../../../../src/resources/tekton.js'
import { summaryOf } from './run-status.js'
import type { LoadedRun } from './use-run.js'

export const TABS = ['log', 'values', 'events', 'yaml'] as const
export type TabName = (typeof TABS)[number]

export interface Selection {
  /** Id of a node; '' for the run as a whole. */
  readonly task: string
  /** One of the node's; of a matrix it matters. */
  readonly taskRun: string
  readonly step: string
  /** From 0; undefined for the newest. */
  readonly attempt: number | undefined
  readonly tab: TabName
}

/** A step is one of its task, and a line one of a log: they are of no use after another choice. */
const FORGOTTEN_WITH: readonly (readonly [keyof Selection, readonly string[]])[] = [
  ['task', ['taskRun', 'step', 'attempt', 'line']],
  ['taskRun', ['step', 'attempt', 'line']],
  ['step', ['line']],
  ['attempt', ['line']],
]

/** Where nothing was chosen, the page chooses, and goes along with the run. */
export function useSelection({ graph, taskRuns }: Pick<LoadedRun, 'graph' | 'taskRuns'>): {
  readonly selected: Selection
  readonly hrefOf: (change: Partial<Selection>) => string
  readonly select: (change: Partial<Selection>) => void
} {
  const [location] = useLocation()
  const [params, setParams] = useSearchParams()
  const chosen = params.get('task')
  const task = chosen ?? worthALook(graph)?.id ?? ''
  const node = nodesOf(graph).find(({ id }) => id === task)
  const given = params.get('taskRun') ?? ''
  const selected: Selection = {
    task: node?.id ?? '',
    taskRun: node?.taskRuns.includes(given) ? given : ofMatrix(node, taskRuns),
    step: params.get('step') ?? '',
    attempt: /^\d{1,4}$/.test(params.get('attempt') ?? '') ? Number(params.get('attempt')) : undefined,
    tab: TABS.find(tab => tab === params.get('tab')) ?? 'log',
  }
  const search = useCallback(
    (before: URLSearchParams, change: Partial<Selection>) => {
      const after = new URLSearchParams(before)
      if (!after.has('task')) after.set('task', task)
      for (const name of FORGOTTEN_WITH.find(([changed]) => change[changed] !== undefined)?.[1] ?? [])
        after.delete(name)
      for (const [name, value] of Object.entries(change)) {
        // No task is the run as a whole; every other absence is what the page chooses by itself.
        if (value === '' && name !== 'task') after.delete(name)
        else after.set(name, String(value))
      }
      return after
    },
    [task],
  )
  return {
    selected,
    hrefOf: change => `${location}?${search(params, change)}`,
    select: useCallback(change => setParams(before => search(before, change)), [setParams, search]),
  }
}

/** Of several, the one that failed. */
function ofMatrix(node: GraphNode | undefined, taskRuns: readonly TaskRun[]): string {
  const names = node?.taskRuns ?? []
  const failed = taskRuns.find(each => names.includes(each.metadata.name) && summaryOf(each).status === 'failed')
  return failed?.metadata.name ?? names[0] ?? ''
}

/** Of nested pipelines, too: each behind the one that runs it. */
export function nodesOf(graph: RunGraph): readonly GraphNode[] {
  return graph.nodes.flatMap(node => (node.group === undefined ? [node] : [node, ...nodesOf(node.group)]))
}

/** What failed, else what runs, else what ran last. */
function worthALook(graph: RunGraph): GraphNode | undefined {
  const nodes = nodesOf(graph).filter(({ taskRuns, group }) => taskRuns.length > 0 && group === undefined)
  const ended = [...nodes].sort((a, b) => (a.completedAt ?? '').localeCompare(b.completedAt ?? ''))
  return (
    nodes.find(({ status, isFailureAllowed }) => status === 'failed' && !isFailureAllowed) ??
    nodes.find(({ status }) => status === 'running') ??
    ended.at(-1)
  )
}
