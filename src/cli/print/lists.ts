/** Lists of objects for people: tkn's columns. Pure. */
import type { AnyResource, Kinds } from '../../resources/kinds.js'
import type { EventListener } from '../../resources/triggers.js'
import { succeededCondition } from '../../status/conditions.js'
import { type NounKind, RUN_KINDS, type RunKind } from '../nouns/nouns.js'
import { statusCell } from './run-status.js'
import type { Style } from './style.js'
import { type Cell, type Column, table } from './table.js'
import { ago, NOTHING, took } from './times.js'

export interface ListView {
  readonly now: number
  readonly style: Style
  readonly width?: number | undefined
  readonly headers: boolean
  /** With a column that says which. */
  readonly allNamespaces: boolean
  /** Those of the objects that are gone, and kept in an archive. */
  readonly archived?: ReadonlySet<AnyResource> | undefined
}

export type AnyRun = Kinds[RunKind]

/** The newest run of each Pipeline, by `NAMESPACE/NAME`. */
export type NewestRuns = ReadonlyMap<string, AnyRun>

interface Shown<T> {
  readonly columns: readonly Column[]
  readonly cells: (object: T) => readonly Cell[]
}

const NAME: Column = { head: 'NAME', cut: { order: 3, least: 20 } }
const STATUS: Column = { head: 'STATUS', cut: { order: 2, least: 16 } }
const DESCRIPTION: Column = { head: 'DESCRIPTION', cut: { order: 1, least: 10 } }

export function objectTable(
  kind: NounKind,
  objects: readonly AnyResource[],
  view: ListView,
  newest: NewestRuns = new Map(),
): string {
  const { columns, cells } = shownAs(kind, view, newest)
  const place: readonly Column[] = view.allNamespaces ? [{ head: 'NAMESPACE', cut: { order: 4, least: 9 } }] : []
  const rows = objects.map(object => ({
    cells: [...(view.allNamespaces ? [object.metadata.namespace] : []), ...cells(object)],
  }))
  return table([...place, ...columns], rows, view)
}

function shownAs(kind: NounKind, view: ListView, newest: NewestRuns): Shown<AnyResource> {
  const name = ({ metadata }: AnyResource) => metadata.name
  const age = ({ metadata }: AnyResource) => ago(metadata.creationTimestamp, view.now)
  switch (kind) {
    case 'PipelineRun':
    case 'TaskRun':
    case 'CustomRun':
      return {
        columns: [NAME, { head: 'STARTED' }, { head: 'DURATION' }, STATUS],
        cells: run => [name(run), ...runCells(run as AnyRun, view)],
      }
    case 'Pipeline':
      return {
        columns: [
          NAME,
          { head: 'AGE', cut: { order: 5, least: 12 } },
          { head: 'LAST RUN', cut: { order: 2, least: 12 } },
          { head: 'STARTED', cut: { order: 4, least: 12 } },
          { head: 'DURATION' },
          { ...STATUS, cut: { order: 1, least: 9 } },
        ],
        cells: pipeline => {
          const run = newest.get(`${pipeline.metadata.namespace}/${pipeline.metadata.name}`)
          const last: readonly Cell[] = run
            ? [run.metadata.name, ...runCells(run, view)]
            : [NOTHING, NOTHING, NOTHING, NOTHING]
          return [name(pipeline), age(pipeline), ...last]
        },
      }
    case 'Task':
    case 'StepAction':
      return {
        columns: [NAME, DESCRIPTION, { head: 'AGE' }],
        cells: object => {
          const { description = '' } = (object as Kinds['Task' | 'StepAction']).spec
          return [name(object), description.split('\n')[0] ?? '', age(object)]
        },
      }
    case 'EventListener':
      return {
        columns: [NAME, { head: 'AGE' }, { head: 'URL', cut: { order: 1, least: 20 } }, { head: 'AVAILABLE' }],
        cells: object => {
          const { status } = object as EventListener
          const available = status?.conditions?.find(({ type }) => type === 'Available' || type === 'Ready')
          return [name(object), age(object), status?.address?.url ?? NOTHING, available?.status ?? NOTHING]
        },
      }
    case 'Schedule':
    case 'TriggerBinding':
    case 'ClusterTriggerBinding':
    case 'TriggerTemplate':
    case 'ClusterInterceptor':
    case 'Interceptor':
      return { columns: [NAME, { head: 'AGE' }], cells: object => [name(object), age(object)] }
    default:
      throw new Error(`no columns for ${JSON.stringify(kind satisfies never)}`)
  }
}

/** When it started, how long it took, how it fares. */
export function runCells(run: AnyRun, view: Pick<ListView, 'now' | 'style' | 'archived'>): readonly Cell[] {
  const { now, style, archived } = view
  const { startTime, completionTime } = run.status ?? {}
  const status = statusCell(succeededCondition(run), style, archived?.has(run) ? ' (archived)' : '')
  return [ago(startTime, now), took(startTime, completionTime), status]
}

/** Those that started last come first; what has not started is newer than all that has. */
export function newestFirst<T extends AnyRun>(runs: readonly T[]): readonly T[] {
  const startOf = ({ status, metadata }: T) => status?.startTime ?? metadata.creationTimestamp ?? ''
  const isNewer = (a: T, b: T) =>
    compare(startOf(b), startOf(a)) || compare(b.metadata.creationTimestamp, a.metadata.creationTimestamp)
  return [...runs].sort((a, b) => isNewer(a, b) || compare(a.metadata.name, b.metadata.name))
}

export function newestOf(runs: readonly AnyRun[], label: string): NewestRuns {
  const found = new Map<string, AnyRun>()
  for (const run of [...newestFirst(runs)].reverse()) {
    const name = run.metadata.labels?.[label]
    if (name !== undefined) found.set(`${run.metadata.namespace}/${name}`, run)
  }
  return found
}

export function runKindOf(kind: NounKind): 'PipelineRun' | 'TaskRun' | undefined {
  return kind === 'Pipeline' || kind === 'Task' ? RUN_KINDS[kind] : undefined
}

function compare(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0
}
